"""comparison.csv: one line a row, all numbers unrounded, for a spreadsheet or a data frame."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.rows import Row, Spread

__all__ = ["delimited"]


def delimited(result: ComparisonResult) -> str:
    """Return the content of comparison.csv; what a row does not have is empty.

    Args:
        result: the comparison.
    """
    lines = [_line(row) for row in result.rows]
    names = list(dict.fromkeys(name for line in lines for name in line))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _line(row: Row) -> dict[str, Any]:
    line: dict[str, Any] = {
        "label": row.label,
        "variant": row.variant,
        "model": row.model,
        "stage": row.stage,
        "settings": json.dumps(dict(row.settings), default=str),
        "num_interests": "" if row.num_interests is None else row.num_interests,
        "seeds": " ".join(row.runs),
        "error": row.error or "",
    }
    for part, metrics in (("valid", row.valid), ("test", row.test)):
        for name, value in metrics.items():
            line |= _spread(f"{part}_{name}", value)
    for name, cost in row.costs.items():
        line |= _spread(name, cost)
    line |= _differences("against_best", row.against_best)
    return line | _differences("against_opal", row.against_opal or {})


def _spread(name: str, value: Spread | None) -> dict[str, Any]:
    mean, sd = (value.mean, value.sd) if value is not None else (None, None)
    return {f"{name}_mean": _text(mean), f"{name}_sd": _text(sd)}


def _differences(key: str, found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        f"{key}_{metric}_{name}": _text(value)
        for metric, parts in found.items()
        for name, value in parts.items()
    }


def _text(value: float | None) -> Any:
    return "" if value is None else value
