"""What a network must know of the items and histories that it is built for."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

__all__ = ["Catalogue"]


@dataclass(frozen=True)
class Catalogue:
    """The items, and how much of a history a model sees."""

    num_items: int  # N, with the padding item 0
    counts: Tensor  # (N,) int64, training interactions of each item
    longest_history: int  # L
