"""What every search over the items keeps to, exact or approximate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from torch import Tensor

from recbole_opal.retrieval.pairs import Pairs
from recbole_opal.retrieval.scores import ItemVectors
from recbole_opal.retrieval.scoring import Scoring

if TYPE_CHECKING:
    from recbole_opal.retrieval.exact import TopK

__all__ = ["Retriever"]


class Retriever(Protocol):
    """A search for the k best items of each row by what `scoring` makes of `<interest_k, item>`.

    Scores are those of the exact search, of float64 products rounded to float32; equal ones rank by
    ascending id. An approximate search may miss items, but never returns an excluded one or the
    padding, and never gives fills while items are left. (`rescore: False`, for measuring, keeps the
    scores of an index's codes.)

    Nothing in it changes once it is made: threads may share it.
    """

    kind: str
    items: ItemVectors
    scoring: Scoring

    def top_k(
        self, interests: Tensor, k: int, exclude: Pairs | None = None, only: Tensor | None = None
    ) -> TopK:
        """Return the k best items of each row, given (B, K, D) interests.

        `exclude` are (rows, ids) of pairs; `only`, (N,) bool, are the items that may be listed.
        """
        ...

    def bytes_per_item(self) -> float:
        """Return the memory of what is searched, over its items."""
        ...
