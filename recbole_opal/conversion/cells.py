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
    *("Cell", "changes_of", "clean", "clean_id", "first_row", "is_no_id", "must_be_number", "raw"),
    *("refuse_row", "typed", "where", "writable"),
]

# What pandas takes for a missing cell, and with it RecBole's own reader; `\N` is what MySQL writes.
_NO_IDS = (
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
    *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null", r"\N"),
)
_NO_LINE = (
    "holds a tab or a line break; correct it, or write --quoted=False if a quote before it is an "
    "ordinary character."
)
_WORDS = ", ".join(map(literal, MISSING))
_SHOWN = 40  # characters of a wrong cell
_MARK = "chr(65279)"  # the byte order mark; joined files and scraped titles hold some within


@dataclass(frozen=True)
class Cell:
    """What becomes of the text of a cell, in SQL."""

    value: str  # the text that is written; empty: missing, as RecBole reads it back
    fault: str = "NULL"  # what is wrong with it, see `refuse_row`
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
    infinite = (
        f"in {column.name} is no finite number; correct it, or take the column as "
        f"{column.name}:token."
    )
    if column.type == "float":
        number = f"CASE WHEN abs(number({clean})) <= {LARGEST!r} THEN number({clean}) END"
        wrong = f"({number}) IS NULL AND NOT {missing}"
        return Cell(f"coalesce(plain({number}), '')", where(wrong, _fault(clean, infinite)))
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
    return Cell(value, _fault(f"list_filter({elements}, lambda one: {unfit})[1]", infinite))


def changes_of(columns: Sequence[Column], cells: Sequence[Cell]) -> list[tuple[str, str]]:
    """Return what is said of cells that are not written as they stand, and whether one is."""
    return [
        (f"{column.name} {what}", changed)
        for column, cell in zip(columns, cells, strict=True)
        for what, changed in cell.changes
    ]


def writable(column: Column | str, value: str) -> str:
    """Return SQL for what is wrong with a text that is written: it must be read back as it is.

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
    faults = {
        control: _NO_LINE,
        padding: "means no id at all; rename it.",
        long: f"is longer than {LONGEST_TOKEN} characters; cut it.",
    }
    whens = (
        f"WHEN {when} THEN {_fault(value, f'in {name} {said}')}" for when, said in faults.items()
    )
    return f"CASE {' '.join(whens)} END"


def must_be_number(name: str, text: str, *, or_empty: bool = False) -> str:
    """Return SQL for what is wrong with a cell that holds neither a number nor a word for none."""
    words = ", ".join(map(literal, MISSING if or_empty else MISSING[1:]))
    wrong = f"number({text}) IS NULL AND lower(stripped({text})) NOT IN ({words})"
    end = "; correct the line, or get the file again."
    cut_off = _fault("''", f"no {name}{end}")
    other = _fault(f"stripped({text})", f"in the column {name} is no number{end}")
    return where(wrong, f"CASE WHEN stripped({text}) = '' THEN {cut_off} ELSE {other} END")


def where(condition: str, fault: str) -> str:
    """Return SQL for what is wrong with the rows that fulfil a condition."""
    return f"CASE WHEN {condition} THEN {fault} END"


def first_row(faults: Sequence[str]) -> str:
    """Return SQL, an aggregate: the first row `nr` with one of some faults, or NULL."""
    return f"min(nr) FILTER (coalesce({', '.join(faults) or 'NULL'}) IS NOT NULL)"


def refuse_row(
    engine: Engine, rows: str, faults: Sequence[str], row: int | None, place: Callable[[int], str]
) -> None:
    """Raise the error of a row by the first of its faults.

    Args:
        engine: that knows the rows.
        rows: SQL for them, behind FROM.
        faults: what may be wrong with them in SQL, NULL where nothing is.
        row: the result of `first_row`; None: no row is wrong.
        place: tells where a row stands.

    Raises:
        DataError: naming the cell.
    """
    if row is not None:
        (text,) = engine.row(f"SELECT coalesce({', '.join(faults)}) FROM {rows} WHERE nr = {row}")
        cell, _, said = text.rpartition(chr(0))
        raise DataError(f"{place(row)}: {f'{cell!r} ' if cell else ''}{said}")


def _fault(text: str, said: str) -> str:
    """Return SQL for the beginning of a cell, NUL, and what is said of it; NULL of NULL."""
    return f"left({text}, {_SHOWN}) || chr(0) || {literal(said)}"


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
