"""What a result was made with: versions and machine."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import torch

__all__ = ["versions"]

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
