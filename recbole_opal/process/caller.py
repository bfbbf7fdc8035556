"""The process that calls us is its caller's: what a run changes in it is given back at the end."""

from __future__ import annotations

import functools
import os
import random
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, ParamSpec, TypeVar

from recbole_opal.process.aliases import borrowing_aliases, return_aliases
from recbole_opal.process.program import require_folder

__all__ = ["alone", "importing", "leaves_no_trace", "set_variable", "undisturbed"]

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

# The first RecBole sets, the second torch where an optimiser is first built. scikit-learn's KMP_...
# stay: what they are for, the OpenMP library, may read them long after the import.
_VARIABLES = ("CUDA_VISIBLE_DEVICES", "TORCHINDUCTOR_CACHE_DIR", "CUBLAS_WORKSPACE_CONFIG")
_turn = threading.RLock()  # a report stands inside a comparison
_lock = threading.Lock()
_depth = 0  # calls that are under way, in whichever thread
_found = ExitStack()  # gives back what the outermost of them found


def _as_found() -> ExitStack:
    """Return what puts everything that a run changes back, the last entry first."""
    import torch

    from recbole_opal.process.rng import capture_rng

    stack, cudnn = ExitStack(), torch.backends.cudnn
    stack.enter_context(warnings.catch_warnings())
    for name in _VARIABLES:
        stack.callback(set_variable, name, os.environ.get(name))
    stack.callback(_restore_generators, capture_rng(), torch.initial_seed())
    for name in ("benchmark", "deterministic"):
        stack.callback(setattr, cudnn, name, getattr(cudnn, name))
    strict = torch.are_deterministic_algorithms_enabled()
    lenient = torch.is_deterministic_algorithms_warn_only_enabled()
    stack.callback(_restore_determinism, strict, lenient)
    anomaly = torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
    stack.callback(torch.autograd.set_detect_anomaly, *anomaly)
    stack.callback(return_aliases)
    return stack


def _restore_determinism(strict: bool, lenient: bool) -> None:
    """Set torch's switch where it was moved: to set it loads torch's compiler, for seconds."""
    import torch

    now = torch.are_deterministic_algorithms_enabled()
    if (now, torch.is_deterministic_algorithms_warn_only_enabled()) != (strict, lenient):
        torch.use_deterministic_algorithms(strict, warn_only=lenient)


def _restore_generators(state: dict[str, Any], seed: int) -> None:
    import torch

    from recbole_opal.process.rng import cuda_in_use, restore_cpu_rng

    if state["cuda"]:
        torch.cuda.set_rng_state_all(state["cuda"])
    elif cuda_in_use():
        torch.cuda.manual_seed_all(seed)  # what its first use would have begun with
    restore_cpu_rng(state)


def set_variable(name: str, value: str | None) -> None:
    """Set an environment variable; None takes it away."""
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


@contextmanager
def undisturbed() -> Iterator[None]:
    """Give the process back as it was when the block began, whatever the block did to it.

    Where blocks overlap, in each other or in several threads, the last to end gives back what the
    first one found. The names that numpy lacks and RecBole needs are there while the block runs;
    gradients are taken and tensors are made on the CPU, whatever block of torch's it stands in.
    """
    global _depth, _found
    import torch

    with _lock:
        if _depth == 0:
            _found = _as_found()
        _depth += 1
    try:
        with ExitStack() as block:
            block.enter_context(borrowing_aliases())
            block.enter_context(torch.inference_mode(False))
            block.enter_context(torch.enable_grad())
            if torch.get_default_device().type != "cpu":
                block.enter_context(torch.device("cpu"))
            yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                _found.close()


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
    """Let a function run `undisturbed`, in the folder in which the process stands."""

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
    """
    whole = leaves_no_trace(action)

    @functools.wraps(action)
    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with _turn:
            return whole(*args, **kwargs)

    return call
