"""Times of any usual form to seconds since 1970, with one form for the whole log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from recbole_opal.conversion.time_forms import (
    FORMS,
    IS_DATED,
    IS_MISSING,
    IS_ZONED,
    TIME_UNITS,
    in_seconds,
)
from recbole_opal.conversion.written_dates import how_to_mend, how_to_read, written_in_seconds
from recbole_opal.data.atomic_files.time_units import (
    DIGITS,
    PER_SECOND,
    TICKS_OR_NANOSECONDS,
    TICKS_RANGE,
)
from recbole_opal.errors import DataError, SettingsError
from recbole_opal.sql import Engine

__all__ = ["TIME_UNITS", "Clock"]

Place = Callable[[int], str]

_SAMPLE = 100_000  # rows decide on the unit


@dataclass
class Clock:
    """Finds the one form of a log's times; those of another are refused."""

    column: str  # for messages
    unit: str | None = None  # one of `TIME_UNITS`, or days; None: recognise it
    by_flag: bool = True  # whether the user can name the unit with --time_unit
    form: str | None = None  # of written dates, in the place of a unit
    notes: list[str] = field(default_factory=list)  # is told the form once
    _given: bool = field(init=False)

    def __post_init__(self) -> None:
        """Check the unit.

        Raises:
            SettingsError: it is not known.
        """
        self._given = self.unit is not None
        if self.unit not in (None, *TIME_UNITS, "day"):
            raise SettingsError(
                f"--time_unit={self.unit} is not known; choose from {', '.join(TIME_UNITS)}."
            )

    @property
    def seconds(self) -> str:
        """SQL for the seconds since 1970 of a text `t` that is the number `n`, else NULL."""
        if self.form is not None:
            read = written_in_seconds(self.form)
            return f"CASE WHEN {read} >= 0 THEN {read} END"
        return "NULL::DOUBLE" if self.unit is None else in_seconds(self.unit)

    @property
    def refused(self) -> str:
        """What is wrong with a text that is there but is no time."""
        if self.form is not None:
            return "no time from 1970 on"
        known = {"number": "no number from 0 to 9e15", "day": "no day from 1 to 366"}
        return known.get(str(self.unit), "no time of the years 1990 to 2099")

    def learn(self, engine: Engine, log: str, place: Place) -> None:
        """Recognise the unit by the first rows that hold something, those of no label included.

        Args:
            engine: that knows the log.
            log: a table of the engine: `nr`, the number of the row, and its text `t`.
            place: tells where a row stands.

        Raises:
            DataError: none of the texts is a time, or the unit cannot be known.
        """
        if self.form is not None:
            told = f"dates as {self.form}, UTC where no zone is written"
            self.notes.append(f"times: {self.column} holds {told}")
            return
        if self.unit == "day":
            return
        sample = f"(SELECT nr, t, number(t) AS n FROM {log} WHERE NOT {IS_MISSING} LIMIT {_SAMPLE})"
        if not engine.row(f"SELECT count(*) FROM {sample}")[0]:
            passed = f"(SELECT nr, t FROM {log} WHERE stripped(t) <> '' LIMIT 1)"
            if not self._given and engine.rows(f"SELECT nr FROM {passed}"):
                raise self._unknown(engine, passed, place)
            return
        recognised = _recognise(engine, sample)
        unit = self.unit or recognised
        if unit is None or not _readable(engine, sample, unit):
            if self._given and recognised and _readable(engine, sample, recognised):
                away = "leave --time_unit away"
                other = "convert the file with --user, --item and --time"
                self._refuse_others(engine, sample, place, away if self.by_flag else other)
            raise self._unknown(engine, sample, place)
        if not self._given:
            self._doubt(engine, unit, log, sample, place)
        if self.by_flag or not self._given:
            self.notes.append(f"times: {self.column} holds {TIME_UNITS[unit]}")
        self.unit = unit

    def check(self, engine: Engine, log: str, place: Place) -> None:
        """Refuse a time of another form.

        Args:
            engine: that knows the log.
            log: rows of it that count: `nr`, `t`, `n` and `seconds`.
            place: tells where a row stands.

        Raises:
            DataError: there is one.
        """
        if self.form is not None:
            past = f"({written_in_seconds(self.form)}) IS NOT NULL"
            wrong = f"SELECT nr, t FROM {log} WHERE seconds IS NULL AND NOT {IS_MISSING}"
            for at, text in engine.rows(f"{wrong} AND NOT {past} ORDER BY nr LIMIT 1"):
                raise DataError(
                    f"{place(at)}: {text[:40]!r} in {self.column} is no date as {self.form}; "
                    "correct or empty the cell, or correct --time_format."
                )
        elif self.unit is not None and not (self.unit in ("number", "day") and self._given):
            any_number = " OR n > 6e8" if self.unit == "number" else ""
            doubtful = f"(SELECT nr, t, n FROM {log} WHERE seconds IS NULL{any_number})"
            mend = how_to_mend(self.unit, by_flag=self.by_flag)
            self._refuse_others(engine, doubtful, place, mend)

    def _unknown(self, engine: Engine, texts: str, place: Place) -> DataError:
        at, text = engine.row(f"SELECT nr, t FROM {texts} ORDER BY nr LIMIT 1")
        return DataError(
            f"{place(at)}: no time is recognised in {self.column} (as {text[:40]!r}); "
            + how_to_read(engine, texts, self.unit, by_flag=self.by_flag)
        )

    def _doubt(self, engine: Engine, unit: str, log: str, sample: str, place: Place) -> None:
        """Refuse numbers that are more likely something else."""
        days = "n >= 25000 AND n < 80000"  # as Excel counts them; whole ones may be anything
        at, text, rows, found, excel, parted, ticks = engine.row(
            "SELECT min(nr), first(t), count(*), count(*) FILTER (n > 0), "
            f"count(*) FILTER ({days}), count(*) FILTER ({days} AND n % 1 > 0), "
            f"count(*) FILTER (n >= {TICKS_RANGE[0]} AND n < {TICKS_RANGE[1]}) FROM {sample}"
        )
        if unit == "nanoseconds" and 2 * ticks > rows:
            raise DataError(f"{place(at)}: {self.column} {TICKS_OR_NANOSECONDS}")
        if unit != "number":
            return
        if 2 * excel > found and 2 * parted > excel:
            raise DataError(
                f"{place(at)}: {self.column} seems to hold days as Excel counts them (as "
                f"{text[:40]!r}); save them as ISO dates, or write --time_unit=number to take "
                "them as they are."
            )
        # Behind so many rows without a number, zeros are rather no times.
        zeros = f"SELECT min(nr) FROM {log} WHERE nr < {_SAMPLE} AND number(t) = 0"
        if at >= _SAMPLE and (zero := engine.row(zeros)[0]) is not None:
            raise DataError(
                f"{place(zero)}: {self.column} begins with zeros, which mostly stand for no "
                f"time, and holds numbers of no known unit from {place(at)} on; write "
                "--time_unit=number to take 0 as a time."
            )

    def _refuse_others(self, engine: Engine, texts: str, place: Place, way_out: str) -> None:
        """Refuse what makes sense in another unit only."""
        others = [unit for unit in FORMS if unit != self.unit]
        looks = ", ".join(f"min(nr) FILTER ({FORMS[unit]})" for unit in others)
        firsts = zip(engine.row(f"SELECT {looks} FROM {texts}"), others, strict=True)
        found = [(at, unit) for at, unit in firsts if at is not None]
        if not found:
            return
        at, unit = min(found)
        (text,) = engine.row(f"SELECT t FROM {texts} WHERE nr = {at}")
        ours = f"but {self.column} must hold" if self._given else "the others like"
        raise DataError(
            f"{place(at)}: the time {text[:40]!r} looks like {TIME_UNITS[unit]}, {ours} "
            f"{TIME_UNITS[str(self.unit)]}; {way_out}."
        )


def _recognise(engine: Engine, sample: str) -> str | None:
    """Return the unit of the times; None if nothing looks like a time."""
    units = [*PER_SECOND, *DIGITS]
    counts = ", ".join(f"count({in_seconds(unit)})" for unit in units)
    found, isos, zoned, *counted = engine.row(
        f"SELECT count(*) FILTER (n > 0), count(*) FILTER ({IS_DATED}), "
        f"first({IS_ZONED}) FILTER ({IS_DATED}), {counts} FROM {sample}"
    )
    count = dict(zip(units, counted, strict=True))
    if isos > found:
        return "iso_zone" if zoned else "iso"
    likely = max(PER_SECOND, key=count.__getitem__)
    # Zeros and other odd values are many in real logs, hence the tenth.
    if count[likely] and count[likely] >= 0.1 * found:
        return likely
    if not found:
        return None
    return next((unit for unit in DIGITS if count[unit] >= 0.9 * found), "number")


def _readable(engine: Engine, sample: str, unit: str) -> bool:
    """Tell whether texts are of a unit; one out of its range is told or counted later."""
    return unit in PER_SECOND or bool(
        engine.row(f"SELECT count({in_seconds(unit)}) FROM {sample}")[0]
    )
