"""Faults at any system call that changes the disk, and a small run folder to damage."""

import errno
import os
import pathlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recbole_opal.runs import RunFolder

CHANGING_CALLS = ("open", "write", "fsync", "replace", "unlink")


class Killed(BaseException):
    """Stands for SIGKILL: no handler may do anything to the disk after it."""


class Faults:
    """Counts the changing system calls and makes one of them, or all from one on, fail."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._originals = {name: getattr(os, name) for name in CHANGING_CALLS}
        self._make: Callable[[], BaseException] | None = None
        self._from = 0
        self._once = False
        self.calls: list[str] = []
        for name in CHANGING_CALLS:
            patch.setattr(os, name, self._wrap(name))
        for name in ("replace", "unlink"):
            if sys.version_info < (3, 11):  # whose paths keep these calls to themselves
                patch.setattr(pathlib._NormalAccessor, name, staticmethod(getattr(os, name)))

    def arm(self, at: int, make: Callable[[], BaseException], once: bool) -> None:
        """Fails call number `at` (from 0), and unless `once` every later one too."""
        self.calls, self._make, self._from, self._once = [], make, at, once

    def disarm(self) -> None:
        self._make = None

    def _wrap(self, name: str) -> Callable[..., Any]:
        original = self._originals[name]

        def call(*args: Any, **kwargs: Any) -> Any:
            if name == "open" and args[1] == os.O_RDONLY:  # changes nothing: to lock, to sync
                return original(*args, **kwargs)
            position = len(self.calls)
            self.calls.append(name)
            if self._make is not None:
                hit = position == self._from if self._once else position >= self._from
                if hit:
                    if name == "write" and position == self._from:  # torn: half of it arrives
                        original(args[0], bytes(args[1])[: len(args[1]) // 2])
                    raise self._make()
            return original(*args, **kwargs)

        return call


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Faults:
    return Faults(monkeypatch)


@pytest.fixture
def kill() -> type[Killed]:
    return Killed


@pytest.fixture(params=["ENOSPC", "EROFS", "EIO"])
def disk_error(request: pytest.FixtureRequest) -> Callable[[], OSError]:
    number = getattr(errno, request.param)
    return lambda: OSError(number, os.strerror(number))


@pytest.fixture
def full_run(tmp_path: Path) -> RunFolder:
    """A run folder with every kind of file."""
    folder = RunFolder.create(tmp_path, "OPAL-planted")
    generator = torch.Generator().manual_seed(7)
    weights = {"item_embedding.weight": torch.randn(20, 4, generator=generator)}
    with folder.update():
        folder.save_yaml("config.yaml", {"model": "OPAL", "num_interests": 4})
        folder.save_json("ids.json", {"user_id": ["[PAD]", "u1"], "item_id": ["[PAD]", "ü2"]})
        folder.save_weights("soft", weights)
        folder.save_lines("training.jsonl", [{"epoch": 0, "loss": 1.5}])
        folder.save_arrays("per_user-soft-test.npz", {"recall@50": np.arange(5.0)})
        folder.save_state({"epoch": 0, "model": weights, "best": float("-inf")})
    return folder
