"""The processor cores that this process may use."""

import os

__all__ = ["usable_cores"]


def usable_cores() -> int:
    """Return how many cores the process may run on: on Linux those it is bound to, else all."""
    known = hasattr(os, "sched_getaffinity")  # neither macOS nor Windows has it
    return len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1
