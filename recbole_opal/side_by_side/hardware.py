"""Where runs were made, in words."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping

from recbole_opal.runs.machine import processor_name

__all__ = ["hardware", "package_versions"]

_NOT_PACKAGES = ("device", "platform", "threads")


def hardware(environments: Iterable[Mapping[str, str]]) -> str:
    """Return processor, cores, system, and the devices and threads that runs had.

    Args:
        environments: the `versions` of each run's metrics.json.
    """
    runs = list(environments)
    # A run on the CPU names its architecture, which says nothing beside the processor's name.
    devices = sorted({run["device"] for run in runs} - {platform.machine()})
    threads = sorted({run["threads"] for run in runs}, key=int)
    parts = [processor_name(), f"{os.cpu_count()} cores", platform.system(), *devices]
    if threads:
        parts.append(f"{' or '.join(threads)} thread{'' if threads == ['1'] else 's'} a run")
    return ", ".join(parts)


def package_versions(environments: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the version of Python and each package; several, if runs differ.

    Args:
        environments: the `versions` of each run's metrics.json.
    """
    found: dict[str, dict[str, None]] = {}
    for run in environments:
        for name, version in run.items():
            if name not in _NOT_PACKAGES:
                found.setdefault(name, {})[version] = None
    return {name: " or ".join(versions) for name, versions in found.items()}
