"""What a result was made with: versions, machine, memory."""

from __future__ import annotations

import platform
import resource
import sys
from importlib.metadata import PackageNotFoundError, version

import torch

__all__ = ["peak_memory", "versions"]

_PACKAGES = ("recbole-opal", "recbole", "torch", "numpy", "pandas", "scipy", "faiss-cpu")


def versions(device: torch.device) -> dict[str, str]:
    """Return the versions of Python and the packages that matter, and the device.

    Args:
        device: where the model was trained.
    """
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    found["platform"] = platform.platform()
    found["threads"] = str(torch.get_num_threads())
    found["device"] = (
        torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    )
    return found


def peak_memory(device: torch.device) -> dict[str, int]:
    """Return the most memory the process has held so far, in bytes.

    Args:
        device: where the model was trained.
    """
    kibibyte = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes
    peak = {"host_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * kibibyte}
    if device.type == "cuda":
        peak["device_bytes"] = torch.cuda.max_memory_allocated(device)
    return peak
