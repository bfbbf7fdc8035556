"""From a model and a batch to lists: by interests, or from RecBole's full score matrix."""

from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from recbole_opal.evaluation.retrieved import InterestUse, RankSums, Retrieved, rank_sums
from recbole_opal.retrieval import DEFAULT_BLOCK_SIZE, Pairs, average_ranks, make_retriever
from recbole_opal.retrieval.order import top_in_order
from recbole_opal.retrieval.ranks import average_ranks_of_scores
from recbole_opal.retrieval.winners import pairwise_cosines, winning_interests

__all__ = ["FullSortRetriever", "InterestModel", "from_scores"]


@runtime_checkable
class InterestModel(Protocol):
    """A model whose score of an item is the largest inner product with one of its interests."""

    def interests(self, interaction: Any) -> Tensor:
        """Return `(B, K, D)` float query vectors."""
        ...

    def item_table(self) -> Tensor:
        """Return `(N, D)` float item vectors, row 0 = padding."""
        ...


@runtime_checkable
class _WithActiveInterests(Protocol):
    """A model whose users may have fewer than K interests; `MultiInterestRecommender` is one."""

    def active_interests(self, interaction: Any) -> Tensor | None:
        """Return `(B, K)` bool, the interests that are no copies; None: all."""
        ...


@runtime_checkable
class _WithInterestColumns(Protocol):
    """A model whose queries may hold more than interests; `MultiInterestRecommender` is one."""

    def interest_columns(self, queries: Tensor) -> Tensor:
        """Return `(B, K, D)` of the `(B, K, D')` queries, what cosines are taken over."""
        ...


class FullSortRetriever:
    """Top-k for a multi-interest model; the item table is computed once, here.

    Build it for each evaluation: it does not see later changes of the weights.

    Stability: stable.

    Args:
        model: in evaluation mode, without gradients.
        config: RecBole's config; reads `topk`, `retrieval` (default `torch`) and
            `item_block_size` (default: `DEFAULT_BLOCK_SIZE`).
        with_ranks: whether GAUC needs ranks, which cost a second pass over the items.
        with_interest_use: whether to tell which interest won each item.

    Raises:
        RetrievalError: the item table is not finite, or the backend is unknown or not installed.
    """

    def __init__(
        self,
        model: InterestModel,
        config: Any,
        *,
        with_ranks: bool = False,
        with_interest_use: bool = False,
    ) -> None:
        self.model = model
        self.k = max(config["topk"])
        self.block_size = config["item_block_size"] or DEFAULT_BLOCK_SIZE
        self.with_ranks = with_ranks
        self.with_interest_use = with_interest_use
        self.items = model.item_table().detach()  # (N, D)
        self.retriever = make_retriever(config["retrieval"] or "torch", self.items, self.block_size)

    def retrieve(
        self, interaction: Any, history_index: Pairs | None, positives: Pairs
    ) -> Retrieved:
        """Return the lists of a batch.

        Args:
            interaction: RecBole's batch, on the model's device.
            history_index: `(rows, ids)` never returned, or `None`.
            positives: `(rows, ids)` of the targets; only used for ranks.

        Raises:
            RetrievalError: an interest is not finite, or a target is masked.
        """
        interests = self.model.interests(interaction).detach()  # (B, K, D)
        ids = self.retriever.top_k(interests, self.k, history_index).ids
        ranks = self._ranks(interests, history_index, positives) if self.with_ranks else None
        use = self._use(interaction, interests, ids) if self.with_interest_use else None
        return Retrieved(ids, ranks, use)

    def _use(self, interaction: Any, interests: Tensor, ids: Tensor) -> InterestUse:
        model, active, compared = self.model, None, interests
        if isinstance(model, _WithActiveInterests):
            active = model.active_interests(interaction)
        if isinstance(model, _WithInterestColumns):
            compared = model.interest_columns(interests)
        winners = winning_interests(interests, self.items, ids, active)
        cosines = pairwise_cosines(compared, active)
        every = interests.new_ones(interests.shape[:2], dtype=torch.bool)
        return InterestUse(winners, cosines, every if active is None else active)

    def _ranks(self, interests: Tensor, history_index: Pairs | None, positives: Pairs) -> RankSums:
        unique = _distinct(positives)
        ranks = average_ranks(
            interests, self.items, unique, exclude=history_index, block_size=self.block_size
        )
        batch = len(interests)
        candidates = torch.full((batch,), len(self.items) - 1, dtype=torch.int64)
        if history_index is not None:
            rows, items = _distinct(history_index)
            candidates -= torch.bincount(rows[items > 0].cpu(), minlength=batch)
        return rank_sums(ranks, unique, candidates)


def from_scores(scores: Tensor, k: int, positives: Pairs | None = None) -> Retrieved:
    """Return the lists of a full score matrix, in the same order as every other path.

    Args:
        scores: `(B, N)` float, `-inf` for the padding and for masked items.
        k: length of the lists.
        positives: `(rows, ids)` of the targets if GAUC needs ranks.

    Raises:
        RetrievalError: a score is not a number.
    """
    values, ids = top_in_order(scores, k)
    ids = ids.masked_fill(values == -torch.inf, 0)
    ids = torch.nn.functional.pad(ids, (0, k - ids.shape[1]))
    if positives is None:
        return Retrieved(ids)
    unique = _distinct(positives)
    ranks = average_ranks_of_scores(scores, unique)
    candidates = (scores > -torch.inf).sum(dim=1).cpu()
    return Retrieved(ids, rank_sums(ranks, unique, candidates))


def _distinct(pairs: Pairs) -> Pairs:
    """Drop repeated pairs: a target counts once, as in RecBole's collector."""
    rows, ids = torch.unique(torch.stack(pairs), dim=1).unbind(dim=0)
    return rows, ids
