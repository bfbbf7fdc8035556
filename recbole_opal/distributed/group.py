"""The group of a run's processes: made when the run begins, gone when it ends."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from itertools import count
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from recbole_opal.distributed.launch import Launch, launched
from recbole_opal.errors import SettingsError, TrainingError, quoted

__all__ = [
    "Group",
    "LostProcessError",
    "current",
    "meet",
    "process_group",
    "together",
    "use_device",
]

_SILENCE = timedelta(seconds=45)
"""The longest that a process may keep the others waiting within a step."""
_ABSENCE = timedelta(minutes=30)
"""The longest that it may keep them waiting where they `meet`: it reads, evaluates or writes."""
_PAUSE = 0.005  # seconds between two looks at who has come
_ECHO = 2.0  # seconds to wait for what the first process says of a failure
_FAREWELL = 10.0  # seconds that the first process waits for the others to leave
_FAILED, _LEFT = "failed", "left"

_current: Group | None = None
_runs = count()


class LostProcessError(TrainingError):
    """Another process of the run has ended, so that this one cannot go on."""


@dataclass
class Group:
    """The processes of a run, as one of them sees them.

    Attributes:
        rank: the number of this one.
        size: how many there are, at least 2.
        store: where they leave each other word, also while some are busy.
        on_device: joins tensors that are on GPUs; None: all are on processors.
    """

    rank: int
    size: int
    store: Any
    on_device: Any = None
    _meetings: Iterator[int] = field(default_factory=count)

    def gather(self, tensor: Tensor) -> list[Tensor]:
        """Return the tensors of all processes, by rank, which have the same shape and type."""
        found = [torch.empty_like(tensor) for _ in range(self.size)]
        with together():
            dist.all_gather(found, tensor.contiguous(), group=self._of(tensor))
        return found

    def add(self, tensor: Tensor) -> None:
        """Replace a tensor by the sum of those of all processes, the same bits in each."""
        with together():
            dist.all_reduce(tensor, group=self._of(tensor))

    def tell(self, tensor: Tensor) -> None:
        """Replace a tensor by that of the first process."""
        with together():
            dist.broadcast(tensor, src=0, group=self._of(tensor))

    def swap(self, rows: Tensor, given: list[int], taken: list[int]) -> Tensor:
        """Return the rows that the others have for this process, by rank, and give them theirs.

        Args:
            rows: (sum of given, ...), for one process after the other.
            given: how many are for each of them.
            taken: how many each of them has for this one.
        """
        found = rows.new_empty(sum(taken), *rows.shape[1:])
        with together():
            own = self._of(rows)
            dist.all_to_all_single(found, rows.contiguous(), taken, given, group=own)
        return found

    def to_first(self, tensor: Tensor | None, rank: int, room: Tensor) -> Tensor | None:
        """Return in the first process what that of another `rank` has, None in that one.

        Both call it, with `room` of the tensor's shape and type; on processors alone.
        """
        with together():
            if self.rank == 0:
                dist.recv(room, rank)
                return room
            if tensor is not None:
                dist.send(tensor.contiguous(), 0)
        return None

    def _of(self, tensor: Tensor) -> Any:
        return None if tensor.device.type == "cpu" else self.on_device


def current() -> Group | None:
    """Return the group of the run that is under way, None if this process is alone."""
    return _current


@contextmanager
def process_group() -> Iterator[None]:
    """Join the processes that torchrun started while the block runs; alone, do nothing.

    A process that fails tells the others; one that is killed closes its connections, which they
    notice at once; of one that is silent they notice it after 45 s, or half an hour at a meeting.

    Raises:
        SettingsError: the calling program has a process group of its own.
        LostProcessError: another process does not come, or has ended.
    """
    launch = launched()
    if launch is None:
        yield
        return
    if dist.is_initialized():
        raise SettingsError(
            "torch.distributed has a process group in this program already, and a run under "
            "torchrun makes its own; call torch.distributed.destroy_process_group() before it."
        )
    global _current
    store = _store_of_run()
    _current = Group(launch.rank, launch.processes, store)
    try:
        meet()  # however long the others take to start
        with together():
            dist.init_process_group(
                "gloo",
                store=store,
                rank=launch.rank,
                world_size=launch.processes,
                timeout=_SILENCE,
            )
        yield
        _take_leave(store, launch)
    except BaseException as error:
        _leave_word(store, launch, error)
        raise
    finally:
        _current = None
        if dist.is_initialized():
            dist.destroy_process_group()


def use_device(device: torch.device) -> None:
    """Let the processes of the run join tensors on this device too; each has a GPU of its own."""
    if _current is not None and device.type == "cuda" and _current.on_device is None:
        with together():
            _current.on_device = dist.new_group(backend="nccl", timeout=_SILENCE)


def meet() -> None:
    """Wait until all processes of the run are here; where one is busy, the others wait here.

    Unlike torch's barrier it can be interrupted and waits half an hour.

    Raises:
        LostProcessError: one of them has failed, or does not come.
    """
    if _current is None:
        return
    store, name = _current.store, f"meeting/{next(_current._meetings)}"
    deadline = time.monotonic() + _ABSENCE.total_seconds()
    with together():
        if store.add(name, 1) == _current.size:
            store.set(f"{name}/all", "")
        while not store.check([f"{name}/all"]):
            if store.check([_FAILED]):
                raise _lost("it has failed")
            if time.monotonic() > deadline:
                raise _lost(f"it did not come within {_ABSENCE}")
            time.sleep(_PAUSE)


@contextmanager
def together() -> Iterator[None]:
    """Let an error of a call that all processes make say what it means."""
    try:
        yield
    except RuntimeError as error:  # of gloo, NCCL and the store, without kinds of their own
        raise _lost(_reason(error)) from error


def _lost(reason: str) -> LostProcessError:
    return LostProcessError(
        f"another process of this run has ended or is silent ({reason}); go on with the same "
        "command and --resume=RUN, with as many processes as you like."
    )


def _reason(error: Exception) -> str:
    """Return what torch says without the place in its source code before and its guesses behind."""
    text = " ".join(str(error).split()).partition(". This is typically")[0]
    return quoted(re.sub(r"^\[[^ ]*\] ", "", text))


def _store_of_run() -> Any:
    """Return a store that no earlier run of this program has written into."""
    from torch.distributed.distributed_c10d import PrefixStore  # not every build of torch has it

    return PrefixStore(f"recbole_opal/{next(_runs)}", _store())


@cache
def _store() -> Any:
    """Connect to what torchrun provides, once for all runs of this program."""
    from torch.distributed.rendezvous import rendezvous

    with together():
        store, _, _ = next(rendezvous("env://", timeout=_ABSENCE))
    return store


def _take_leave(store: Any, launch: Launch) -> None:
    """Let the first process, which may hold the store, be the last that looks into it.

    At the last meeting it may be the last to come, and gone before the others hear of it.
    """
    with suppress(RuntimeError):  # the store has ended, which matters no more
        gone = store.add(_LEFT, 1)
        deadline = time.monotonic() + _FAREWELL
        while launch.rank == 0 and gone < launch.processes and time.monotonic() < deadline:
            if store.check([_FAILED]):
                return
            time.sleep(_PAUSE)
            gone = store.add(_LEFT, 0)


def _leave_word(store: Any, launch: Launch, error: BaseException) -> None:
    """Tell those who wait at a meeting that this process does not come.

    Note on the error whether it is `said`: by the first process, which has met it too, as it meets
    a wrong setting, or which has ended by another one that it tells.
    """
    first, error.said = f"{_FAILED}/0", False  # type: ignore[attr-defined]
    with suppress(RuntimeError):  # the store has ended with the process that held it
        if launch.rank == 0:
            store.set(first, str(error))
        store.set(_FAILED, "")
        deadline = time.monotonic() + _ECHO
        while not store.check([first]) and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        if store.check([first]):
            same = isinstance(error, LostProcessError) or store.get(first).decode() == str(error)
            error.said = same  # type: ignore[attr-defined]
