"""The tables at the end of a run: its metrics, and what its interests did."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.table import Table

__all__ = ["interests_table", "result_table"]

StageMetrics = Mapping[str, Mapping[str, Mapping[str, float]]]

_MEASURES = {
    "usage_entropy": "usage entropy (1 = even)",
    "hit_entropy": "entropy of hits",
    "cosine": "cosine between interests",
    "dead_users": "users with a dead interest",
}


def result_table(stages: StageMetrics, best_stage: str, part: str = "test") -> Table:
    """Return a table with one row a metric and one column a stage, the best one marked.

    The stages are those of `RunResult`, the part is `test` or `valid`.
    """
    several = len(stages) > 1
    caption = f"best stage on validation: {best_stage}" if several else None
    table = Table(title=f"{part} metrics", caption=caption)
    table.add_column("metric")
    best = stages[best_stage]
    for name in stages:
        # The mark is text, not only colour: it must survive a log file.
        is_best = several and name == best_stage
        header, style = (f"{name} (best)", "bold green") if is_best else (name, "")
        table.add_column(header, justify="right", style=style)
    for metric in best[part]:
        cells = (_number(parts[part].get(metric), 4) for parts in stages.values())
        table.add_row(metric, *cells)
    return table


def interests_table(
    stages: Mapping[str, Mapping[str, Any]], warning_of: Callable[[Any], str | None]
) -> Table | None:
    """Return a table with one column a stage, or None for a model with one interest or none.

    `warning_of` says what is wrong with the diagnostics of a stage, as `collapse_warning` does.
    """
    known = {name: parts["diagnostics"] for name, parts in stages.items() if "diagnostics" in parts}
    if not known or all(each["num_interests"] == 1 for each in known.values()):
        return None
    warnings = {name: warning_of(each) for name, each in known.items()}
    caption = "\n".join(f"{name}: {text}" for name, text in warnings.items() if text)
    table = Table(title="interests, on test", caption=caption or None)
    table.add_column("measure")
    for name in known:
        table.add_column(name, justify="right")
    shares = (each["usage"] for each in known.values())
    cells = ("-" if each is None else " ".join(f"{part:.2f}" for part in each) for each in shares)
    table.add_row("share of the lists, each", *cells)
    for name, text in _MEASURES.items():
        table.add_row(text, *(_number(each[name], 3) for each in known.values()))
    return table


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{float(value):.{digits}f}"
