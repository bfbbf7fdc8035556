"""Lengths of time as people say them."""

__all__ = ["clock", "duration"]


def duration(seconds: float) -> str:
    """Return a length of time in a fitting unit, at least a second."""
    if seconds < 120:
        return f"{max(seconds, 1):.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def clock(seconds: float) -> str:
    """Return a length of time as a clock that runs down shows it: 0:48, 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
