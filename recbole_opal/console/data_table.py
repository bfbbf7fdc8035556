"""What a data set holds and what was left out of it, as a small table."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

__all__ = ["data_table"]

_PARTS = {"training": "training", "valid": "validation", "test": "test"}
_ENDS = {
    "_not_in_training": "training",
    "_not_in_validation": "valid",
    "_not_in_test": "test",
}


def data_table(counts: Mapping[str, int]) -> Table:
    """Return a table with a row a kind of count and a column a part; zeros are left out.

    Args:
        counts: by name, as `data_counts` gives them: `valid_rows` is `rows` in validation, and
            `users_not_in_test` is `users not in it` in test.
    """
    rows: dict[str, dict[str, int]] = {}
    for name, count in counts.items():
        kind, part = _placed(name)
        if count:
            rows.setdefault(kind, {})[part] = count
    table = Table(title="data")
    table.add_column("", overflow="fold")
    parts = ["", *(part for part in _PARTS if any(part in found for found in rows.values()))]
    for part in parts:
        table.add_column(_PARTS.get(part, "all"), justify="right", no_wrap=True)
    for kind, found in rows.items():
        table.add_row(kind, *(f"{found[part]:,}" if part in found else "" for part in parts))
    return table


def _placed(name: str) -> tuple[str, str]:
    """Return what is counted, in words, and the part that it is counted in, "" for all."""
    for end, part in _ENDS.items():
        if name.endswith(end) and not name.startswith(tuple(f"{each}_" for each in _PARTS)):
            return f"{name.removesuffix(end)} not in it", part
    part, _, kind = name.partition("_")
    if part in _PARTS and kind:
        return kind.replace("_", " "), part
    return name.replace("_", " "), ""
