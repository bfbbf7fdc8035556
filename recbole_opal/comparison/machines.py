"""Where runs were made, and with what, in one line each."""

import os
import platform
from collections.abc import Sequence

from recbole_opal.runs.machine import processor_name

__all__ = ["hardware", "package_versions"]

_NOT_PACKAGES = ("device", "platform", "threads")


def hardware(runs: Sequence[dict[str, str]]) -> str:
    """Return processor, cores, system, and the devices and threads of runs with these versions."""
    # A run on the CPU names its architecture, which says nothing beside the processor's name.
    devices = sorted({run["device"] for run in runs} - {platform.machine()})
    threads = sorted({run["threads"] for run in runs}, key=int)
    parts = [processor_name(), f"{os.cpu_count()} cores", platform.system(), *devices]
    if threads:
        parts.append(f"{' or '.join(threads)} thread{'' if threads == ['1'] else 's'} a run")
    return ", ".join(parts)


def package_versions(runs: Sequence[dict[str, str]]) -> dict[str, str]:
    """Return the version of Python and each package; several, if runs differ."""
    names = dict.fromkeys(name for run in runs for name in run if name not in _NOT_PACKAGES)
    return {
        name: " or ".join(dict.fromkeys(run[name] for run in runs if name in run)) for name in names
    }
