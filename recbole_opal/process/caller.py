"""The process that calls us is its caller's: what a run changes in it is given back at the end."""

from __future__ import annotations

import functools
import os
import random
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import ParamSpec, TypeVar

from recbole_opal.process.aliases import aliases_are_borrowed, return_aliases, set_numpy_aliases
from recbole_opal.settings.paths import require_folder

__all__ = ["alone", "importing", "leaves_no_trace", "set_variable", "undisturbed"]

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

# The first RecBole sets, the second torch where an optimiser is first built. scikit-learn's KMP_...
# stay: what they are for, the OpenMP library, may read them long after the import.
_VARIABLES = ("CUDA_VISIBLE_DEVICES", "TORCHINDUCTOR_CACHE_DIR")
_turn = threading.RLock()  # a report stands inside a comparison
_lock = threading.Lock()
_depth = 0  # calls that are under way, in whichever thread
_found: _Found | None = None


class _Found:
    """What the outermost call found: all that a run changes."""

    def __init__(self) -> None:
        import numpy as np
        import torch

        from recbole_opal.runs.rng import cuda_in_use

        self._filters = warnings.catch_warnings()
        self._filters.__enter__()
        self._variables = {name: os.environ.get(name) for name in _VARIABLES}
        self._python = random.getstate()
        self._numpy = np.random.get_state()  # noqa: NPY002, the global one is what RecBole seeds
        self._torch = torch.get_rng_state()
        self._seed = torch.initial_seed()
        self._cuda = torch.cuda.get_rng_state_all() if cuda_in_use() else None
        self._cudnn = torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic
        self._anomaly = torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()

    def give_back(self) -> None:
        """Put everything back."""
        import numpy as np
        import torch

        from recbole_opal.runs.rng import cuda_in_use

        return_aliases()
        torch.autograd.set_detect_anomaly(*self._anomaly)
        torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = self._cudnn
        if self._cuda is not None:
            torch.cuda.set_rng_state_all(self._cuda)
        elif cuda_in_use():
            torch.cuda.manual_seed_all(self._seed)  # what its first use would have begun with
        torch.set_rng_state(self._torch)
        np.random.set_state(self._numpy)  # noqa: NPY002
        random.setstate(self._python)
        for name, value in self._variables.items():
            set_variable(name, value)
        self._filters.__exit__(None, None, None)


def set_variable(name: str, value: str | None) -> None:
    """Set an environment variable, or take it away.

    Args:
        name: the variable's name.
        value: None for none.
    """
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


@contextmanager
def undisturbed() -> Iterator[None]:
    """Give the process back as it was when the block began, whatever the block did to it.

    That is: the environment variables and the filters of warnings that RecBole and the
    libraries below it set; the states of the global random generators, which a run seeds; torch's
    switches for cuDNN and for anomaly mode; the names that numpy and
    scipy lack and RecBole needs, which are there while the block runs. Where blocks overlap, in
    each other or in several threads, the last to end gives back what the first one found. Inside
    it gradients are taken and tensors are made on the CPU, whatever block of torch's it stands in.
    """
    global _depth, _found
    with _lock:
        if _depth == 0:
            _found = _Found()
        _depth += 1
    outermost = aliases_are_borrowed(True)
    set_numpy_aliases()
    try:
        with _usual_modes():
            yield
    finally:
        aliases_are_borrowed(outermost)
        with _lock:
            _depth -= 1
            if _depth == 0 and _found is not None:
                _found.give_back()
                _found = None


@contextmanager
def _usual_modes() -> Iterator[None]:
    """Give the block torch's modes of a new process: a caller may stand in `no_grad`."""
    import torch

    with ExitStack() as modes:
        modes.enter_context(torch.inference_mode(False))
        modes.enter_context(torch.enable_grad())
        if torch.get_default_device().type != "cpu":
            modes.enter_context(torch.device("cpu"))
        yield


@contextmanager
def importing() -> Iterator[None]:
    """Take back what libraries do when they are imported: filters of warnings, random draws."""
    python = random.getstate()
    try:
        with warnings.catch_warnings():
            yield
    finally:
        random.setstate(python)


def leaves_no_trace(action: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Let a function run `undisturbed`, in the folder in which the process stands.

    Args:
        action: what is called.
    """

    @functools.wraps(action)
    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        require_folder()
        with undisturbed():
            return action(*args, **kwargs)

    return call


def alone(action: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Let a function leave no trace, and one thread at a time into it and its like.

    RecBole and torch draw random numbers from generators that the whole process shares: of two runs
    at once each would get the other's, and neither would be what its seed says.

    Args:
        action: what is called.
    """
    whole = leaves_no_trace(action)

    @functools.wraps(action)
    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with _turn:
            return whole(*args, **kwargs)

    return call
