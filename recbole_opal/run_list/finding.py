"""Where runs lie: in a folder, beside and inside the comparisons that it holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pydantic_core import from_json

from recbole_opal.errors import CheckpointError, SettingsError
from recbole_opal.runs.manifest import MANIFEST_NAME, regular_bytes
from recbole_opal.settings.paths import SAVED, checked_path

__all__ = ["comparisons_of", "folder_given", "runs_in"]

_COMPARISON = "comparison.json"
_MAX_COMPARISON_BYTES = 2**26


def folder_given(text: str) -> Path:
    """Return a folder that may hold runs."""
    folder = checked_path(text, "folder")
    if not folder.is_dir():
        raise SettingsError(
            f"{folder} is no folder; name the one that holds the runs (their --checkpoint_dir, by "
            f"default {SAVED})."
        )
    return folder


def runs_in(folder: Path) -> Iterator[Path]:
    """Yield the run folders of a folder, and those inside its comparisons.

    Of the folder of a comparison, its runs and what tuning tried.
    """
    if (folder / MANIFEST_NAME).is_file():
        yield folder
        return
    found = {path.parent for path in folder.glob(f"[!.]*/{MANIFEST_NAME}")}
    inside = ("trials/[!.]*", "*/trials/[!.]*")
    found |= {path.parent for name in inside for path in folder.glob(f"{name}/{MANIFEST_NAME}")}
    known = {path.resolve() for path in found}
    for path in comparisons_of(folder):  # theirs may lie elsewhere
        if path not in known and (path / MANIFEST_NAME).is_file():
            found.add(Path(os.path.relpath(path)))
    yield from sorted(found)


def comparisons_of(folder: Path) -> dict[Path, list[str]]:
    """Return the names of the comparisons that runs belong to, by the resolved path of the run.

    Looked for are the comparison in the folder itself and those that lie in it.
    """
    owners: dict[Path, list[str]] = {}
    for path in sorted([*folder.glob(_COMPARISON), *folder.glob(f"[!.]*/{_COMPARISON}")]):
        for run in _members(path):
            with suppress(OSError, ValueError):  # no path that can be
                whole = (path.parent / run).resolve()
                owners.setdefault(whole, []).append(path.parent.resolve().name)
    return owners


def _members(path: Path) -> set[str]:
    """Return the run folders that a comparison names; none where it cannot be read."""
    try:
        rows = from_json(regular_bytes(path, _MAX_COMPARISON_BYTES))["rows"]
        return {
            run for row in rows for run in (row.get("runs") or {}).values() if isinstance(run, str)
        }
    except (CheckpointError, ValueError, TypeError, KeyError, AttributeError):
        return set()  # a listing of runs is not the place to tell of it
