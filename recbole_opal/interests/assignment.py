"""How strongly each item belongs to each hyper-category (OPAL, section 2)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from recbole_opal.precision import full_precision

__all__ = ["assign_softly", "hard_categories", "keep_hardest"]


@full_precision
def assign_softly(item_vectors: Tensor, categories: Tensor, temperature: float) -> Tensor:
    """Return `p_tj = softmax_j(<x_t, o_j> / temperature)`.

    Args:
        item_vectors: (T, D) float, unit length.
        categories: (K, D) float, unit length.
        temperature: > 0.

    Returns:
        (T, K) float, rows sum to 1.
    """
    return (item_vectors @ categories.T / temperature).softmax(dim=-1)


def hard_categories(assignment: Tensor) -> Tensor:
    """Return the category each item belongs to most: (T,) int64; ties go to the first."""
    return assignment.argmax(dim=-1)


def keep_hardest(assignment: Tensor) -> Tensor:
    """Zero all of `assignment` (T, K) but each item's strongest category."""
    hardest = functional.one_hot(hard_categories(assignment), assignment.shape[-1])
    return assignment * hardest
