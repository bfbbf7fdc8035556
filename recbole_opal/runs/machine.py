"""What a run is computed on, as far as it changes the last bits of its weights or what time means.

Sums over another number of threads, another kind of processor or a GPU are rounded otherwise, and
`max_train_seconds` counts processor time on a CPU, wall time on a GPU. So these belong to a run's
origin: a run stands for another one only where the other would come out bit for bit the same.
"""

import os
import platform
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from recbole_opal.distributed.launch import launched
from recbole_opal.precision import product_precision

__all__ = ["machine_of", "processor_name", "versions"]

# Variables by which a user tells the libraries underneath how to compute; most are never set.
_SWITCHES = (
    "CUBLAS_WORKSPACE_CONFIG",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "NVIDIA_TF32_OVERRIDE",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "ONEDNN_MAX_CPU_ISA",
    "OPENBLAS_CORETYPE",
    "OPENBLAS_NUM_THREADS",
)
_EXACT = ("none", "ieee", "highest")
_TOLD = ("recbole-opal", "recbole", "torch", "numpy", "pandas", "scipy", "faiss-cpu")


def machine_of(config: Any, threads: int | None = None) -> dict[str, str]:
    """Return what a run with these settings is computed on, known before it starts.

    `threads` are those of a process that is still to be started; None: the run is this process's
    own, with its threads and its switches of torch.
    """
    device = config["device"]
    found = {
        "cpu": f"{sys.platform} {platform.machine()} {torch.backends.cpu.get_cpu_capability()}",
        "device": device.type,
        "python": ".".join(platform.python_version_tuple()[:2]),
        "threads": str(torch.get_num_threads() if threads is None else threads),
    }
    if device.type == "cuda":
        found["device"] += f" {torch.cuda.get_device_name(device)}"
    elif config["max_train_seconds"] is not None:  # a faster processor gets further
        found["processor"] = processor_name()
    found |= {name: os.environ[name] for name in _SWITCHES if name in os.environ} | _processes()
    return found | (_torch_switches() if threads is None else {})


def versions(device: torch.device) -> dict[str, str]:
    """Return what a result was made with: Python, the packages that matter, and the machine."""
    found = {"python": platform.python_version()}
    for name in _TOLD:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    on_gpu = device.type == "cuda"
    found |= {
        "platform": platform.platform(),
        "threads": str(torch.get_num_threads()),
        "device": torch.cuda.get_device_name(device) if on_gpu else platform.machine(),
    }
    return found | _processes()


def _processes() -> dict[str, str]:
    """Return how many processes share the work, where they are several."""
    launch = launched()
    return {} if launch is None else {"processes": str(launch.processes)}


@cache
def processor_name() -> str:
    """Return the name of the processor, or of its kind where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _torch_switches() -> dict[str, str]:
    """Return the switches of this process that are not as in a new one."""
    told = {
        "cuda precision": product_precision("cuda"),
        "mkldnn precision": product_precision("cpu"),
    }
    found = {name: precision for name, precision in told.items() if precision not in _EXACT}
    if torch.get_default_dtype() != torch.float32:
        found["dtype"] = str(torch.get_default_dtype())
    return found
