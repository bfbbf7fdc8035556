"""What a network must know of the items and histories that it is built for."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

__all__ = ["Catalogue"]


@dataclass(frozen=True)
class Catalogue:
    """The items, and how much of a history a model sees.

    Attributes:
        num_items: N, with the padding item 0.
        counts: (N,) int64, training interactions of each item.
        longest_history: L.
    """

    num_items: int
    counts: Tensor
    longest_history: int
