"""Times of a log, and titles with names of the user's, as tables on the screen show them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from rich.text import Text

__all__ = ["moment", "plain_title", "shown_times"]

_DAY = 86_400.0
_ENDLESS = 1e11  # seconds; beyond it the calendar of Python ends


def shown_times(first: float, last: float, *, dated: bool) -> list[tuple[str, str]]:
    """Return the first and the last time of a log and the span between, as rows of a table.

    Args:
        first: seconds, or a number.
        last: the same.
        dated: whether they are seconds since 1970, and no numbers that only tell an order.
    """
    show = moment if dated else "{:.15g}".format
    span = f"{(last - first) / _DAY:,.1f} days" if dated else f"{last - first:.15g}"
    return [("first", show(first)), ("last", show(last)), ("span", span)]


def moment(seconds: float) -> str:
    """Return a time as `2022-04-11 12:00:00 UTC`, or as a number where that makes no sense.

    Args:
        seconds: since 1970.
    """
    if not 0 <= seconds < _ENDLESS:
        return f"{seconds:g}"
    start = datetime(1970, 1, 1, tzinfo=timezone.utc)
    return f"{start + timedelta(seconds=int(seconds)):%Y-%m-%d %H:%M:%S} UTC"


def plain_title(text: str) -> Text:
    """Return the title of a table, in which square brackets are no markup.

    Args:
        text: with a name of the user's.
    """
    return Text(text, style="table.title")
