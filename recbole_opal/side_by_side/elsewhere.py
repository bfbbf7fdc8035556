"""Runs that would be done already, had they not been computed on another machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from recbole_opal.errors import CheckpointError
from recbole_opal.runs.origin import Origin
from recbole_opal.side_by_side.planning import PlannedRun

__all__ = ["computed_elsewhere"]


def computed_elsewhere(runs: Sequence[PlannedRun], parent: Path) -> str | None:
    """Say which runs are made again only because their last digits would differ, and how not to.

    Args:
        runs: what is asked for.
        parent: the folder of the run folders.

    Returns:
        One line, None if there are no such runs.
    """
    known = list(_origins(parent))
    again: dict[str, Origin] = {}
    for run in runs:
        alike = [each for each in known if each.on(run.origin.machine) == run.origin]
        if alike and run.origin not in alike:
            again[run.name] = alike[-1]
    if not again:
        return None
    (name, old), now = next(iter(again.items())), runs[0].origin.machine
    more = f" and {len(again) - 1} more" if len(again) > 1 else ""
    return f"{name}{more}: made before {_difference(old.machine, now)}; made again"


def _difference(old: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Return what differs, with the way back where the user has it in hand."""
    if not old:
        return "by a version that did not note device and threads"
    names = [name for name in sorted({*old, *now}) if old.get(name) != now.get(name)]
    if names == ["threads"] and old["threads"].isdecimal():
        threads = "1 thread" if old["threads"] == "1" else f"{old['threads']} threads"
        return (
            f"with {threads}, now {now['threads']}, which changes the last digits "
            f"(OMP_NUM_THREADS={old['threads']} before the command uses them again)"
        )
    told = ", ".join(f"{name} {old.get(name, '-')}, now {now.get(name, '-')}" for name in names)
    return f"on another machine ({told})"


def _origins(parent: Path) -> Iterator[Origin]:
    for path in sorted(parent.glob("*/origin.json")):
        try:
            yield Origin.from_bytes(path.read_bytes())
        except (OSError, CheckpointError):
            continue
