"""The table of what the interests did, at the end of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from recbole_opal.evaluation.diagnostics import collapse_warning

__all__ = ["interests_table"]

_MEASURES = {
    "usage_entropy": "usage entropy (1 = even)",
    "hit_entropy": "entropy of hits",
    "cosine": "cosine between interests",
    "dead_users": "users with a dead interest",
}


def interests_table(stages: Mapping[str, Mapping[str, Any]]) -> Table | None:
    """Return a table with one column a stage, or None for a model with one interest or none.

    Args:
        stages: `{"soft": {"diagnostics": {...}, ...}, ...}`, as `RunResult.stages`.
    """
    known = {name: parts["diagnostics"] for name, parts in stages.items() if "diagnostics" in parts}
    if not known or all(each["num_interests"] == 1 for each in known.values()):
        return None
    warnings = {name: collapse_warning(each) for name, each in known.items()}
    caption = "\n".join(f"{name}: {text}" for name, text in warnings.items() if text)
    table = Table(title="interests, on test", caption=caption or None)
    table.add_column("measure")
    for name in known:
        table.add_column(name, justify="right")
    table.add_row("share of the lists, each", *(_shares(each["usage"]) for each in known.values()))
    for name, text in _MEASURES.items():
        table.add_row(text, *(_number(each[name]) for each in known.values()))
    return table


def _shares(shares: list[float] | None) -> str:
    return "-" if shares is None else " ".join(f"{share:.2f}" for share in shares)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
