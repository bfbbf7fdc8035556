"""`runs remove`: delete runs, after a question."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from recbole_opal.errors import SettingsError
from recbole_opal.report.wording import size
from recbole_opal.run_list.finding import comparisons_of
from recbole_opal.run_list.summary import size_of
from recbole_opal.runs.removal import refuse_what_cannot_go, remove_run
from recbole_opal.settings.flags import truth
from recbole_opal.settings.paths import run_path

__all__ = ["remove_runs"]


def remove_runs(words: Sequence[str], flags: Mapping[str, str]) -> None:
    """Delete the runs that are named, and say how many bytes are free again.

    On a terminal it asks; elsewhere nothing is deleted without `--yes`.

    Raises:
        SettingsError: no run is named, or nobody can be asked.
        CheckpointError: one is no run folder, or a process works in it: then nothing is deleted.
    """
    paths = list(dict.fromkeys(map(run_path, words)))
    if not paths:
        raise SettingsError("no run is named; write runs remove RUN, and see them by runs list.")
    for path in paths:
        refuse_what_cannot_go(path)
    sizes = {path: size_of(path) for path in paths}
    if not truth(flags, "yes", False) and not _agreed(sizes):
        print("nothing removed")
        return
    for path, taken in sizes.items():
        remove_run(path)
        print(f"removed {path}: {size(taken)} ({taken} bytes) freed")


def _agreed(sizes: Mapping[Path, int]) -> bool:
    """Ask whether to go on; where nobody can answer, tell how to."""
    owned = {path: _owners(path) for path in sizes}
    warnings = [
        f"{path} belongs to {', '.join(names)}, whose report will miss it"
        for path, names in owned.items()
        if names
    ]
    if not sys.stdin.isatty():
        told = f"{warnings[0]}; " if warnings else ""
        raise SettingsError(f"{told}nothing is removed unasked: add --yes.")
    for warning in warnings:
        print(f"warning: {warning}")
    for path, taken in sizes.items():
        print(f"{path}: {size(taken)}")
    what = "this run" if len(sizes) == 1 else f"these {len(sizes)} runs"
    try:
        return input(f"remove {what} for good? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _owners(path: Path) -> list[str]:
    """Return the comparisons that a run belongs to, of those that lie beside it or around it."""
    whole = path.resolve()
    found: list[str] = []
    for folder in list(whole.parents)[:3]:  # a trial lies two folders below those of comparisons
        found += comparisons_of(folder).get(whole, [])
    return list(dict.fromkeys(found))
