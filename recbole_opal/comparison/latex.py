"""comparison.tex: the tables for a paper."""

from __future__ import annotations

from recbole_opal.comparison.contents import all_sections
from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.sections import Section

__all__ = ["escaped", "latex"]

_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "±": r"$\pm$",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
    }
)


def latex(result: ComparisonResult) -> str:
    """Return the content of comparison.tex: one `table` each, to be put into a document.

    Args:
        result: the comparison.
    """
    lines = [
        "% Needs \\usepackage{booktabs}. Made by:",
        *(f"% {line}" for line in result.command.splitlines()),
    ]
    return "\n".join([*lines, *(_table(section) for section in all_sections(result))])


def escaped(text: str) -> str:
    """Return a text as LaTeX prints it.

    Args:
        text: plain text.
    """
    return text.translate(_ESCAPES)


def _table(section: Section) -> str:
    columns = "l" + "r" * (len(section.header) - 1)
    caption = " ".join([f"{section.title}.", *section.notes])
    return "\n".join(
        [
            "",
            "\\begin{table}",
            "\\centering",
            f"\\caption{{{escaped(caption)}}}",
            f"\\begin{{tabular}}{{{columns}}}",
            "\\toprule",
            _row(section.header),
            "\\midrule",
            *map(_row, section.cells),
            "\\bottomrule",
            "\\end{tabular}",
            "\\end{table}",
            "",
        ]
    )


def _row(cells: list[str]) -> str:
    return " & ".join(map(escaped, cells)) + " \\\\"
