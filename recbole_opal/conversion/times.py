"""Times of any usual form to seconds since 1970, with one form for the whole log."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.conversion.numbers import to_numbers
from recbole_opal.conversion.source import Tally
from recbole_opal.conversion.time_advice import how_to_mend, how_to_read
from recbole_opal.conversion.time_forms import (
    PER_SECOND,
    TIME_UNITS,
    are_excel_days,
    forms,
    is_missing,
    read,
    recognise,
)
from recbole_opal.conversion.written_dates import read_dates
from recbole_opal.data.atomic_files.time_units import TICKS_OR_NANOSECONDS, are_ticks
from recbole_opal.errors import DataError, SettingsError

__all__ = ["TIME_UNITS", "TimeReader"]

FloatArray = npt.NDArray[np.float64]


@dataclass
class TimeReader:
    """Turns texts into seconds; the first ones decide on the unit, all later ones must agree.

    Attributes:
        tally: is told the unit once, in `notes`.
        column: name of the column, for messages.
        unit: one of `TIME_UNITS`; None: recognise it.
        by_flag: whether the user can name the unit with `--time_unit`.
        form: of written dates, in the place of a unit.
    """

    tally: Tally
    column: str
    unit: str | None = None
    by_flag: bool = True
    form: str | None = None
    _given: bool = field(init=False)
    _learnt: bool = field(init=False, default=False)
    _passed: pd.Series | None = field(init=False, default=None)  # the first text of no unit
    _zero: str | None = field(init=False, default=None)  # where the first 0 was taken as missing

    def __post_init__(self) -> None:
        """Check the unit.

        Raises:
            SettingsError: it is not known.
        """
        self._given = self.unit is not None
        if self.unit is not None and self.unit not in TIME_UNITS:
            raise SettingsError(
                f"--time_unit={self.unit} is not known; choose from {', '.join(TIME_UNITS)}."
            )

    @property
    def refused(self) -> str:
        """What is wrong with a text that is there but gives NaN."""
        if self.form is not None:
            return "no time from 1970 on"
        if self.unit == "number":
            return "no number from 0 to 9e15"
        return "no time of the years 1990 to 2099"

    def learn(self, texts: pd.Series) -> None:
        """Recognise the unit, unless it is known; texts that stand for no time teach nothing.

        Args:
            texts: (n,) text; their index says where they stand. More rows than `seconds` gets may
                be shown, so that the unit does not hang on the few that a label has left.

        Raises:
            DataError: none of the texts is a time, or the unit cannot be known.
        """
        if self._learnt:
            return
        if self.form is not None:
            self._learnt = True
            self.tally.notes.append(
                f"times: {self.column} holds dates as {self.form}, UTC where no zone is written"
            )
            return
        first = next((at for at, text in enumerate(texts) if not is_missing(text)), None)
        if first is None:
            self._remember(texts)
            return
        numbers = to_numbers(texts)  # (n,)
        unit = self.unit or recognise(texts, numbers)
        if unit is None or not _readable(texts, numbers, unit):
            if self._given and _readable(texts, numbers, recognise(texts, numbers)):
                away = "leave --time_unit away"
                other = "convert the file with --user, --item and --time"
                self._refuse_others(texts, numbers, away if self.by_flag else other)
            raise self._unknown(texts, first)
        if unit == "nanoseconds" and not self._given and are_ticks(numbers):
            raise DataError(f"{_place(texts, first)}: {self.column} {TICKS_OR_NANOSECONDS}")
        if unit == "number" and not self._given:
            self._check_number(texts.iloc[first:], numbers)
        if self.by_flag or not self._given:
            self.tally.notes.append(f"times: {self.column} holds {TIME_UNITS[unit]}")
        self.unit, self._learnt = unit, True

    def seconds(self, texts: pd.Series) -> FloatArray:
        """Return (n,) seconds since 1970, NaN where a text is no time or none of 1990 to 2100.

        Of the unit `number` any number from 0 to 2^53 is taken, as RecBole-OPAL reads them.

        Args:
            texts: (n,) text; their index says where they stand.

        Raises:
            DataError: none of the first texts is a time, or one is of another unit.
        """
        self.learn(texts)
        if self.form is not None:
            return self._dates(texts, self.form)
        numbers = to_numbers(texts)  # (n,)
        if self.unit is None:
            zeros = numbers == 0
            if self._zero is None and zeros.any():
                self._zero = _place(texts, int(zeros.argmax()))
            return np.full(len(texts), np.nan)
        seconds = read(texts, numbers, self.unit)
        doubtful = np.isnan(seconds)
        if self.unit == "number":
            # Any number is one; but what was given as such is not doubted.
            doubtful = np.zeros_like(doubtful) if self._given else doubtful | (numbers > 6e8)
        if doubtful.any():
            self._refuse_others(texts[doubtful], numbers[doubtful], self._one_form)
        return seconds

    def _dates(self, texts: pd.Series, form: str) -> FloatArray:
        """Return the seconds of dates in the form that was given; another form is refused."""
        seconds = read_dates(texts, form)
        for at in np.flatnonzero(np.isnan(seconds)).tolist():
            if not is_missing(texts.iloc[at]):
                raise DataError(
                    f"{_place(texts, at)}: {texts.iloc[at][:40]!r} in {self.column} is no date as "
                    f"{form}; correct or empty the cell, or correct --time_format."
                )
        return np.where(seconds >= 0, seconds, np.nan)

    def finish(self) -> None:
        """Check at the end of the log that there was a time.

        Raises:
            DataError: there were only texts as `0`, which stand for no time.
        """
        if self.unit is None and self._passed is not None:
            raise self._unknown(self._passed, 0)

    def _remember(self, texts: pd.Series) -> None:
        if self._passed is None:
            at = next((at for at, text in enumerate(texts) if text.strip()), None)
            self._passed = None if at is None else texts.iloc[at : at + 1]

    def _unknown(self, texts: pd.Series, first: int) -> DataError:
        return DataError(
            f"{_place(texts, first)}: no time is recognised in {self.column} (as "
            f"{texts.iloc[first][:40]!r}); "
            + how_to_read(texts, self.unit if self._given else None, by_flag=self.by_flag)
        )

    @property
    def _one_form(self) -> str:
        return how_to_mend(self.unit, by_flag=self.by_flag)

    def _check_number(self, texts: pd.Series, numbers: FloatArray) -> None:
        """Refuse numbers that are more likely something else."""
        if are_excel_days(numbers):
            raise DataError(
                f"{_place(texts, 0)}: {self.column} seems to hold days as Excel counts them (as "
                f"{texts.iloc[0][:40]!r}); save them as ISO dates, or write --time_unit=number to "
                "take them as they are."
            )
        if self._zero is not None:
            raise DataError(
                f"{self._zero}: the time 0 was taken as missing, but {self.column} holds numbers "
                f"of no known unit from {_place(texts, 0)} on; write --time_unit=number to take "
                "0 as a time."
            )

    def _refuse_others(self, texts: pd.Series, numbers: FloatArray, way_out: str) -> None:
        """Refuse what makes sense in another unit only."""
        for unit, found in forms(texts, numbers):
            if unit == self.unit or not found.any():
                continue
            at = int(found.argmax())
            known = TIME_UNITS[str(self.unit)]
            ours = (
                f"but {self.column} must hold {known}"
                if self._given
                else f"the others like {known}"
            )
            raise DataError(
                f"{_place(texts, at)}: the time {texts.iloc[at][:40]!r} looks like "
                f"{TIME_UNITS[unit]}, {ours}; {way_out}."
            )


def _readable(texts: pd.Series, numbers: FloatArray, unit: str | None) -> bool:
    """Tell whether texts are of a unit; one out of its range is told or counted by `seconds`."""
    if unit is None or unit in PER_SECOND:
        return unit is not None
    return bool(np.isfinite(read(texts, numbers, unit)).any())


def _place(texts: pd.Series, at: int) -> str:
    return f"{texts.index.name} {texts.index[at]}"
