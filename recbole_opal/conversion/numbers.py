"""Text to numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

__all__ = ["to_numbers"]

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.ASCII | re.IGNORECASE)


def to_numbers(texts: Iterable[str]) -> npt.NDArray[np.float64]:
    """Return (n,) float64, correctly rounded; NaN where a text is no finite number.

    `pandas.to_numeric` is not used: it is off by a unit or two in the last place, reads
    `1e4294967296` as 1 and dies of `1e2147483648` (pandas 2.3).

    Args:
        texts: n texts; white space around a number is allowed.
    """
    filled = [text or "nan" for text in texts]
    if not _has_digits_of_python(filled):
        try:
            return _finite(np.fromiter(map(float, filled), np.float64, len(filled)))
        except ValueError:
            pass
    read = (float(text) if _NUMBER.fullmatch(text) else np.nan for text in filled)
    return _finite(np.fromiter(read, np.float64, len(filled)))


def _has_digits_of_python(texts: list[str]) -> bool:
    """Tell whether `float` may take a text that is no number in a file: `1_000`, Arabic digits."""
    joined = "\n".join(texts)
    return "_" in joined or not joined.isascii()


def _finite(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(np.isfinite(values), values, np.nan)
