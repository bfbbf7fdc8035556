"""Ranks of given items among all candidates, blocked over items, as GAUC needs them."""

import torch
from torch import Tensor

from recbole_opal.errors import RetrievalError
from recbole_opal.retrieval.exact import DEFAULT_BLOCK_SIZE
from recbole_opal.retrieval.pairs import ExcludedPairs, Pairs, check_pairs
from recbole_opal.retrieval.scores import (
    ItemVectors,
    block_scores,
    candidate_scores,
    check_interests,
)
from recbole_opal.retrieval.scoring import MAXIMUM, Scoring

__all__ = ["average_ranks", "average_ranks_of_scores"]

_CHUNK_ELEMENTS = 2**22
"""Float32 elements of one comparison (16 MiB, and as many booleans)."""


def average_ranks(
    interests: Tensor,
    items: Tensor,
    positives: Pairs,
    *,
    exclude: Pairs | None = None,
    block_size: int = DEFAULT_BLOCK_SIZE,
    scoring: Scoring = MAXIMUM,
) -> Tensor:
    """Return `(P,)` float64, the rank of each positive among its row's candidates.

    Candidates are all items but the padding and the row's excluded ones. The best has rank 1 and
    equal scores share the mean of their ranks (Wilcoxon; as RecBole's GAUC). A positive that is no
    candidate is a RetrievalError. No `(B, N)` tensor is made.
    """
    vectors = ItemVectors.of(items)
    table, queries = vectors.table, check_interests(interests, vectors, 1)
    rows, ids = check_pairs(positives, len(queries), len(table), table.device)
    excluded = ExcludedPairs.of(exclude, len(queries), len(table), table.device)
    masked = excluded.holds(rows, ids)
    if bool(masked.any()):
        raise RetrievalError(
            f"row {int(rows[masked][0])} has target {int(ids[masked][0])}, which is masked out of "
            "its list; drop targets that are already in the history"
        )
    own = candidate_scores(queries[rows], table, ids[:, None], scoring)  # (P, 1)
    ranks = torch.full(ids.shape, 0.5, dtype=torch.float64, device=table.device)
    for _, block, hidden in excluded.blocks(table, block_size):
        scores = block_scores(queries, block, scoring)
        scores[hidden] = -torch.inf
        # The middle of equals: everything above, half of the equals (itself too), and a half.
        ranks += _above_and_half_equal(scores, rows, own)
    return ranks


def average_ranks_of_scores(scores: Tensor, positives: Pairs) -> Tensor:
    """Return the same ranks from `(B, N)` scores whose non-candidates hold `-inf`."""
    rows, ids = check_pairs(positives, scores.shape[0], scores.shape[1], scores.device)
    own = scores[rows, ids][:, None]  # (P, 1)
    return 0.5 + _above_and_half_equal(scores, rows, own)


def _above_and_half_equal(scores: Tensor, rows: Tensor, own: Tensor) -> Tensor:
    """Count for each positive the scores above its own, and the equal ones by half."""
    counts = []
    chunk = max(1, _CHUNK_ELEMENTS // scores.shape[1])
    for row_part, own_part in zip(torch.split(rows, chunk), torch.split(own, chunk), strict=True):
        mine = scores[row_part]  # (R, n)
        equal = (mine == own_part).sum(dim=1)
        counts.append((mine > own_part).sum(dim=1).double() + 0.5 * equal.double())
    return torch.cat(counts)
