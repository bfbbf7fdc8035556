"""The tables on a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.text_tables import TextTable, once_noted

__all__ = ["on_screen"]

_LONGEST_LABEL = 34


def on_screen(result: ComparisonResult) -> Iterator[RenderableType]:
    """Yield what is printed at the end of a comparison, the warnings last."""
    for table in once_noted(result.tables(briefly=True)):
        yield _drawn(table)
        for note in table.notes:
            yield Text(note, style="dim")
        yield Text()
    if result.tuned:
        yield Text("Tuning", style="italic")
        for line in [*result.tuned, ""]:
            yield Text(line)
    if result.best is not None:
        yield Text(f"best on validation: {result.best.short}")
    for warning in result.warnings:
        yield Text(_shortened(f"warning: {warning}"), style="yellow")


def _drawn(table: TextTable) -> Table:
    drawn = Table(title=table.title, title_justify="left", box=None, pad_edge=False)
    first, *others = table.header
    drawn.add_column(Text(first), max_width=_LONGEST_LABEL, overflow="fold")
    for name in others:
        drawn.add_column(Text(name), justify="right", no_wrap=True)
    for label, *cells in table.cells:
        drawn.add_row(Text(_shortened(label)), *map(Text, cells))
    return drawn


def _shortened(label: str) -> str:
    """Return a row's label as it fits a narrow terminal: `OPAL K=8 soft`."""
    return label.replace("num_interests=", "K=")
