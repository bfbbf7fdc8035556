"""What to write where times cannot be read; it works when it is followed."""

from __future__ import annotations

import shlex

import pandas as pd

from recbole_opal.conversion.time_forms import PER_SECOND, is_missing
from recbole_opal.conversion.written_dates import likely_formats

__all__ = ["how_to_mend", "how_to_read"]

_PLAIN = "give seconds, milliseconds or ISO dates as 2024-01-31T12:00:00+00:00"


def how_to_read(texts: pd.Series, unit: str | None, *, by_flag: bool) -> str:
    """Return what to do about texts that are no times, as the end of an error.

    Args:
        texts: (n,) text, n >= 1.
        unit: what `--time_unit` says, or None.
        by_flag: whether the user can name the form with a flag.
    """
    if not by_flag:
        return f"{_PLAIN}, or convert the file with --user, --item, --time and --time_format."
    there = [not is_missing(text) for text in texts]
    if not any(there):
        return f"{_PLAIN}, or write --time_unit=number to take numbers as they are."
    formats = [f"--time_format={shlex.quote(form)}" for form in likely_formats(texts[there])]
    end = f" in the place of --time_unit={unit}" if unit else ""
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
    """Return what to do about a time of another form than the others, as the end of an error.

    Args:
        unit: of the others.
        by_flag: whether the user can name the unit with a flag.
    """
    start = "correct the file so that its times have one form"
    if not by_flag:
        other = "convert the file with --user, --item, --time and --time_unit=number"
        return f"{start}, or {other}"
    if unit in (*PER_SECOND, "number"):
        return f"{start}, or write --time_unit=number to take all numbers as they are"
    return start
