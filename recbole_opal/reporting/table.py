"""The table at the end of a run."""

from collections.abc import Mapping

from rich.table import Table

__all__ = ["result_table"]

StageMetrics = Mapping[str, Mapping[str, Mapping[str, float]]]


def result_table(stages: StageMetrics, best_stage: str, part: str = "test") -> Table:
    """Return a table with one row a metric and one column a stage.

    Args:
        stages: `{"soft": {"valid": {...}, "test": {"recall@50": 0.27}}, "hard": ...}`, in the order
            of training.
        best_stage: the stage that is kept, marked in the header.
        part: `test` or `valid`.

    Raises:
        KeyError: a stage has no such part, or `best_stage` is none of the stages.
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
        table.add_row(metric, *(_number(parts[part].get(metric)) for parts in stages.values()))
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{float(value):.4f}"
