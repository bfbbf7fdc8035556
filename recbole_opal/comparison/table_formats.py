"""The files of a comparison folder for people: comparison.md, comparison.csv and comparison.tex."""

from __future__ import annotations

import csv
import io

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.text_tables import TextTable, metric_title, once_noted
from recbole_opal.settings.fields import typed

__all__ = ["as_csv", "as_latex", "as_markdown", "latex_escaped"]

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
    seeds = ", ".join(map(str, result.seeds))
    over = f"Mean ± standard deviation over seeds {seeds}" if len(result.seeds) > 1 else None
    side = "higher" if result.bigger else "lower"
    lines = [
        f"# Comparison on {result.dataset}",
        f"```\n{result.command}\n```",
        f"{over or f'One seed, {seeds}'}. Stages and stopping are decided by "
        f"{metric_title(result.metric)} on validation, where {side} is better.",
    ]
    if result.best is not None:
        lines.append(f"Best on validation: {result.best.label}.")
    lines += [f"- **{warning}**" for warning in result.warnings]
    lines += [_markdown_table(table) for table in once_noted(result.tables())]
    if result.tuned:
        budget, *found = result.tuned
        lines += ["## Tuning", budget, "\n".join(f"- {line}" for line in found)]
    versions = ", ".join(f"{name} {value}" for name, value in result.versions.items())
    lines += [_settings(result), f"## Made with\n\n{versions}; {result.hardware}."]
    return "\n\n".join(line for line in lines if line) + "\n"


def _markdown_table(table: TextTable) -> str:
    rows = [table.header, ["---", *["---:"] * (len(table.header) - 1)], *table.cells]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    notes = "".join(f"\n\n{note}" for note in table.notes).replace("*", "\\*")
    return f"## {table.title}\n\n" + "\n".join(lines) + notes


def _settings(result: ComparisonResult) -> str:
    lines = ["## Settings given", ""]
    settings = {row.variant: row.settings for row in result.rows}
    for variant, given in settings.items():
        pairs = " ".join(f"--{name}={typed(value)}" for name, value in given.items())
        lines.append(f"- {variant}: {f'`{pairs}`' if pairs else 'defaults'}")
    return "\n".join(lines)


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

    caption = " ".join([f"{table.title}.", *table.notes])
    lines = [
        "",
        "\\begin{table}",
        "\\centering",
        f"\\caption{{{latex_escaped(caption)}}}",
        f"\\begin{{tabular}}{{l{'r' * (len(table.header) - 1)}}}",
        "\\toprule",
        line(table.header),
        "\\midrule",
        *map(line, table.cells),
        "\\bottomrule",
        "\\end{tabular}",
        "\\end{table}",
        "",
    ]
    return "\n".join(lines)
