"""Atomic files as columns of numbers, chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.conversion.numbers import to_numbers
from recbole_opal.conversion.source import Tally
from recbole_opal.conversion.statistics import LogColumns
from recbole_opal.conversion.tables import header, read_table
from recbole_opal.conversion.text_table import TextFormat
from recbole_opal.data.reading.advice import convert_command
from recbole_opal.data.reading.seconds import as_seconds, read_note, refuse_ticks
from recbole_opal.data.reading.time_units import UNITLESS, is_exact
from recbole_opal.errors import DataError
from recbole_opal.suggest import did_you_mean

__all__ = ["AtomicForm", "FieldCover", "read_log", "read_items"]

# What to do about rows that `convert` would leave out too.
_FIXES = {
    "negative time": "write seconds since 1970, or add a constant to all times",
    "time too large to be exact": "write seconds",
}
# Why a run would refuse a time, and which times pass.
_TIMES: tuple[tuple[str, Callable[[npt.NDArray[np.float64]], npt.NDArray[np.bool_]]], ...] = (
    ("no finite time", np.isfinite),
    ("negative time", lambda moments: moments >= 0),
    ("time too large to be exact", is_exact),
)


@dataclass(frozen=True)
class AtomicForm:
    """How the atomic files of a data set are written.

    Attributes:
        fields: names of the fields of users, items and times.
        encoding: of the files.
        separator: between two columns, one character.
        time_unit: of the times, one of `TIME_UNITS`; None: judged from them.
    """

    fields: tuple[str, str, str] = ("user_id", "item_id", "timestamp")
    encoding: str = "utf-8-sig"
    separator: str = "\t"
    time_unit: str | None = None

    @property
    def text(self) -> TextFormat:
        """The same for the reader of texts; nothing is quoted in atomic files."""
        return TextFormat(separator=self.separator, quoted=False, encoding=self.encoding)


@dataclass(frozen=True)
class FieldCover:
    """How far a field of the item table reaches.

    Attributes:
        name: with its type, as `tag:token_seq`.
        filled: interacted items whose cell is not missing.
        values: distinct elements among them.
    """

    name: str
    filled: int
    values: int


def read_log(
    path: Path,
    form: AtomicForm,
    tally: Tally,
    advance: Callable[[Tally], None] = lambda tally: None,
) -> tuple[LogColumns, dict[str, int]]:
    """Read an `.inter` file; rows whose user, item or time a run would refuse are left out.

    An id is missing only where its field is empty: `NA` is an id, as in training.

    Args:
        path: of the file.
        form: how it is written.
        tally: counts rows and what is left out.
        advance: called after each chunk.

    Returns:
        The columns, and the number of each item by its id.

    Raises:
        DataError: the file is missing, malformed, without a field, or holds no row, or its times
            are of several units.
    """
    names = header(path, form.text)
    columns = [_named(path, field, names) for field in form.fields]
    user_codes: dict[str, int] = {}
    item_codes: dict[str, int] = {}
    users, items, times = [], [], []
    for chunk, moments in _sound_rows(path, form, columns, tally):
        times.append(moments)
        users.append(_coded(chunk[columns[0]], user_codes))
        items.append(_coded(chunk[columns[1]], item_codes))
        advance(tally)
    if not sum(map(len, users)):
        raise DataError(f"{path} holds no interaction{_what_instead(path, form, columns, tally)}.")
    name, numbers = form.fields[2], np.concatenate(times)

    def place(wrong: npt.NDArray[np.bool_]) -> str:
        return _place(path, form, columns, int(wrong.argmax()))

    refuse_ticks(numbers, form.time_unit, name, place)
    seconds, unit = as_seconds(numbers, form.time_unit, name, place)
    tally.notes.append(read_note(name, unit, given=form.time_unit is not None))
    log = LogColumns(
        np.concatenate(users), np.concatenate(items), seconds, dated=unit not in UNITLESS
    )
    return log, item_codes


def _what_instead(path: Path, form: AtomicForm, columns: Sequence[str], tally: Tally) -> str:
    """Say why no row is left, and what to do."""
    if not tally.dropped:
        return "; write one row a line below its header, or convert the log again"
    why = ", ".join(f"{reason}: {count:,} rows" for reason, count in tally.dropped.items())
    fix = next((_FIXES[reason] for reason in tally.dropped if reason in _FIXES), "correct them")
    if "no finite time" in tally.dropped:
        command = convert_command(path, columns, form.encoding)
        fix = f"correct them, or convert the file with `{command}`"
    return f" that a run would take ({why}); {fix}"


def _sound_rows(
    path: Path, form: AtomicForm, columns: Sequence[str], tally: Tally
) -> Iterator[tuple[pd.DataFrame, npt.NDArray[np.float64]]]:
    """Yield the rows that a run would take, chunk by chunk, and their times as the file has them.

    Args:
        path: of the file.
        form: how it is written.
        columns: of users, items and times, in its header.
        tally: counts rows and what is left out.
    """
    for chunk in read_table(path, columns, tally, form.text):
        for name, what in zip(columns[:2], ("user", "item"), strict=True):
            chunk = tally.keep(chunk, (chunk[name] != "").to_numpy(bool), f"no {what}")
        moments = to_numbers(chunk[columns[2]])
        for fault, passes in _TIMES:
            passed = passes(moments)
            chunk, moments = tally.keep(chunk, passed, fault), moments[passed]
        yield chunk, moments


def _place(path: Path, form: AtomicForm, columns: Sequence[str], row: int) -> str:
    """Return where the row of this number, from 0, stands among those that are kept."""
    for chunk, _ in _sound_rows(path, form, columns, Tally()):
        if row < len(chunk):
            return f"{chunk.index.name} {chunk.index[row]}"
        row -= len(chunk)
    return str(path)


def read_items(
    path: Path, form: AtomicForm, known: dict[str, int], tally: Tally
) -> list[FieldCover]:
    """Return how many of the interacted items have each field of an `.item` file.

    Of several rows of an item all lists count, and the first value that is there, as in training.

    Args:
        path: of the file.
        form: how it is written.
        known: interacted items, with their numbers.
        tally: is told of items with several rows, in `notes`.

    Raises:
        DataError: the file is malformed or lacks the ids.
    """
    names = header(path, form.text)
    key = _named(path, form.fields[1], names)
    others = [name for name in names if name != key]
    rows = np.zeros(len(known), dtype=np.int64)
    filled = {name: np.zeros(len(known), dtype=bool) for name in others}
    values: dict[str, set[str]] = {name: set() for name in others}
    for chunk in read_table(path, [key, *others], Tally(), form.text):
        met = chunk[chunk[key].isin(known)]
        items = met[key].map(known).to_numpy(np.int64)
        np.add.at(rows, items, 1)
        for name in others:
            is_list = name.endswith("_seq")
            has = _filled(met[name], name)
            if not is_list:
                has &= ~filled[name][items]
                has[has] = ~pd.Series(items[has]).duplicated().to_numpy()
            filled[name][items[has]] = True
            distinct = met[name][has].unique()
            values[name].update(part for cell in distinct for part in _parts(cell, is_list))
    repeated = int(rows.sum() - np.count_nonzero(rows))
    if repeated:
        tally.notes.append(
            f"{path.name}: {repeated:,} rows repeat an item; of them lists are joined, and of "
            "other fields the first value counts"
        )
    return [FieldCover(name, int(filled[name].sum()), len(values[name])) for name in others]


def _filled(cells: pd.Series, name: str) -> npt.NDArray[np.bool_]:
    """Return (n,) True where training finds a value."""
    if name.endswith(":float"):
        return ~np.isnan(to_numbers(cells))
    filled: npt.NDArray[np.bool_] = (cells != "").to_numpy(bool)
    return filled


def _parts(cell: str, is_list: bool) -> list[str]:
    return cell.split(" ") if is_list else [cell]


def _named(path: Path, field: str, names: Sequence[str]) -> str:
    for name in names:
        if name.partition(":")[0] == field:
            return name
    plain = [name.partition(":")[0] for name in names]
    hint = did_you_mean(field, plain) or f"; the fields are {', '.join(plain[:20])}."
    raise DataError(f"{path} has no field {field}{hint}")


def _coded(ids: pd.Series, codes: dict[str, int]) -> npt.NDArray[np.int32]:
    """Return (n,) int32: the number of each id; a new id gets the next one."""
    places, distinct = pd.factorize(ids)
    numbers = np.fromiter(
        (codes.setdefault(one, len(codes)) for one in distinct), np.int32, len(distinct)
    )
    return numbers[places]
