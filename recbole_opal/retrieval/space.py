"""The vectors as Faiss is given them: padded, and of one length where a kind needs that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recbole_opal.retrieval.scores import ItemVectors

__all__ = ["Space"]

_CHUNK = 2**16
_EQUAL_LENGTHS = 0.999
"""Shortest over longest vector above which lengths count as equal."""

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Space:
    """Maps items and queries into the space of an index, and its results back to inner products.

    Where items differ in length, the largest inner product is not the smallest distance, which is
    what k-means cuts the space by. One more coordinate, `sqrt(radius^2 - |item|^2)`, gives them one
    length; it is 0 in queries, so that the order of distances is that of inner products (Bachrach
    et al., Speeding Up the Xbox Recommender System, 2014, section 3.3).

    Lists around centroids gain by it, a graph may lose, since the coordinate then dominates the
    distances between items: of 100,000 clustered items whose lengths are log-normal with spread
    0.5, 32 of 1,264 lists hold 0.97 of the best 50 with it and 0.91 without; HNSW at `ef_search`
    256 finds 0.36 with it and 0.84 without. With spread 0.15 HNSW finds 0.96 and 0.91. So a graph
    is walked by inner products as they are, and lists are the better kind where lengths differ.

    Attributes:
        width: D of the items.
        padded: of the index; zeros fill up, which changes no product.
        radius: largest length of an item; None: items are taken as they are.
    """

    width: int
    padded: int
    radius: float | None = None

    @classmethod
    def of(cls, items: ItemVectors, *, one_length: bool = False, multiple: int = 1) -> Space:
        """Return the space of a table: `one_length` for k-means, `multiple` divides the width."""
        radius = items.largest_norm if one_length and not _equally_long(items.table) else None
        width = items.table.shape[1]
        needed = width + (radius is not None)
        return cls(width, -(-needed // multiple) * multiple, radius)

    def items(self, table: Tensor) -> Vectors:
        """Return the `(N - 1, padded)` items behind the padding row."""
        found = np.zeros((len(table) - 1, self.padded), dtype=np.float32)
        for start in range(0, len(found), _CHUNK):
            part = table[1 + start : 1 + start + _CHUNK]
            found[start : start + len(part), : self.width] = part.float().cpu().numpy()
            if self.radius is not None:
                squares = part.double().square().sum(dim=1)
                rest = (self.radius**2 - squares).clamp_min(0).sqrt()
                found[start : start + len(part), self.width] = rest.cpu().numpy()
        return found

    def queries(self, queries: Tensor) -> Vectors:
        """Return `(Q, D)` queries as `(Q, padded)`."""
        found = np.zeros((len(queries), self.padded), dtype=np.float32)
        found[:, : self.width] = queries.float().cpu().numpy()
        return found

    def products(self, found: Vectors, queries: Vectors) -> Vectors:
        """Return the inner products behind `(Q, n)` results of the index."""
        if self.radius is None:
            return found
        squares = np.square(queries, dtype=np.float64).sum(axis=1, keepdims=True)
        # |query - item|^2 = |query|^2 + radius^2 - 2 <query, item>
        products: Vectors = ((squares + self.radius**2 - found) / 2).astype(np.float32)
        return products

    def metric(self, faiss: Any) -> int:
        """Return Faiss's number for what the index compares by."""
        euclidean = self.radius is not None
        return int(faiss.METRIC_L2 if euclidean else faiss.METRIC_INNER_PRODUCT)


def _equally_long(table: Tensor) -> bool:
    """Tell whether all items have one length, up to rounding, as unit vectors do."""
    lengths = torch.linalg.vector_norm(table[1:], dim=1)
    return not len(lengths) or bool(lengths.min() >= _EQUAL_LENGTHS * lengths.max())
