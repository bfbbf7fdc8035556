"""The distinct ids of a long column, in eight bytes each."""

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["KnownIds"]

_MERGED_ROWS = 1_000_000  # at least so many new ids are collected before the next merge


class KnownIds:
    """A set of texts that keeps their 64-bit hashes alone.

    Python's own set takes some 110 bytes an id, which for tens of millions is more than the rest.
    Two of ten million ids share a hash with probability 3e-6; the count is then one too small.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._known = np.empty(0, dtype=np.uint64)  # sorted
        self._new: list[npt.NDArray[np.uint64]] = []

    def add(self, ids: pd.Series) -> npt.NDArray[np.uint64]:
        """Take in ids.

        Args:
            ids: (n,) text.

        Returns:
            (n,) their hashes.
        """
        places, distinct = pd.factorize(ids)
        hashes = _hashes(pd.Series(distinct, dtype=object))
        self._new.append(hashes)
        if sum(map(len, self._new)) > max(_MERGED_ROWS, len(self._known) // 2):
            self._merge()
        rows: npt.NDArray[np.uint64] = hashes[places]
        return rows

    def __len__(self) -> int:
        """Return how many distinct ids there are."""
        self._merge()
        return len(self._known)

    def holds(self, ids: pd.Series) -> npt.NDArray[np.bool_]:
        """Return (n,) True where an id is known.

        Args:
            ids: (n,) text.
        """
        self._merge()
        if not len(self._known):
            return np.zeros(len(ids), dtype=bool)
        hashes = _hashes(ids)
        places = np.minimum(np.searchsorted(self._known, hashes), len(self._known) - 1)
        known: npt.NDArray[np.bool_] = self._known[places] == hashes
        return known

    def _merge(self) -> None:
        if self._new:
            merged = np.sort(np.concatenate([self._known, *self._new]))
            self._known = merged[np.append(True, merged[1:] != merged[:-1])[: len(merged)]]
            self._new = []


def _hashes(ids: pd.Series) -> npt.NDArray[np.uint64]:
    # `categorize` would hash distinct ids once; here they mostly are distinct.
    return pd.util.hash_array(ids.to_numpy(object), categorize=False)
