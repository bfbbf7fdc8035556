"""Dates as people write them, 31/01/2024: read by a format that is given, never by a guess."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.errors import SettingsError

__all__ = ["check_format", "likely_formats", "read_dates"]

_DATES = (
    *(sign.join(order) for sign in "/.-" for order in (("%d", "%m", "%Y"), ("%m", "%d", "%Y"))),
    *(sign.join(("%Y", "%m", "%d")) for sign in "/.-"),
    *(sign.join(order) for sign in "/.-" for order in (("%d", "%m", "%y"), ("%m", "%d", "%y"))),
    *("%d %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%b %d %Y", "%b %d, %Y", "%d-%b-%y"),
    *("%d %B %Y", "%B %d, %Y", "%B %d %Y"),
)
_CLOCKS = ("", " %H:%M:%S", " %H:%M", " %H:%M:%S.%f", " %I:%M:%S %p", " %I:%M %p", ", %H:%M:%S")
_WHOLE = ("%a %b %d %H:%M:%S %z %Y", "%a %b %d %H:%M:%S %Y", "%d/%b/%Y:%H:%M:%S %z")
_DIGIT = re.compile(r"\d")
_MOMENT = datetime(2021, 12, 31, tzinfo=timezone.utc)  # no part of it equals another


def check_format(form: str | None) -> None:
    """Check that a format tells the day, the month and the year.

    Args:
        form: what `--time_format` says, or None.

    Raises:
        SettingsError: it does not.
    """
    if form is None:
        return
    try:
        seconds = read_dates(pd.Series([_MOMENT.strftime(form)], dtype=object), form)[0]
    except (ValueError, re.error):
        seconds = np.nan
    if seconds != _MOMENT.timestamp():
        raise SettingsError(
            f"--time_format={form} does not tell day, month and year; write for example "
            "--time_format=%d/%m/%Y, with a time '%d.%m.%Y %H:%M:%S'."
        )


def likely_formats(texts: pd.Series) -> list[str]:
    """Return the formats by which all of some texts can be read; several where that is ambiguous.

    Args:
        texts: (n,) text, n >= 1.
    """
    some = texts.str.strip().drop_duplicates()
    if not _DIGIT.search(some.iloc[0]):
        return []
    fits: dict[str, str] = {}
    for form in (*("".join(pair) for pair in product(_DATES, _CLOCKS)), *_WHOLE):
        # One text first: most formats fail there.
        if _fit(some.iloc[:1], form) and _fit(some, form):
            fits.setdefault(form.replace("%B", "%b"), form)  # May is short and long
    return list(fits.values())


def read_dates(texts: pd.Series, form: str) -> npt.NDArray[np.float64]:
    """Return (n,) seconds since 1970, UTC where no zone is written; NaN where a text does not fit.

    Args:
        texts: (n,) text.
        form: with the signs of `strptime`.
    """
    moments = pd.to_datetime(texts.str.strip(), format=form, utc=True, errors="coerce")
    whole = moments.dt.tz_localize(None).to_numpy("datetime64[us]")
    return np.where(np.isnat(whole), np.nan, whole.astype(np.int64) / 1e6)


def _fit(texts: pd.Series, form: str) -> bool:
    # Times before 1970 are negative, which no run takes.
    return bool((read_dates(texts, form) >= 0).all())
