"""A comparison as people and programs take it: comparison.json, .md, .csv, .tex, and the screen."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import shortened
from recbole_opal.comparison.text_tables import TextTable, as_options, once_noted
from recbole_opal.evaluation.direction import as_told_by, better, title_of
from recbole_opal.runs.atomic import write_json, write_text

__all__ = [
    "as_csv",
    "as_latex",
    "as_markdown",
    "latex_escaped",
    "markdown_table",
    "on_screen",
    "write_tables",
]

_LONGEST_LABEL, _SHORTEST_LABEL = 34, 12  # on screen
_GAP = 2  # between two columns
_ESCAPES = str.maketrans(
    {letter: f"\\{letter}" for letter in "&%$#_{}"}
    | {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "±": r"$\pm$",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
    }
)


def write_tables(result: ComparisonResult) -> list[Path]:
    """Write the tables into the comparison folder in four forms; return the paths."""
    path = result.folder / "comparison"
    texts = {".md": as_markdown(result), ".csv": as_csv(result), ".tex": as_latex(result)}
    left_out = set() if result.own_metrics else {"own_metrics"}
    write_json(path.with_suffix(".json"), result.model_dump(exclude=left_out))
    for ending, text in texts.items():
        write_text(path.with_suffix(ending), text)
    return [path.with_suffix(ending) for ending in (".json", *texts)]


def as_csv(result: ComparisonResult) -> str:
    """Return one line a row, all numbers unrounded; what a row does not have is empty."""
    lines = [row.flat() for row in result.rows]
    names = list(dict.fromkeys(name for line in lines for name in line))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def as_markdown(result: ComparisonResult) -> str:
    """Return everything a reader needs, with the command that makes it again."""
    seeds, metric = ", ".join(map(str, result.seeds)), result.metric
    several = len(result.seeds) > 1
    over = f"Mean ± standard deviation over seeds {seeds}" if several else f"One seed, {seeds}"
    with as_told_by(result.own_metrics):
        decider, side = title_of(metric, short=True), better(metric)
    lines = [
        f"# Comparison on {result.dataset}",
        f"```\n{result.command}\n```",
        f"{over}. Stages and stopping are decided by {decider} on validation, where {side} is "
        "better.",
    ]
    if result.best is not None:
        lines.append(f"Best on validation: {result.best.label}.")
    lines += [f"- **{warning}**" for warning in result.warnings]
    lines += [markdown_table(table) for table in once_noted(result.tables())]
    if result.tuned:
        budget, *found = result.tuned
        lines += ["## Tuning", budget, "\n".join(f"- {line}" for line in found)]
    versions = ", ".join(f"{name} {value}" for name, value in result.versions.items())
    settings = {row.variant: row.settings for row in result.rows}.items()
    lines.append("\n".join(["## Settings given\n", *(_settings(*each) for each in settings)]))
    lines.append(f"## Made with\n\n{versions}; {result.hardware}.")
    return "\n\n".join(line for line in lines if line) + "\n"


def markdown_table(table: TextTable) -> str:
    """Return a table in Markdown with its title, its notes below."""
    rows = [table.header, ["---", *["---:"] * (len(table.header) - 1)], *table.cells]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    notes = "".join(f"\n\n{note}" for note in table.notes).replace("*", "\\*")
    return f"## {table.title}\n\n" + "\n".join(lines) + notes


def _settings(variant: str, given: dict[str, Any]) -> str:
    return f"- {variant}: {f'`{as_options(given)}`' if given else 'defaults'}"


def as_latex(result: ComparisonResult) -> str:
    """Return one `table` each for a paper, to be put into a document."""
    lines = [
        "% Needs \\usepackage{booktabs}. Made by:",
        *(f"% {line}" for line in result.command.splitlines()),
    ]
    return "\n".join([*lines, *(_latex_table(table) for table in result.tables())])


def latex_escaped(text: str) -> str:
    """Return a text as LaTeX prints it."""
    return text.translate(_ESCAPES)


def _latex_table(table: TextTable) -> str:
    def line(cells: list[str]) -> str:
        return " & ".join(map(latex_escaped, cells)) + " \\\\"

    caption = latex_escaped(" ".join([f"{table.title}.", *table.notes]))
    body = "\n".join(map(line, table.cells))
    return rf"""
\begin{{table}}
\centering
\caption{{{caption}}}
\begin{{tabular}}{{l{"r" * (len(table.header) - 1)}}}
\toprule
{line(table.header)}
\midrule
{body}
\bottomrule
\end{{tabular}}
\end{{table}}
"""


def on_screen(result: ComparisonResult, width: int = 100) -> Iterator[RenderableType]:
    """Yield what is printed at the end of a comparison, for so many columns, the warnings last."""
    for table in once_noted(result.tables(briefly=True)):
        for number, part in enumerate(_side_by_side(table, width)):
            yield _drawn(part, "" if number else table.title)
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
        yield Text(shortened(f"warning: {warning}"), style="yellow")


def _side_by_side(table: TextTable, width: int) -> Iterator[TextTable]:
    """Yield a table that is too wide as several with the same rows, each as wide as there is room.

    Labels are folded before that. No cell is cut: a number without its end is another number.
    """
    rows = [table.header, *table.cells]
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    room = width - min(widths[0], _SHORTEST_LABEL)
    start = 1
    while start < len(widths):
        end, taken = start, 0
        while end < len(widths) and (end == start or taken + widths[end] + _GAP <= room):
            taken += widths[end] + _GAP
            end += 1
        cells = [[row[0], *row[start:end]] for row in rows]
        yield TextTable(table.title, cells[0], cells[1:])
        start = end


def _drawn(table: TextTable, title: str) -> Table:
    drawn = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    first, *others = table.header
    drawn.add_column(Text(first), max_width=_LONGEST_LABEL, overflow="fold")
    for name in others:
        drawn.add_column(Text(name), justify="right", no_wrap=True)
    for label, *cells in table.cells:
        drawn.add_row(Text(shortened(label)), *map(Text, cells))
    return drawn
