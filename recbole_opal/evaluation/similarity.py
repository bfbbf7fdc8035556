"""How alike the items of a list are, judged by who has watched them, whatever model made the list.

Source: C. Ziegler et al., Improving recommendation lists through topic diversification, WWW 2005,
here as a mean over pairs and with the items' audience in the place of topics. The OPAL authors'
code holds a helper of the same kind, a mean of a pointwise mutual information.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

__all__ = ["AudienceSimilarity"]

Lists = npt.NDArray[np.int32]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
Sums = dict[int, FloatArray]

_MOST_COSINES = 2**25
"""Most pairwise cosines that are kept, float32 (128 MiB): 5,792 items."""
_BLOCK = 256
"""Items whose cosines with all others are computed at a time."""
_CHUNK_COSINES = 2**20
"""Cosines of lists gathered at a time."""
_CHUNK_ENTRIES = 2**21
"""Most entries of a chunk's summed vectors, unless one list alone has more: 100 MiB in all."""


class AudienceSimilarity:
    """Intra-list similarity over (R,) training interactions, N items with the padding.

    It is the mean over a list's pairs of items of the cosine between their sets of training users,
    `|U_i & U_j| / sqrt(|U_i| |U_j|)`, in [0, 1]; lower is more diverse. Items without a training
    user are similar to nothing, and fills are left out.

    Where the items of all lists are few enough, their cosines are computed once and looked up.
    Where they are many, no `N x N` matrix is made: with `x_i` the normalised indicator vector of
    `U_i`, the sum over ordered pairs is `|sum of x_i|^2` less the items' own products.
    """

    def __init__(self, users: IntArray, items: IntArray, num_items: int) -> None:
        pairs = np.unique(np.stack([items, users], axis=1), axis=0)
        self._sizes = np.bincount(pairs[:, 0], minlength=num_items)
        values = 1.0 / np.sqrt(self._sizes[pairs[:, 0]])
        shape = (num_items, int(users.max(initial=0)) + 1)
        self._vectors = csr_matrix((values, (pairs[:, 0], pairs[:, 1])), shape=shape)

    def of_lists(self, items: Lists, topk: Sequence[int]) -> dict[str, FloatArray]:
        """Return `intra_list_similarity@k` of (E, k) lists to (E,), NaN below two items."""
        listed = np.unique(items)
        few = len(listed) ** 2 <= _MOST_COSINES
        sums = self._by_cosines(items, topk, listed) if few else self._by_sums(items, topk)
        return {
            f"intra_list_similarity@{k}": self._mean_over_pairs(sums[k], items[:, :k]) for k in topk
        }

    def _by_cosines(self, items: Lists, topk: Sequence[int], listed: Lists) -> Sums:
        """Return k to `(E,)`, the sum of the cosines of all ordered pairs, own ones included."""
        vectors = self._vectors[listed].astype(np.float32)
        cosines = np.empty((len(listed), len(listed)), dtype=np.float32)
        for start in range(0, len(listed), _BLOCK):
            rows = slice(start, start + _BLOCK)
            (vectors[rows] @ vectors.T).toarray(out=cosines[rows])
        places = np.searchsorted(listed, items)
        found = {k: np.empty(len(items)) for k in topk}
        step = max(1, _CHUNK_COSINES // max(topk) ** 2)
        for start in range(0, len(items), step):
            rows = slice(start, start + step)
            for k in topk:
                own = places[rows, :k]
                pairs = cosines[own[:, :, None], own[:, None, :]]  # (R, k, k)
                found[k][rows] = pairs.sum(axis=(1, 2), dtype=np.float64)
        return found

    def _by_sums(self, items: Lists, topk: Sequence[int]) -> Sums:
        """Return the same from the summed vectors of each list."""
        found = {k: np.empty(len(items)) for k in topk}
        for rows in self._chunks(items[:, : max(topk)]):
            total, done = None, 0
            for k in sorted(topk):
                part = self._sums(items[rows, done:k])
                total, done = (part if total is None else total + part), k
                squares = csr_matrix((total.data**2, total.indices, total.indptr), total.shape)
                found[k][rows] = np.asarray(squares.sum(axis=1), dtype=np.float64).ravel()
        return found

    def _mean_over_pairs(self, squared: FloatArray, items: Lists) -> FloatArray:
        counts = (items > 0).sum(axis=1)
        own = (self._sizes[items] > 0).sum(axis=1)  # |x_i| is 1, or 0 without a training user
        pairs = np.where(counts > 1, counts * (counts - 1), np.nan)
        means: FloatArray = np.maximum(squared - own, 0.0) / pairs
        return means

    def _sums(self, items: Lists) -> csr_matrix:
        """Return the sum of the item vectors of each row, (R, U); fills add nothing."""
        rows, width = items.shape
        ends = np.arange(0, rows * width + 1, width)
        chosen = (np.ones(rows * width), items.ravel(), ends)
        return csr_matrix(chosen, shape=(rows, self._vectors.shape[0])) @ self._vectors

    def _chunks(self, items: Lists) -> Iterator[slice]:
        """Cut the rows so that the audiences of a chunk's items stay within the bound."""
        entries = np.cumsum(self._sizes[items].sum(axis=1))
        start = 0
        while start < len(items):
            before = entries[start - 1] if start else 0
            fitting = int(np.searchsorted(entries, before + _CHUNK_ENTRIES, side="right"))
            end = max(start + 1, fitting)
            yield slice(start, end)
            start = end
