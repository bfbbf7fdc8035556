"""The tables on a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from recbole_opal.comparison.contents import screen_sections
from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.sections import Section, once_noted

__all__ = ["on_screen"]

_LONGEST_LABEL = 34


def on_screen(result: ComparisonResult) -> Iterator[RenderableType]:
    """Yield what is printed at the end of a comparison, the warnings last.

    Args:
        result: the comparison.
    """
    for section in once_noted(screen_sections(result)):
        yield _table(section)
        for note in section.notes:
            yield Text(note, style="dim")
        yield Text()
    if result.tuned:
        yield Text("Tuning", style="italic")
        for line in [*result.tuned, ""]:
            yield Text(line)
    if result.best is not None:
        yield Text(f"best on validation: {_shortened(result.best.label)}")
    for warning in result.warnings:
        yield Text(_shortened(f"warning: {warning}"), style="yellow")


def _table(section: Section) -> Table:
    table = Table(title=section.title, title_justify="left", box=None, pad_edge=False)
    for position, name in enumerate(section.header):
        if position == 0:
            table.add_column(Text(name), max_width=_LONGEST_LABEL, overflow="fold")
        else:
            table.add_column(Text(name), justify="right", no_wrap=True)
    for label, *cells in section.cells:
        table.add_row(Text(_shortened(label)), *map(Text, cells))
    return table


def _shortened(label: str) -> str:
    """Return a row's label as it fits a narrow terminal: `OPAL K=8 soft`."""
    return label.replace("num_interests=", "K=")
