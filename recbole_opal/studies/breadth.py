"""How broad a history is: the entropy of the categories of its items, or of clusters of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import LinearOperator, svds

__all__ = ["co_visit_clusters", "entropies", "history_matrix"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_DIRECTIONS, _ROUNDS = 16, 25


def history_matrix(items: IntArray, lengths: IntArray, num_items: int) -> csr_matrix:
    """Return how often each of E users met each of N items, (E, N).

    Args:
        items: (R,) ids, the users' histories one behind the other.
        lengths: (E,) of the histories, which add up to R.
        num_items: N.
    """
    owners = np.repeat(np.arange(len(lengths)), lengths)
    values = np.ones(len(items))
    return csr_matrix((values, (owners, items)), shape=(len(lengths), num_items))


def entropies(histories: csr_matrix, items: IntArray, groups: IntArray) -> FloatArray:
    """Return the entropy of the groups in each history in nats, (E,); NaN where no item has one.

    Args:
        histories: (E, N) counts.
        items: (P,) the item of each pair; an item with several groups belongs to each in part.
        groups: (P,) its group, from 0.
    """
    count = int(groups.max(initial=0)) + 1
    shape = (histories.shape[1], count)
    belongs = csr_matrix((np.ones(len(items)), (items, groups)), shape=shape)
    parts = np.asarray(belongs.sum(axis=1)).ravel()
    belongs = diags(1 / np.maximum(parts, 1)) @ belongs
    mass = csr_matrix(histories @ belongs)  # (E, C)
    mass.eliminate_zeros()
    totals = np.asarray(mass.sum(axis=1)).ravel()
    owners = np.repeat(np.arange(mass.shape[0]), np.diff(mass.indptr))
    shares = mass.data / totals[owners]
    found = np.bincount(owners, -shares * np.log(shares), minlength=mass.shape[0])
    return np.where(totals > 0, np.maximum(found, 0), np.nan)


def co_visit_clusters(histories: csr_matrix, clusters: int = 20) -> tuple[IntArray, IntArray]:
    """Return items and the cluster of each: items of a cluster are met by the same users.

    No model and no text: spherical k-means in the leading singular vectors of the normalised user
    x item matrix without the first pair, which is popularity. Items that no history holds have
    no cluster.

    Source: I. Dhillon, Co-clustering documents and words using bipartite spectral graph
    partitioning, KDD 2001; here with farthest-first centres, so that nothing is drawn at random.
    """
    met = csr_matrix((np.ones(histories.nnz), histories.indices, histories.indptr), histories.shape)
    counts = np.asarray(met.sum(axis=0)).ravel()
    known = np.flatnonzero(counts)
    met, counts = csr_matrix(met[:, known]), counts[known]
    rank = min(_DIRECTIONS, min(met.shape) - 2)
    if rank < 1:  # nothing to tell items apart by
        return known.astype(np.int64), np.zeros(len(known), dtype=np.int64)
    start = np.random.default_rng(0).standard_normal(min(met.shape))
    _, strengths, right = svds(_without_popularity(met, counts), k=rank, v0=start)
    order = np.argsort(-strengths, kind="stable")
    vectors = (strengths[order, None] * right[order]).T / counts[:, None] ** 0.5
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return known.astype(np.int64), _spherical_means(vectors, counts, min(clusters, len(known)))


def _without_popularity(met: csr_matrix, counts: FloatArray) -> LinearOperator:
    """Return the normalised matrix less its first singular pair, by the pair's known form.

    The first of those that a solver finds is that pair only where the matrix hangs together: else
    each part has a singular value of 1, and what comes first is any mixture of theirs.
    """
    sizes = np.asarray(met.sum(axis=1)).ravel()
    normalised = csr_matrix(diags(np.maximum(sizes, 1) ** -0.5) @ met @ diags(counts**-0.5))
    across = csr_matrix(normalised.T)
    users, items = (sizes / sizes.sum()) ** 0.5, (counts / counts.sum()) ** 0.5
    return LinearOperator(
        met.shape,
        dtype=np.float64,
        matvec=lambda column: normalised @ column.ravel() - users * (items @ column.ravel()),
        rmatvec=lambda column: across @ column.ravel() - items * (users @ column.ravel()),
    )


def _spherical_means(vectors: FloatArray, weights: FloatArray, clusters: int) -> IntArray:
    """Return the cluster of each of (N, D) unit vectors, weighted by how often they were met."""
    centres = vectors[[int(weights.argmax())]]
    nearest = vectors @ centres[0]
    for _ in range(clusters - 1):
        farthest = int(((1 - nearest) * weights**0.5).argmax())
        centres = np.vstack([centres, vectors[farthest]])
        nearest = np.maximum(nearest, vectors @ vectors[farthest])
    for _ in range(_ROUNDS):
        own = (vectors @ centres.T).argmax(axis=1)
        places = np.arange(len(own))
        weighted = csr_matrix((weights, (own, places)), shape=(clusters, len(own))) @ vectors
        lengths = np.linalg.norm(weighted, axis=1, keepdims=True)
        # An empty cluster keeps its centre.
        moved = np.where(lengths > 0, weighted / np.maximum(lengths, 1e-12), centres)
        if np.allclose(moved, centres):
            break
        centres = moved
    return np.asarray((vectors @ centres.T).argmax(axis=1), dtype=np.int64)
