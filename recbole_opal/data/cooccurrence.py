"""Where item vectors may start: items met near each other in the same histories lie together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recbole_opal.data.training_part import TrainingPart
from recbole_opal.data.user_sequences import IntArray

__all__ = ["cooccurrence_vectors", "normalised_counts"]

FloatArray = npt.NDArray[np.float64]

_MOST_PAIRS = 20_000_000
"""Pairs that are counted at most; of more, those of users drawn at random."""
_EXTRA, _PASSES = 16, 4  # directions beyond the width, and passes over the matrix, that find them
_NOISE = 0.01  # length of what tells apart items that are met in the same places


def cooccurrence_vectors(
    training: TrainingPart,
    num_items: int,
    width: int,
    *,
    window: int,
    seed: int,
) -> npt.NDArray[np.float32]:
    """Return unit vectors, (N, D), whose inner products tell how often items are met together.

    The D strongest directions of `normalised_counts` (the spectral embedding of Ng, Jordan & Weiss
    2001), each times the root of its strength, found by random projections (Halko, Martinsson &
    Tropp 2011). Items that are met with no other get random vectors; row 0, padding, is zero. At
    most 20 million pairs are counted, and nothing is larger than a few times them or N (D + 16)
    numbers.

    Args:
        training: the interactions; items are in [1, N).
        num_items: N, with the padding item 0.
        width: D.
        window: how many places apart two items still count as met together.
        seed: of the random projections and the random vectors; no other generator is asked.
    """
    random = np.random.default_rng([seed, num_items, width])
    users, items = _bounded(training, window, random)
    matrix = normalised_counts(users, items, num_items, window)
    noise = random.standard_normal((num_items, width))
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    found = _unit(_strongest_directions(matrix, width, random))
    vectors = _unit(np.where(found.any(axis=1, keepdims=True), found + _NOISE * noise, noise))
    vectors[0] = 0.0
    return vectors.astype(np.float32)


def normalised_counts(
    users: IntArray, items: IntArray, num_items: int, window: int
) -> sparse.csr_matrix:
    """Return `n_ij / sqrt(n_i n_j)`, (N, N), 0 on the diagonal.

    n_ij is how often items i and j stand at most `window` places apart in a user's history, n_i
    the sum over j. Positive pointwise mutual information of the same counts gave vectors that
    found less, of two data sets' validation parts, before any training.
    """
    counts = sparse.csr_matrix((num_items, num_items), dtype=np.float64)
    for distance in range(1, min(window, max(len(items) - 1, 0)) + 1):
        left, right = items[:-distance], items[distance:]
        near = (users[:-distance] == users[distance:]) & (left != right)
        pairs = left[near], right[near]
        counts += sparse.csr_matrix((np.ones(len(pairs[0])), pairs), shape=counts.shape)
    table = counts + counts.T
    sums = np.asarray(table.sum(axis=1)).ravel()
    scale = sparse.diags(np.where(sums > 0, 1 / np.sqrt(np.maximum(sums, 1.0)), 0.0))
    return sparse.csr_matrix(scale @ table @ scale)


def _bounded(
    training: TrainingPart, window: int, random: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Return the interactions of users drawn at random, so many that the pairs keep the bound."""
    share = _MOST_PAIRS / max(len(training) * window, 1)
    if share >= 1:
        return training.columns()
    return training.columns(random.random(training.largest_user + 1) < share)


def _strongest_directions(
    matrix: sparse.csr_matrix, width: int, random: np.random.Generator
) -> FloatArray:
    """Return the first eigenvectors of a symmetric matrix, (N, D), times the roots of their values.

    A negative value gives a column of zeros, as does a width beyond N.
    """
    size = matrix.shape[0]
    taken = min(width + _EXTRA, size)
    basis = random.standard_normal((size, taken))
    for _ in range(_PASSES):
        basis = np.linalg.qr(matrix @ basis)[0]
    values, turns = np.linalg.eigh(basis.T @ (matrix @ basis))  # ascending
    strongest = slice(None, -width - 1, -1)
    columns = basis @ turns[:, strongest] * np.sqrt(values[strongest].clip(min=0.0))
    found: FloatArray = np.zeros((size, width))
    found[:, : columns.shape[1]] = columns
    return found


def _unit(rows: FloatArray) -> FloatArray:
    """Return rows at unit length; one that is next to zero becomes zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    least = 1e-9 * lengths.max(initial=0.0)
    return np.where(lengths > least, rows / np.maximum(lengths, 1e-300), 0.0)
