"""How strongly each item of a history belongs to each hyper-category (OPAL, section 2)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

__all__ = ["assign_softly", "hard_categories", "keep_hardest"]


def assign_softly(
    item_vectors: Tensor, categories: Tensor, mask: Tensor, temperature: float
) -> Tensor:
    """Return `p_tj = softmax_j(<x_t, o_j> / temperature)`, zero for padding.

    Args:
        item_vectors: (B, L, D) float, unit length.
        categories: (K, D) float, unit length.
        mask: (B, L) bool, True where there is an item.
        temperature: > 0.

    Returns:
        (B, L, K) float; sums to 1 over the last axis where mask holds.
    """
    logits = item_vectors @ categories.T / temperature  # (B, L, K)
    return logits.softmax(dim=-1) * mask.unsqueeze(-1)


def hard_categories(assignment: Tensor) -> Tensor:
    """Return the category each item belongs to most: (B, L) int64; ties go to the first."""
    return assignment.argmax(dim=-1)


def keep_hardest(assignment: Tensor) -> Tensor:
    """Zero all of `assignment` (B, L, K) but each item's strongest category."""
    hardest = functional.one_hot(hard_categories(assignment), assignment.shape[-1])
    return assignment * hardest
