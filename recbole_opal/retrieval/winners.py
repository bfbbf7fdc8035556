"""Which of a user's interests won each listed item, and how alike the interests are."""

import torch
from torch import Tensor
from torch.nn import functional

from recbole_opal.retrieval.scores import candidate_products

__all__ = ["NO_INTEREST", "pairwise_cosines", "winning_interests"]

NO_INTEREST = 255
"""What stands where a list has no item; no model has that many interests."""

_ROUNDING = 1e-5
"""Of float32 vectors that went through a network, relative to their lengths."""


def winning_interests(
    interests: Tensor, items: Tensor, ids: Tensor, active: Tensor | None = None
) -> Tensor:
    """Find the interest with the largest inner product, for listed items only.

    Products are summed in float64, as in the search itself. Of equals the first wins, so that
    interests that are one and the same show as one that wins everything; equal are also those that
    a network gives for one, whose last bits depend on the batch.

    Args:
        interests: `(B, K, D)` float, K at most 255.
        items: `(N, D)` float, row 0 = padding.
        ids: `(B, k)` int64; 0 = fill.
        active: `(B, K)` bool, the interests that may win, at least one a row; None: all. A copy of
            an active interest is to be left out: its products differ in the last bits, since a
            matrix product may sum its columns in different orders.

    Returns:
        `(B, k)` uint8 in [0, K), `NO_INTEREST` at fills.
    """
    interests, ids = interests.to(items.device), ids.to(items.device)
    winners = torch.empty_like(ids, dtype=torch.uint8)
    longest = torch.linalg.vector_norm(interests, dim=2, dtype=torch.float64).amax(dim=1)  # (B,)
    for part, products in candidate_products(interests, items, ids):
        if active is not None:
            products.masked_fill_(~active[part].to(items.device).unsqueeze(1), -torch.inf)
        lengths = torch.linalg.vector_norm(items[ids[part]], dim=2, dtype=torch.float64)  # (R, k)
        reach = _ROUNDING * lengths * longest[part, None]
        near = products >= (products.amax(dim=2) - reach).unsqueeze(2)  # (R, k, K)
        winners[part] = near.to(torch.uint8).argmax(dim=2)  # the first of them
    return winners.masked_fill(ids == 0, NO_INTEREST)


def pairwise_cosines(interests: Tensor, active: Tensor | None = None) -> Tensor:
    """Return each user's mean cosine over all pairs of interests, from the length of their sum.

    Returns:
        `(B,)` float64 in [-1 / (A - 1), 1] for the A interests that count, those that are
        `active`; NaN for a user without a pair of them.
    """
    if active is None:
        active = interests.new_ones(interests.shape[:2], dtype=torch.bool)
    unit = functional.normalize(interests.double(), dim=-1) * active.unsqueeze(-1)
    squared = unit.sum(dim=1).square().sum(dim=-1)  # (B,)
    own = unit.square().sum(dim=(1, 2))  # (B,): A, or less where a vector is 0
    count = active.sum(dim=1)  # (B,)
    cosines = (squared - own) / (count * (count - 1))
    return cosines.masked_fill(count < 2, torch.nan)
