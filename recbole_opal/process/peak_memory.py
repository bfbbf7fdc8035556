"""The most memory that this process held while a run lasted."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil
import torch

from recbole_opal.process.rng import cuda_in_use

__all__ = ["PeakMemory"]

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_INTERVAL = 0.05  # seconds between two looks where the system does not keep the peak itself
_lock = threading.RLock()
_measured: weakref.WeakSet[PeakMemory] = weakref.WeakSet()  # of all threads


class PeakMemory:
    """Measures from the moment it is made: neither what came before, nor the parent process.

    `getrusage` tells the peak of the process's whole life, which on Linux begins with the parent's.
    Here Linux is told to forget its peak; where it does not let us, and on other systems, a thread
    asks psutil twenty times a second, which misses what is shorter. What the process holds already
    when the run begins (libraries, data of the application that calls) counts while it is held.
    """

    def __init__(self) -> None:
        self._earlier: dict[str, int] = {}
        self._host = 0
        with _lock:
            for other in _measured:
                other._look()  # its peak so far is about to be forgotten
            self._kept = _forget_peak()
            _measured.add(self)
        if not self._kept:
            threading.Thread(target=_watch, args=(weakref.ref(self),), daemon=True).start()
        if cuda_in_use():  # an earlier run of this process has used it
            torch.cuda.reset_peak_memory_stats()

    def include(self, earlier: Mapping[str, int]) -> None:
        """Take into account what `in_bytes` returned in an earlier session of the run."""
        self._earlier = {name: int(value) for name, value in earlier.items()}

    def in_bytes(self, device: torch.device) -> dict[str, int]:
        """Return the peak so far: `host_bytes`, and torch's `device_bytes` on a GPU."""
        self._look()
        peak = {"host_bytes": self._host}
        if device.type == "cuda":
            peak["device_bytes"] = torch.cuda.max_memory_allocated(device)
        return {name: max(value, self._earlier.get(name, 0)) for name, value in peak.items()}

    def _look(self) -> None:
        with _lock:
            held = _kept_peak() if self._kept else psutil.Process().memory_info().rss
            self._host = max(self._host, held)


def _watch(measured: weakref.ref[PeakMemory]) -> None:
    while (memory := measured()) is not None:
        memory._look()
        del memory  # a run that is over is not kept alive
        time.sleep(_INTERVAL)


def _forget_peak() -> bool:
    """Let the system count from now on; False where it keeps no peak or does not let us."""
    with suppress(OSError):
        _RESET.write_text("5", encoding="ascii")
        return _kept_peak() > 0
    return False


def _kept_peak() -> int:
    """Return the peak that Linux keeps for this program alone, 0 if it keeps none."""
    with suppress(OSError):
        for line in _STATUS.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
