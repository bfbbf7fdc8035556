"""The random generators of a process: Python, numpy, torch on the CPU and on each GPU in use."""

import logging
import os
import random
from typing import Any

import numpy as np
import torch

__all__ = [
    "_CUBLAS",
    "capture_rng",
    "cuda_in_use",
    "restore_cpu_rng",
    "restore_rng",
    "seed_everything",
]

_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
_log = logging.getLogger(__name__)


def cuda_in_use() -> bool:
    """Whether anything in this process has used a GPU.

    `torch.cuda.is_available` tells less and costs more: asked where the GPUs are hidden, it hides
    them from the process for good, and reading the generators then takes memory on each.
    """
    return bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]


def capture_rng() -> dict[str, Any]:
    """Return the state of all global generators, made of what a run's state can hold."""
    return {
        "python": random.getstate(),
        "numpy": np.random.get_state(),  # noqa: NPY002 the global one is the one to save
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if cuda_in_use() else [],
    }


def restore_cpu_rng(state: dict[str, Any]) -> None:
    """Set the generators of the CPU to what `capture_rng` returned."""
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])  # noqa: NPY002 the global one is the one to restore
    torch.set_rng_state(state["torch"])


def restore_rng(state: dict[str, Any]) -> None:
    """Set all global generators to what `capture_rng` returned.

    A state saved with another number of GPUs cannot be continued bit for bit; the generators that
    exist on both sides are restored and a warning says so.
    """
    restore_cpu_rng(state)
    devices = torch.cuda.device_count() if cuda_in_use() else 0
    if len(state["cuda"]) != devices:
        _log.warning(
            "The state was saved with %d GPU(s), this machine has %d: the run goes on, but not "
            "bit for bit; resume it on the machine it came from.",
            len(state["cuda"]),
            devices,
        )
    for device, generator_state in enumerate(state["cuda"][:devices]):
        torch.cuda.set_rng_state(generator_state, device)


def seed_everything(seed: int, *, reproducibility: bool, on_gpu: bool = False) -> None:
    """Seed Python, numpy and torch on all devices; what is reproducible is not the fastest.

    On a GPU torch takes the variants of its operations that add up in a fixed order; of one that
    has none it warns. On a processor all of them do.
    """
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 the global one is what RecBole draws from
    torch.manual_seed(seed)  # of the GPUs too
    torch.backends.cudnn.benchmark = not reproducibility
    torch.backends.cudnn.deterministic = reproducibility
    if on_gpu and reproducibility:
        # Read by cuBLAS where it is first used; another choice of the user's stays.
        os.environ.setdefault(_CUBLAS, ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
