"""Dates as people write them, 31/01/2024: read by a format that is given, never by a guess."""

from __future__ import annotations

import re
import shlex
from datetime import datetime, timezone
from itertools import product

from recbole_opal.conversion.time_forms import IS_MISSING
from recbole_opal.data.atomic_files.time_units import PER_SECOND
from recbole_opal.errors import DataError, SettingsError
from recbole_opal.sql import Engine, literal, opened_engine

__all__ = ["check_format", "how_to_mend", "how_to_read", "likely_formats", "written_in_seconds"]

_DATES = (
    *(sign.join(order) for sign in "/.-" for order in (("%d", "%m", "%Y"), ("%m", "%d", "%Y"))),
    *(sign.join(("%Y", "%m", "%d")) for sign in "/.-"),
    *(sign.join(order) for sign in "/.-" for order in (("%d", "%m", "%y"), ("%m", "%d", "%y"))),
    *("%d %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%b %d %Y", "%b %d, %Y", "%d-%b-%y"),
    *("%d %B %Y", "%B %d, %Y", "%B %d %Y"),
)
_CLOCKS = ("", " %H:%M:%S", " %H:%M", " %H:%M:%S.%f", " %I:%M:%S %p", " %I:%M %p", ", %H:%M:%S")
_WHOLE = ("%a %b %d %H:%M:%S %z %Y", "%a %b %d %H:%M:%S %Y", "%d/%b/%Y:%H:%M:%S %z")
_LONG = {"%c": "%a %b %d %H:%M:%S %Y", "%x": "%m/%d/%y", "%X": "%H:%M:%S"}  # of strptime alone
_MOMENT = datetime(2021, 12, 31, tzinfo=timezone.utc)  # no part of it equals another
_PLAIN = "give seconds, milliseconds or ISO dates as 2024-01-31T12:00:00+00:00"


def check_format(form: str) -> None:
    """Check that what `--time_format` says tells day, month and year.

    Raises:
        SettingsError: it does not.
    """
    import duckdb

    seconds = None
    try:
        with opened_engine() as engine:
            text = literal(_MOMENT.strftime(form))
            (seconds,) = engine.row(f"SELECT {written_in_seconds(form)} FROM (SELECT {text} AS t)")
    except (ValueError, duckdb.Error, DataError):
        pass
    if seconds != _MOMENT.timestamp():
        raise SettingsError(
            f"--time_format={form} does not tell day, month and year; write for example "
            "--time_format=%d/%m/%Y, with a time '%d.%m.%Y %H:%M:%S'."
        )


def written_in_seconds(form: str) -> str:
    """Return SQL for the seconds since 1970 of a text `t`, UTC where no zone is written, or NULL.

    Args:
        form: with the signs of `strptime`.
    """
    form = re.sub(r"%(.)", lambda sign: _LONG.get(sign[0], sign[0]), " ".join(form.split()))
    text = r"regexp_replace(stripped(t), '[\s\p{Z}]+', ' ', 'g')"
    if form.endswith("%z"):
        text = f"regexp_replace({text}, 'Z$', '+00:00')"
    return f"epoch_us(try_strptime({text}, {literal(form)})) / 1e6"


def likely_formats(engine: Engine, texts: str) -> list[str]:
    """Return the formats by which all of some texts can be read; several where that is ambiguous.

    Args:
        engine: that knows the texts.
        texts: a table of the engine, its column `t` being text.
    """
    (first,) = engine.row(f"SELECT stripped(t) FROM {texts} LIMIT 1")
    if not re.search(r"\d", first):
        return []
    fits = [*("".join(pair) for pair in product(_DATES, _CLOCKS)), *_WHOLE]
    # One text first: most formats fail there. Times before 1970 are negative, which no run takes.
    for some in (f"(SELECT t FROM {texts} LIMIT 1)", texts):
        if fits:
            read = ", ".join(f"bool_and(({written_in_seconds(one)} >= 0) IS TRUE)" for one in fits)
            fit = engine.row(f"SELECT {read} FROM {some}")
            fits = [one for one, good in zip(fits, fit, strict=True) if good]
    return list({form.replace("%B", "%b"): form for form in reversed(fits)}.values())[::-1]


def how_to_read(engine: Engine, texts: str, unit: str | None, *, by_flag: bool) -> str:
    """Return what to do about texts that are no times, as the end of an error.

    Args:
        engine: that knows the texts.
        texts: a table of the engine, its column `t` being text; at least one row.
        unit: what `--time_unit` says, or None.
        by_flag: whether the user can name the form with a flag.
    """
    if not by_flag:
        return f"{_PLAIN}, or convert the file with --user, --item, --time and --time_format."
    there = f"(SELECT t FROM {texts} WHERE NOT {IS_MISSING})"
    if not engine.row(f"SELECT count(*) FROM {there}")[0]:
        return f"{_PLAIN}, or write --time_unit=number to take numbers as they are."
    end = f" in the place of --time_unit={unit}" if unit else ""
    formats = [f"--time_format={shlex.quote(form)}" for form in likely_formats(engine, there)]
    if len(formats) > 1:
        day, month = formats[:2]
        return f"give {day}{end} if the day stands first, {month} if the month does."
    if formats:
        return f"give {formats[0]}{end}."
    return (
        f"{_PLAIN}, write the form of the dates as --time_format=%d/%m/%Y{end}, or write "
        "--order=file in the place of --time if the rows stand in their order."
    )


def how_to_mend(unit: str | None, *, by_flag: bool) -> str:
    """Return what to do about a time of another form than the others, which are of a unit."""
    start = "correct the file so that its times have one form"
    if not by_flag:
        other = "convert the file with --user, --item, --time and --time_unit=number"
        return f"{start}, or {other}"
    if unit in (*PER_SECOND, "number"):
        return f"{start}, or write --time_unit=number to take all numbers as they are"
    return start
