"""Lines to columns: fields are counted by bytes, parsed by pandas in C, and none is lost later."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.data.atomic_files.header import Column
from recbole_opal.data.atomic_files.time_units import BoolArray, FloatArray, is_exact
from recbole_opal.errors import DataError

__all__ = [
    "LARGEST",
    "LONGEST_TOKEN",
    "NO_NUMBER",
    "PADDING",
    "Fault",
    "Lines",
    "Roles",
    "counted_lines",
    "faults",
    "parsed_columns",
    "split_fields",
]

# RecBole keeps the ids of a column in an array whose every cell is as wide as the longest.
LONGEST_TOKEN = 1000
PADDING = "[PAD]"
LARGEST = float(np.finfo(np.float32).max)  # RecBole keeps other numbers in float32
_NEWLINE = 10
NO_NUMBER = ["", "nan", "NaN", "NAN", "NA", "null", "NULL", "None"]
# `float` alone takes `1_000` and Arabic digits too.
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Roles:
    """What columns are for: `ids` must not be empty, `times` must be finite and not negative."""

    ids: Collection[str] = ()
    times: Collection[str] = ()


@dataclass(frozen=True)
class Lines:
    """Some lines of a file in UTF-8, none of them empty, all of the right number of fields."""

    text: bytes
    numbers: npt.NDArray[np.int64]  # (R,) of each line in the file, from 1
    longest: int  # bytes of a line
    separator: str
    path: Path


@dataclass(frozen=True)
class Fault:
    """What no value of a column may be, and which rows are: (R,) bool."""

    wrong: BoolArray
    what: str
    fix: str

    def refuse(self, column: Column, lines: Lines) -> None:
        """Raise an error that names the first wrong row, if there is one."""
        if self.wrong.any():
            number = lines.numbers[int(self.wrong.argmax())]
            raise DataError(f"{lines.path}, line {number}: {column.name} {self.what}; {self.fix}.")


def counted_lines(text: bytes, first: int, separator: str, fields: int, path: Path) -> Lines:
    """Leave out empty lines, the first of which has a number, and count the others' fields."""
    lengths = np.diff(_places(text, _NEWLINE), prepend=-1) - 1
    numbers = first + np.flatnonzero(lengths)
    if not lengths.all():
        text = b"".join(line + b"\n" for line in text.split(b"\n") if line)
    marks = np.searchsorted(_places(text, ord(separator)), _places(text, _NEWLINE))
    found = 1 + np.diff(marks, prepend=0)  # (R,)
    wrong = np.flatnonzero(found != fields)
    if len(wrong):
        sign = {"\t": "one tab", " ": "one space"}.get(separator, f"one '{separator}'")
        raise DataError(
            f"{path}, line {numbers[wrong[0]]} has {found[wrong[0]]} fields where the header has "
            f"{fields}; write all columns, with {sign} between two."
        )
    return Lines(text, numbers, int(lengths.max(initial=0)), separator, path)


def _places(text: bytes, sign: int) -> npt.NDArray[np.int64]:
    return np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == sign)


def parsed_columns(
    lines: Lines, columns: Mapping[int, Column], convert: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return columns, given by their places in ascending order; NaN where a value is missing.

    `float` columns are float64, correctly rounded, all others text. `convert` holds, of a column
    that must be numbers, the command that makes it so; without it what is no number is missing.
    """
    kinds = {place: "float64" if one.kind == "float" else "str" for place, one in columns.items()}
    try:
        frame = _parsed(lines, kinds)
    except ValueError:
        frame = _parsed(lines, dict.fromkeys(kinds, "str"))
        _read_numbers(frame, lines, columns, convert)
    frame.columns = pd.Index([column.name for column in columns.values()])
    return frame


def _parsed(lines: Lines, kinds: Mapping[int, str]) -> pd.DataFrame:
    options: dict[str, Any] = {
        "sep": lines.separator,
        "header": None,
        "index_col": False,
        "usecols": list(kinds),
        "dtype": dict(kinds),
        "na_values": {n: NO_NUMBER if kind == "float64" else [""] for n, kind in kinds.items()},
        "keep_default_na": False,
        "quoting": csv.QUOTE_NONE,
        "lineterminator": "\n",
        "skip_blank_lines": False,
        "float_precision": "round_trip",
        "low_memory": False,
    }
    frame: pd.DataFrame = pd.read_csv(BytesIO(lines.text), **options)
    return frame


def _read_numbers(
    frame: pd.DataFrame,
    lines: Lines,
    columns: Mapping[int, Column],
    convert: Mapping[str, str] | None,
) -> None:
    """Read the texts of `float` columns one by one, in place; refuse the first that is none."""
    unread = []
    for place in (place for place, column in columns.items() if column.kind == "float"):
        texts, name = frame[place].fillna(""), columns[place].name
        frame[place] = numbers = _floats(texts)
        wrong = np.isnan(numbers) & ~texts.isin(NO_NUMBER).to_numpy()
        unread += [(row, name, texts[row][:40]) for row in np.flatnonzero(wrong)[:1]]
    if unread and convert is not None:
        row, name, text = min(unread)
        fix = f"write the column as {name}:token"
        if name in convert:
            fix = f"convert the file with `{convert[name]}`"
        raise DataError(
            f"{lines.path}, line {lines.numbers[row]}: {name} is {text!r}, which is no number; "
            f"correct it, or {fix}."
        )


def _floats(texts: Iterable[str]) -> FloatArray:
    """Return texts as numbers, NaN where one is none that is finite."""
    numbers = np.array([float(text) if _NUMBER.fullmatch(text) else np.nan for text in texts])
    numbers[np.isinf(numbers)] = np.nan
    return numbers


def split_fields(texts: pd.Series[Any], separator: str, column: Column, lines: Lines) -> list[Any]:
    """Return the values of each field of a `_seq` column as an array; an empty field has none."""
    parts = [[part for part in text.split(separator) if part] for text in texts.fillna("")]
    counts = [len(row) for row in parts]
    values = pd.Series(list(chain.from_iterable(parts)), dtype=object)
    lines = replace(lines, numbers=np.repeat(lines.numbers, counts))
    if column.kind == "token_seq":
        for fault in faults(values, column, lines, Roles()):
            fault.refuse(column, lines)
        return [np.array(row, dtype=np.str_) for row in parts]
    numbers = _floats(values)
    wrong = ~(np.abs(numbers) <= LARGEST)
    Fault(wrong, "holds a part that is no finite number", "correct it").refuse(column, lines)
    return np.split(numbers, np.cumsum(counts)[:-1])


def faults(values: pd.Series[Any], column: Column, lines: Lines, roles: Roles) -> Iterator[Fault]:
    """Yield what numbers or tokens, of lists too, may not be, as they would be lost later."""
    if column.kind == "float":
        numbers = values.to_numpy(dtype=np.float64)
        if column.name not in roles.times:
            infinite = np.abs(numbers) > LARGEST
            yield Fault(infinite, "is infinite", "give a number or leave it empty")
            return
        fix = "give the row a time or take it out"
        yield Fault(np.isnan(numbers), "is missing or not a number", fix)
        yield Fault(np.isinf(numbers), "is infinite", fix)
        since = "write seconds since 1970, or add a constant to all times"
        yield Fault(numbers < 0, "is negative", since)
        yield Fault(~is_exact(numbers), "is too large to be exact", "write seconds")
        return
    if column.name in roles.ids:
        yield Fault(values.isna().to_numpy(), "is empty", "give the row an id or take it out")
    verb, longer = ("holds", "a part of more") if column.kind == "token_seq" else ("is", "longer")
    if lines.longest > LONGEST_TOKEN:  # else no value can be
        long = values.str.len().fillna(0).to_numpy() > LONGEST_TOKEN
        fix = "shorten it, for example to a number"
        yield Fault(long, f"{verb} {longer} than {LONGEST_TOKEN} characters", fix)
    if PADDING.encode() in lines.text:
        yield Fault(
            (values == PADDING).to_numpy(), f"{verb} {PADDING}, which means none", "rename it"
        )
