"""Which of a user's interests won each listed item, and how alike the interests are."""

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["NO_INTEREST", "pairwise_cosines", "winning_interests"]

NO_INTEREST = 255
"""What stands where a list has no item; no model has that many interests."""

_CHUNK_ELEMENTS = 2**19
"""Float64 elements of gathered item vectors at a time: 4 MiB, which caches hold."""


def winning_interests(interests: Tensor, items: Tensor, ids: Tensor) -> Tensor:
    """Find the interest with the largest inner product, for listed items only.

    Products are summed in float64, as in the search itself. Of equals the first wins, so that
    interests that are one and the same show as one that wins everything.

    Args:
        interests: `(B, K, D)` float, K at most 255.
        items: `(N, D)` float, row 0 = padding.
        ids: `(B, k)` int64; 0 = fill.

    Returns:
        `(B, k)` uint8 in [0, K), `NO_INTEREST` at fills.
    """
    batch, count = ids.shape
    ids = ids.to(items.device)
    rows = max(1, _CHUNK_ELEMENTS // max(1, count * items.shape[1]))
    winners = torch.empty(batch, count, dtype=torch.uint8, device=items.device)
    for start in range(0, batch, rows):
        part = slice(start, start + rows)
        vectors = items[ids[part]].double()  # (R, k, D)
        queries = interests[part].to(items.device).double().transpose(1, 2)  # (R, D, K)
        winners[part] = torch.bmm(vectors, queries).argmax(dim=2).to(torch.uint8)  # (R, k)
    return winners.masked_fill(ids == 0, NO_INTEREST)


def pairwise_cosines(interests: Tensor) -> Tensor:
    """Return each user's mean cosine over all pairs of interests, from the length of their sum.

    Args:
        interests: `(B, K, D)` float.

    Returns:
        `(B,)` float64 in [-1 / (K - 1), 1]; NaN for K = 1, which has no pair.
    """
    count = interests.shape[1]
    unit = functional.normalize(interests.double(), dim=-1)
    squared = unit.sum(dim=1).square().sum(dim=-1)  # (B,)
    own = unit.square().sum(dim=(1, 2))  # (B,): K, or less where a vector is 0
    return (squared - own) / (count * (count - 1)) if count > 1 else squared * torch.nan
