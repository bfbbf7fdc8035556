"""Times of any usual form to seconds since 1970, with one form for the whole log."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.conversion.numbers import to_numbers
from recbole_opal.conversion.source import Tally
from recbole_opal.errors import DataError, SettingsError

__all__ = ["TIME_UNITS", "TimeReader"]

FloatArray = npt.NDArray[np.float64]

# 1990 and 2100 in seconds: no two units below overlap in what they would write for these years.
_EARLIEST = 631_152_000.0
_LATEST = 4_102_444_800.0
_EXACT = 2.0**53  # larger whole numbers are not exact in float64
_PER_SECOND = {"seconds": 1.0, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}
_MEANINGS = {
    "seconds": "seconds since 1970",
    "milliseconds": "milliseconds since 1970",
    "microseconds": "microseconds since 1970",
    "nanoseconds": "nanoseconds since 1970",
    "date": "dates as 20240131, taken as midnight UTC",
    "iso": "ISO dates without a zone, taken as UTC",
    "iso_zone": "ISO dates with their zone",
    "number": "numbers of no known unit, taken as seconds",
}
TIME_UNITS = tuple(_MEANINGS)
_ZONE = r":\d\d(?:\.\d+)?\s?(?:[Zz]|UTC|[+-]\d\d:?(?:\d\d)?)\s*$"  # a date alone has none
_ISO = r"^\s*\d{4}-\d\d"


@dataclass
class TimeReader:
    """Turns texts into seconds; the first ones decide on the unit, all later ones must agree.

    Attributes:
        tally: is told the unit once, in `notes`.
        column: name of the column, for messages.
        unit: one of `TIME_UNITS`; None: recognise it.
    """

    tally: Tally
    column: str
    unit: str | None = None
    _told: bool = False

    def __post_init__(self) -> None:
        """Check the unit.

        Raises:
            SettingsError: it is not known.
        """
        if self.unit is not None and self.unit not in TIME_UNITS:
            raise SettingsError(
                f"--time_unit={self.unit} is not known; choose from {', '.join(TIME_UNITS)}."
            )

    @property
    def refused(self) -> str:
        """What is wrong with a text that is there but gives NaN."""
        known = self.unit not in (None, "number")
        return "no time of the years 1990 to 2099" if known else "no number from 0 to 9e15"

    def seconds(self, texts: pd.Series) -> FloatArray:
        """Return (n,) seconds since 1970, NaN where a text is no time or none of 1990 to 2100.

        Of the unit `number` any number from 0 to 2^53 is taken, as RecBole-OPAL reads them.

        Args:
            texts: (n,) text; their index says where they stand.

        Raises:
            DataError: none of the first texts is a time, or a later one is of another unit.
        """
        if not any(text.strip() for text in texts):  # nothing to learn the unit from
            return np.full(len(texts), np.nan)
        numbers = to_numbers(texts)  # (n,)
        if self.unit is None:
            self.unit = self._recognise(texts, numbers)
        if not self._told:
            self.tally.notes.append(f"times: {self.column} holds {_MEANINGS[self.unit]}")
            self._told = True
        if self.unit in _PER_SECOND:
            return self._epochs(texts, numbers)
        if self.unit == "number":
            return np.where((numbers >= 0) & (numbers < _EXACT), numbers, np.nan)
        if self.unit == "date":
            return _bounded(_dates(texts, numbers))
        return self._iso(texts, numbers)

    def _recognise(self, texts: pd.Series, numbers: FloatArray) -> str:
        found = numbers[np.isfinite(numbers) & (numbers > 0)]
        counts = {unit: int(_within(found, factor).sum()) for unit, factor in _PER_SECOND.items()}
        likely = max(counts, key=counts.__getitem__)
        # Zeros and other odd values are many in real logs; a tenth is enough to know the unit.
        if counts[likely] and counts[likely] >= 0.1 * len(found):
            return likely
        isos = texts.str.match(_ISO)
        if isos.sum() > len(found):
            zoned = texts[isos].str.contains(_ZONE, regex=True)
            return "iso_zone" if zoned.iloc[0] else "iso"
        if not len(found):
            example = next((str(text) for text in texts if str(text).strip()), "")
            raise DataError(
                f"{_place(texts, 0)}: no time is recognised in {self.column} (as {example[:40]!r});"
                " give seconds, milliseconds or ISO dates as 2024-01-31T12:00:00."
            )
        dates = np.isfinite(_bounded(_dates(texts, numbers)))
        return "date" if dates.sum() >= 0.9 * len(found) else "number"

    def _epochs(self, texts: pd.Series, numbers: FloatArray) -> FloatArray:
        """Return seconds; a value that makes sense in another unit only is an error."""
        factor = _PER_SECOND[str(self.unit)]
        right = _within(numbers, factor)
        if not right.all():
            for unit, other in _PER_SECOND.items():
                self._refuse(texts, _within(numbers, other) & ~right, unit)
            self._refuse(texts, texts.str.match(_ISO).to_numpy(bool), "iso")
        return np.where(right, numbers / factor, np.nan)

    def _iso(self, texts: pd.Series, numbers: FloatArray) -> FloatArray:
        for unit, factor in _PER_SECOND.items():
            self._refuse(texts, _within(numbers, factor), unit)
        zoned = texts.str.contains(_ZONE, regex=True).to_numpy(bool)
        dated = texts.str.match(_ISO).to_numpy(bool)
        if self.unit == "iso_zone":
            self._refuse(texts, dated & ~zoned, "iso")
        else:
            self._refuse(texts, dated & zoned, "iso_zone")
        # Spark and BigQuery write the zone as a word.
        plain = texts.where(dated).str.replace(r"\s?UTC\s*$", "Z", regex=True)
        return _bounded(_parsed(plain, "ISO8601"))

    def _refuse(self, texts: pd.Series, wrong: npt.NDArray[np.bool_], unit: str) -> None:
        if wrong.any():
            at = int(wrong.argmax())
            raise DataError(
                f"{_place(texts, at)}: the time {texts.iloc[at][:40]!r} looks like "
                f"{_MEANINGS[unit]}, those before like {_MEANINGS[str(self.unit)]}; correct the "
                "file so that its times have one form."
            )


def _within(numbers: FloatArray, factor: float) -> npt.NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        return (numbers >= _EARLIEST * factor) & (numbers < _LATEST * factor)


def _bounded(seconds: FloatArray) -> FloatArray:
    return np.where(_within(seconds, 1.0), seconds, np.nan)


def _dates(texts: pd.Series, numbers: FloatArray) -> FloatArray:
    """Return the seconds of dates as 20240131."""
    return _parsed(texts.where((numbers >= 1e7) & (numbers < 1e8)), "%Y%m%d")


def _parsed(texts: pd.Series, form: str) -> FloatArray:
    moments = pd.to_datetime(texts, format=form, utc=True, errors="coerce")
    # Through microseconds: pandas picks the resolution by itself.
    whole = moments.dt.tz_localize(None).to_numpy("datetime64[us]")
    return np.where(np.isnat(whole), np.nan, whole.astype(np.int64) / 1e6)


def _place(texts: pd.Series, at: int) -> str:
    return f"{texts.index.name} {texts.index[at]}"
