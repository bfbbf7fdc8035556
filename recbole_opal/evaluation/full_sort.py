"""The lists of a batch of users over all items: by interests, or from a full score matrix."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from recbole_opal.evaluation.built_index import BuiltIndex
from recbole_opal.evaluation.judged import InterestRecord, RankRecord
from recbole_opal.retrieval import DEFAULT_BLOCK_SIZE, MAXIMUM, Pairs, Scoring, average_ranks
from recbole_opal.retrieval.order import top_in_order
from recbole_opal.retrieval.pairs import ExcludedPairs
from recbole_opal.retrieval.ranks import average_ranks_of_scores
from recbole_opal.retrieval.winners import pairwise_cosines, winning_interests

__all__ = ["FullSortRetriever", "InterestModel", "Retrieved", "from_scores", "interest_record"]


@dataclass(frozen=True)
class Retrieved:
    """The lists of a batch.

    Attributes:
        ids: `(B, k)` int64, best first; 0 = fill (fewer than `k` candidates), never a hit.
        ranks: what GAUC needs, or `None` if no metric asks for it.
        interests: `None` if nobody asked, or the model has no interests.
    """

    ids: Tensor
    ranks: RankRecord | None = None
    interests: InterestRecord | None = None


@runtime_checkable
class InterestModel(Protocol):
    """A model whose score of an item is the largest inner product with one of its interests.

    Or what its `scoring`, a `retrieval.Scoring`, makes of them, if it has one. Two more methods are
    asked if they are there: `active_interests(inputs)`, `(B, K)` bool or
    None, tells the interests that are no copies; `interest_columns(queries)` gives what cosines
    are taken over, where queries hold more than interests.
    """

    def interests(self, inputs: Any) -> Tensor:
        """Return `(B, K, D)` float query vectors."""
        ...

    def item_table(self) -> Tensor:
        """Return `(N, D)` float item vectors, row 0 = padding."""
        ...


class FullSortRetriever:
    """Top-k for a multi-interest model; the item table is computed once, here.

    Build it for each evaluation: it does not see later changes of the weights. Ranks are exact,
    whatever finds the lists.

    Stability: stable.

    Args:
        model: in evaluation mode, without gradients.
        config: reads `topk`, `retrieval` (default `torch`), `retrieval_args` and
            `item_block_size`.
        with_ranks: whether GAUC needs ranks, which cost a second pass over the items.
        with_interests: whether to tell what each interest did.
        built: keeps an approximate index for the next evaluation of the same weights.
    """

    def __init__(
        self,
        model: InterestModel,
        config: Any,
        *,
        with_ranks: bool = False,
        with_interests: bool = False,
        built: BuiltIndex | None = None,
    ) -> None:
        self.model, self.k = model, max(config["topk"])
        self.block_size = config["item_block_size"] or DEFAULT_BLOCK_SIZE
        self.with_ranks, self.with_interests = with_ranks, with_interests
        self.items = model.item_table().detach()  # (N, D)
        found = getattr(model, "scoring", None)
        self.scoring = found if isinstance(found, Scoring) else MAXIMUM
        self.retriever = (built or BuiltIndex()).over(
            self.items,
            config["retrieval"] or "torch",
            config["retrieval_args"],
            self.block_size,
            self.scoring,
        )

    def retrieve(self, inputs: Any, excluded: Pairs | None, targets: Pairs) -> Retrieved:
        """Return the lists of a batch: `inputs` on the model's device, targets for ranks only."""
        queries = self.model.interests(inputs).detach()  # (B, K, D)
        ids = self.retriever.top_k(queries, self.k, excluded).ids
        return Retrieved(
            ids,
            self._ranks(queries, excluded, _distinct(targets)) if self.with_ranks else None,
            interest_record(self.model, inputs, queries, self.items, ids)
            if self.with_interests
            else None,
        )

    def _ranks(self, queries: Tensor, excluded: Pairs | None, targets: Pairs) -> RankRecord:
        ranks = average_ranks(
            queries,
            self.items,
            targets,
            exclude=excluded,
            block_size=self.block_size,
            scoring=self.scoring,
        )
        count = len(self.items)
        hidden = ExcludedPairs.of(excluded, len(queries), count, self.items.device)
        return _rank_record(ranks, targets, count - hidden.counts())


def interest_record(
    model: Any, inputs: Any, queries: Tensor, vectors: Tensor, ids: Tensor
) -> InterestRecord:
    """Return what each interest of a batch did for its lists.

    Args:
        model: an `InterestModel`.
        inputs: what it was asked.
        queries: (B, K, D), its answer.
        vectors: (n, D), of items, the padding first.
        ids: (B, k) int64, the lists, by rows of the vectors.
    """
    active = model.active_interests(inputs) if hasattr(model, "active_interests") else None
    columns = model.interest_columns(queries) if hasattr(model, "interest_columns") else queries
    if active is None:
        active = queries.new_ones(queries.shape[:2], dtype=torch.bool)
    winners = winning_interests(queries, vectors, ids, active)
    found = (winners, pairwise_cosines(columns, active), active)
    return InterestRecord(*(each.cpu().numpy() for each in found))


def from_scores(scores: Tensor, k: int, targets: Pairs | None = None) -> Retrieved:
    """Return the lists of `(B, N)` scores, in the same order as every other path.

    The padding and masked items have a score of `-inf`; targets are given where GAUC needs ranks.
    """
    values, ids = top_in_order(scores, k)
    ids = ids.masked_fill(values == -torch.inf, 0)
    ids = torch.nn.functional.pad(ids, (0, k - ids.shape[1]))
    if targets is None:
        return Retrieved(ids)
    targets = _distinct(targets)
    ranks, candidates = average_ranks_of_scores(scores, targets), (scores > -torch.inf).sum(dim=1)
    return Retrieved(ids, _rank_record(ranks, targets, candidates))


def _rank_record(ranks: Tensor, targets: Pairs, candidates: Tensor) -> RankRecord:
    """Add up the `(P,)` ranks of each row's targets."""
    sums = torch.zeros(len(candidates), dtype=ranks.dtype)
    sums.index_add_(0, targets[0].cpu(), ranks.cpu())
    return RankRecord(sums.numpy(), candidates.cpu().numpy())


def _distinct(pairs: Pairs) -> Pairs:
    """Drop repeated pairs: a target counts once."""
    rows, ids = torch.unique(torch.stack(pairs), dim=1).unbind(dim=0)
    return rows, ids
