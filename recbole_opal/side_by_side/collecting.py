"""From run folders to the rows of a variant."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recbole_opal.comparison.measured import measured_rows
from recbole_opal.comparison.row import Row
from recbole_opal.runs import RunReader
from recbole_opal.side_by_side.execution import Ending
from recbole_opal.side_by_side.variants import Variant

__all__ = ["rows_of"]


def rows_of(
    variant: Variant, settings: Mapping[str, Any], endings: Mapping[int, Ending], folder: Path
) -> list[Row]:
    """Return the rows of a variant, one a stage, for the table in the comparison folder."""
    done = {seed: RunReader.open(each.folder) for seed, each in endings.items() if each.folder}
    row = Row(
        label=variant.label,
        variant=variant.text,
        model=variant.name,
        settings=dict(settings),
        runs={str(seed): os.path.relpath(run.path, folder) for seed, run in done.items()},
        error=_errors(endings),
    )
    if not done:
        return [row]
    return measured_rows(row, [*done.values()])


def _errors(endings: Mapping[int, Ending]) -> str | None:
    told: dict[str, list[str]] = {}
    for seed, ending in endings.items():
        if ending.error is not None:
            told.setdefault(ending.error, []).append(str(seed))
    return "; ".join(f"seed {', '.join(seeds)}: {why}" for why, seeds in told.items()) or None
