"""Cells of further columns in SQL, as RecBole's field types need them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recbole_opal.conversion.columns import Column
from recbole_opal.conversion.time_forms import MISSING
from recbole_opal.data.atomic_files.fields import LARGEST, LONGEST_TOKEN, PADDING
from recbole_opal.errors import DataError
from recbole_opal.sql import Engine, identifier, literal

__all__ = [
    *("Cell", "Check", "changes_of", "clean", "clean_id", "first_row", "is_no_id"),
    *("must_be_number", "raw", "refuse_row", "typed", "writable"),
]

# What pandas takes for a missing cell, and with it RecBole's own reader; `\N` is what MySQL writes.
_NO_IDS = (
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
    *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null", r"\N"),
)
_FAULTS = {
    "1": "holds a tab or a line break; correct it, or write --quoted=False if a quote before it is "
    "an ordinary character",
    "2": "means no id at all; rename it",
    "3": f"is longer than {LONGEST_TOKEN} characters; cut it",
}
_WORDS = ", ".join(map(literal, MISSING))
_MARK = "chr(65279)"  # the byte order mark; joined files and scraped titles hold some within


@dataclass(frozen=True)
class Check:
    """What no cell may hold."""

    wrong: str  # SQL for the text that is wrong, NULL where none is
    told: Callable[[str], str]  # from it to what is said behind the place

    def where(self, condition: str) -> Check:
        """Return the same for the rows that fulfil a condition in SQL."""
        return Check(f"CASE WHEN {condition} THEN {self.wrong} END", self.told)


@dataclass(frozen=True)
class Cell:
    """What becomes of the text of a cell, in SQL."""

    value: str  # the text that is written; empty: missing, as RecBole reads it back
    check: Check | None = None
    # What is said of cells that are not written as they stand, and whether one is.
    changes: tuple[tuple[str, str], ...] = ()


def raw(name: str) -> str:
    """Return the column of the engine's table that holds the text of a further column."""
    return identifier(f"={name}")


def clean(name: str) -> str:
    """Return the column of the engine's views that holds it without white space around it."""
    return identifier(f"~{name}")


def clean_id(text: str) -> str:
    """Return SQL for an id without what cannot be seen: `1, 2` in one file is `2` in another."""
    return _unmarked(f"stripped({text})")


def is_no_id(text: str) -> str:
    """Return SQL for whether an id stands for none."""
    return f"{text} IN ({', '.join(map(literal, _NO_IDS))})"


def typed(column: Column, clean: str, separator: str) -> Cell:
    r"""Return the cell of a column in its type.

    Missing are empty cells, `nan`, `null`, `none`, `na`, `n/a` and `\N`. A line break or tab in a
    token becomes a blank. White space within an element of a `token_seq` becomes `_`, since a blank
    divides elements there; brackets and quotes around a list are taken off.

    Args:
        column: its type.
        clean: text of the cell in SQL, without white space around it.
        separator: between the elements of a list.
    """
    missing = f"lower({clean}) IN ({_WORDS})"
    if column.type == "float":
        number = f"CASE WHEN abs(number({clean})) <= {LARGEST!r} THEN number({clean}) END"
        wrong = f"CASE WHEN ({number}) IS NULL AND NOT {missing} THEN {clean} END"
        return Cell(f"coalesce(plain({number}), '')", _finite(wrong, column.name))
    if column.type == "token":
        plain = rf"regexp_replace({_unmarked(clean)}, '[\t\r\n]+', ' ', 'g')"
        breaks = rf"regexp_matches({clean}, '[\t\r\n]') AND NOT {missing}"
        changes = (
            ("mean a missing value (NA, null, ...): left empty", f"{clean} <> '' AND {missing}"),
            ("hold line breaks or tabs: written as blanks", breaks),
        )
        return Cell(f"CASE WHEN {missing} THEN '' ELSE {plain} END", changes=changes)
    if column.separator == "":
        return Cell(_unmarked(clean))
    elements = _elements(clean, column.separator or separator)
    value = f"array_to_string({elements}, ' ')"
    if column.type == "token_seq":
        return Cell(_unmarked(value))
    unfit = f"NOT coalesce(abs(number(one)) <= {LARGEST!r}, false)"
    wrong = f"list_filter({elements}, lambda one: {unfit})[1]"
    return Cell(value, _finite(wrong, column.name))


def changes_of(columns: Sequence[Column], cells: Sequence[Cell]) -> list[tuple[str, str]]:
    """Return what is said of cells that are not written as they stand, and whether one is."""
    return [
        (f"{column.name} {what}", changed)
        for column, cell in zip(columns, cells, strict=True)
        for what, changed in cell.changes
    ]


def writable(column: Column | str, value: str) -> Check:
    """Return the check of a text that is written: it must be read back as it is.

    Args:
        column: or what an id is of.
        value: in SQL.
    """
    name = column if isinstance(column, str) else column.header
    padding, long = f"{value} = {literal(PADDING)}", f"length({value}) > {LONGEST_TOKEN}"
    if name.endswith("_seq"):
        parts = f"string_split({value}, ' ')"
        padding = f"contains({value}, {literal(PADDING)}) AND list_contains({parts}, "
        padding += f"{literal(PADDING)})"
        long += f" AND list_max(list_transform({parts}, lambda one: length(one))) > {LONGEST_TOKEN}"
    control = " OR ".join(f"contains({value}, chr({sign}))" for sign in (9, 10, 13, 0))
    cases = f"WHEN {control} THEN '1' WHEN {padding} THEN '2' WHEN {long} THEN '3'"
    return Check(
        f"CASE {cases} END || {value}",
        lambda wrong: f"{wrong[1:41]!r} in {name} {_FAULTS[wrong[0]]}.",
    )


def must_be_number(name: str, text: str, *, or_empty: bool = False) -> Check:
    """Return the check of a cell that holds a number or a word for none; cut off, it is empty."""
    words = ", ".join(map(literal, MISSING if or_empty else MISSING[1:]))
    wrong = f"number({text}) IS NULL AND lower(stripped({text})) NOT IN ({words})"

    def told(cell: str) -> str:
        fault = f"'{cell[:40]}' in the column {name} is no number" if cell else f"no {name}"
        return f"{fault}; correct the line, or get the file again."

    return Check(f"CASE WHEN {wrong} THEN stripped({text}) END", told)


def first_row(checks: Sequence[Check]) -> str:
    """Return SQL, an aggregate: the first row `nr` that fails one of some checks, or NULL."""
    wrong = ", ".join(check.wrong for check in checks) or "NULL"
    return f"min(nr) FILTER (coalesce({wrong}) IS NOT NULL)"


def refuse_row(
    engine: Engine,
    rows: str,
    checks: Sequence[Check],
    row: int | None,
    place: Callable[[int], str],
) -> None:
    """Raise the error of a row by the first check that it fails.

    Args:
        engine: that knows the rows.
        rows: SQL for them, behind FROM.
        checks: of their cells.
        row: the result of `first_row`; None: no row is wrong.
        place: tells where a row stands.

    Raises:
        DataError: naming the cell.
    """
    if row is None:
        return
    wrong = ", ".join(check.wrong for check in checks)
    texts = engine.row(f"SELECT {wrong} FROM {rows} WHERE nr = {row}")
    said = (check.told(text) for check, text in zip(checks, texts, strict=True) if text is not None)
    raise DataError(f"{place(row)}: {next(said)}")


def _finite(wrong: str, name: str) -> Check:
    end = f"in {name} is no finite number; correct it, or take the column as {name}:token."
    return Check(wrong, lambda cell: f"{cell[:40]!r} {end}")


def _unmarked(text: str) -> str:
    return f"replace({text}, {_MARK}, '')"


def _elements(clean: str, separator: str) -> str:
    """Return SQL for the list of a list's elements, each without white space."""
    ends = f"left({clean}, 1) || right({clean}, 1) IN ('[]', '()', '{{}}') AND length({clean}) > 1"
    inner = f"CASE WHEN {ends} THEN {clean}[2:-2] ELSE {clean} END"
    divided = f"string_split({inner}, {literal(separator)})"
    if not separator.strip():
        divided = rf"regexp_split_to_array(stripped({inner}), '\s+')"
    named = r"""regexp_replace(trim(stripped(one), '''"'), '\s+', '_', 'g')"""
    kept = f"lambda one: lower(one) NOT IN ({_WORDS})"
    return f"list_filter(list_transform({divided}, lambda one: {named}), {kept})"
