"""`did you mean ...`: the known name that is nearest to what was typed."""

import difflib
from collections.abc import Iterable

__all__ = ["did_you_mean", "nearest"]

# difflib's default, enough for one or two wrong letters in the names used here.
_SIMILARITY = 0.6


def nearest(name: str, known: Iterable[str], similarity: float = _SIMILARITY) -> str | None:
    """Return the known name that looks most like `name`, if one is similar enough (1: equal).

    Letter case and `-` against `_` are not counted as differences.
    """
    plain = {_fold(candidate): candidate for candidate in sorted(known)}
    matches = difflib.get_close_matches(_fold(name), plain, n=1, cutoff=similarity)
    return plain[matches[0]] if matches else None


def did_you_mean(name: str, known: Iterable[str], prefix: str = "") -> str:
    """Return `; did you mean <prefix><name>?`, or an empty text if nothing is near."""
    suggestion = nearest(name, known)
    return f"; did you mean {prefix}{suggestion}?" if suggestion else ""


def _fold(name: str) -> str:
    return name.lower().replace("-", "_")
