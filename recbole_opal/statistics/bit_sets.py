"""Small sets as bits of words, so that whether two share a member is one comparison a word."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["bit_sets"]

_BITS = 62  # of an int64; the sign and one more stay free


def bit_sets(members: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the sets of rows of (N, T) members from 1, 0 = none, as (N, W) words.

    Two rows share a member where the bitwise and of their words is not 0. W grows with the largest
    member, 62 a word.
    """
    largest = int(members.max(initial=0))
    words = np.zeros((len(members), largest // _BITS + 1), dtype=np.int64)
    rows = np.arange(len(members))
    for column in members.T:
        bits = np.where(column > 0, np.int64(1) << (column % _BITS), 0)
        words[rows, column // _BITS] |= bits
    return words
