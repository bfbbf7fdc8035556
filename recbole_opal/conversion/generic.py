"""Any table with a column of users, one of items and one of times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.conversion.cells import typed_columns
from recbole_opal.conversion.label import Condition, comparisons, positives, short
from recbole_opal.conversion.source import Column, ItemTable, Source, Tally
from recbole_opal.conversion.table_files import header, read_table, refuse_lists, total_bytes
from recbole_opal.conversion.text_table import TextFormat
from recbole_opal.conversion.times import TimeReader
from recbole_opal.errors import DataError
from recbole_opal.suggest import did_you_mean

__all__ = ["GenericTable", "item_table"]

_NUMBER = "\0number"  # no column of a file has this name


@dataclass(frozen=True)
class GenericTable:
    """Where a log stands, and which of its columns are what.

    Attributes:
        files: tables with the same columns; read one behind the other.
        user, item: names of columns.
        time: name of a column, None: the order of the rows.
        label: what must hold of a row.
        label_text: the same as it was typed.
        time_unit: None: recognised.
        time_format: of written dates, with the signs of `strptime`.
        keep: further columns.
        form: how text files are written.
        list_separator: between the elements of a cell of a `_seq` column.
        item_file: the table of the items, or None.
        item_fields: its columns.
        item_column: the column of its ids.
    """

    files: tuple[Path, ...]
    user: str
    item: str
    time: str | None
    label: Condition = ()
    label_text: str = ""
    time_unit: str | None = None
    time_format: str | None = None
    keep: tuple[Column, ...] = ()
    form: TextFormat = field(default_factory=TextFormat)
    list_separator: str = ","
    item_file: Path | None = None
    item_fields: tuple[Column, ...] = ()
    item_column: str = ""

    def source(self) -> Source:
        """Return the log; but for the header of the items nothing is read before the chunks.

        Raises:
            DataError: the table of the items is missing, or lacks a column.
        """
        files = [*self.files, *([self.item_file] if self.item_file else [])]
        tally = Tally(bytes_total=total_bytes(files))
        items = None
        if self.item_file:
            items = item_table(
                self.item_file,
                self.item_column,
                self.item_fields,
                tally,
                self.form,
                self.list_separator,
            )
        timed = self._untimed(tally) if self.time is None else self._timed(self.time, tally)
        return Source(timed, tally, self.keep, items, self._unit_to_name())

    def _unit_to_name(self) -> Literal["order", "number", "seconds"] | None:
        """Return the unit that runs must be told, since the numbers alone may tell another one."""
        if self.time is None:
            return "order"
        if self.time_unit == "number":
            return "number"
        return None if self.time_format is None else "seconds"

    def _timed(self, time: str, tally: Tally) -> Iterator[pd.DataFrame]:
        """Yield the rows with the times of a column."""
        clock = TimeReader(tally, time, self.time_unit, form=self.time_format)
        changed: Counter[str] = Counter()
        for texts in self._read(tally, [time]):
            clock.learn(texts[time])
            rows = self._positives(texts, tally)
            chunk = self._typed(rows, clock.seconds(rows[time]), changed)
            given = np.array([bool(text.strip()) for text in rows[time]], dtype=bool)
            chunk = tally.keep(chunk, given, f"no time in {time}")
            known = np.isfinite(chunk["time"].to_numpy())
            yield tally.keep(chunk, known, f"{time} is {clock.refused}")
        clock.finish()
        _tell_changes(changed, "the log", tally)

    def _untimed(self, tally: Tally) -> Iterator[pd.DataFrame]:
        """Yield the rows with their numbers, from 0 and through all files, as times."""
        tally.notes.append(
            "times: the numbers of the rows, which stand in the order of their times; only the "
            "order counts"
        )
        number, changed = 0, Counter[str]()
        for texts in self._read(tally, []):
            numbers = np.arange(number, number + len(texts), dtype=np.float64)
            number += len(texts)
            rows = self._positives(texts.assign(**{_NUMBER: numbers}), tally)
            yield self._typed(rows, rows[_NUMBER].to_numpy(), changed)
        _tell_changes(changed, "the log", tally)

    def _read(self, tally: Tally, times: list[str]) -> Iterator[pd.DataFrame]:
        """Yield the columns that are needed, as text; headers within the rows are left out."""
        wanted = [self.user, self.item, *times]
        wanted += [one.column for one in comparisons(self.label)]
        wanted += [column.name for column in self.keep]
        columns = list(dict.fromkeys(wanted))
        for path in self.files:
            refuse_lists(path, (self.user, self.item))
            for texts in read_table(path, columns, tally, self.form):
                yield tally.keep(texts, ~_headers(texts), "a header once more")

    def _typed(
        self, rows: pd.DataFrame, seconds: npt.NDArray[np.float64], changed: Counter[str]
    ) -> pd.DataFrame:
        chunk = pd.DataFrame({"user": rows[self.user], "item": rows[self.item]})
        chunk["time"] = seconds
        typed = typed_columns(rows, self.keep, self.list_separator, changed)
        for column, (_, cells) in zip(self.keep, typed, strict=True):
            chunk[column.header] = cells  # its colon keeps it apart from the three above
        return chunk

    def _positives(self, texts: pd.DataFrame, tally: Tally) -> pd.DataFrame:
        if not self.label:
            return texts
        holds, unknown = positives(texts, self.label)
        numeric = (one.column for one in comparisons(self.label) if isinstance(one.value, float))
        names = " or ".join(dict.fromkeys(numeric))
        known = tally.keep(texts, ~unknown, f"no number in {names}")
        return tally.keep(known, holds[~unknown], f"not {short(self.label_text)}")


def _tell_changes(changed: Counter[str], origin: str, tally: Tally) -> None:
    tally.notes += [
        f"{origin}: {count:,} cells of {what}" for what, count in changed.items() if count
    ]


def _headers(texts: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return (n,) True where a row holds the names of the columns, as files put together do."""
    found: npt.NDArray[np.bool_] = np.ones(len(texts), dtype=bool)
    for name in texts.columns:
        if found.any():
            found &= (texts[name] == name).to_numpy(bool)
    return found


def item_table(
    path: Path,
    item: str,
    fields: tuple[Column, ...],
    tally: Tally,
    form: TextFormat,
    list_separator: str = ",",
) -> ItemTable:
    """Return a table of items that stands in a file of its own.

    Args:
        path: of the table.
        item: the column of the ids.
        fields: the columns to keep; their names are those in the file.
        tally: counts its bytes; its rows are no rows of the log.
        form: how a text file is written.
        list_separator: between the elements of a cell of a `_seq` field.

    Raises:
        DataError: the table is missing, or lacks a column.
    """
    wanted = list(dict.fromkeys([item, *(field.name for field in fields)]))
    names = header(path, form)
    for name in wanted:
        if name not in names:
            flag = "item_key" if name == item else "fields"
            hint = did_you_mean(name, names) or f"; choose from {', '.join(names[:20])}."
            raise DataError(f"--{flag}: {path} has no column {name}{hint}")

    refuse_lists(path, (item,))

    def chunks() -> Iterator[pd.DataFrame]:
        rows, changed = tally.rows, Counter[str]()
        for texts in read_table(path, wanted, tally, form):
            tally.rows = rows
            chunk = pd.DataFrame({"item": texts[item]})
            typed = typed_columns(texts, fields, list_separator, changed)
            for column, (_, cells) in zip(fields, typed, strict=True):
                chunk[column.header] = cells
            yield chunk
        _tell_changes(changed, str(path), tally)

    return ItemTable(fields, chunks(), str(path))
