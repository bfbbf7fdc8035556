"""The lists of one batch: by interests where something is known of a user, else by popularity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from recbole_opal.batches import Histories
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.reranking import gather, rerank
from recbole_opal.retrieval import Pairs, TopK
from recbole_opal.retrieval.retriever import Retriever
from recbole_opal.retrieval.winners import NO_INTEREST, winning_interests
from recbole_opal.serving.histories import KnownHistories
from recbole_opal.serving.lists import Lists
from recbole_opal.serving.popularity import PopularItems
from recbole_opal.serving.request import Request

__all__ = ["Assortment", "answer"]

_NOBODY = -1  # the interest of what no interest retrieved


@dataclass(frozen=True)
class Assortment:
    """The items to choose from.

    Attributes:
        retriever: searches them by their vectors.
        popular: orders them by popularity.
        categories: (N, T) int64 of each, 0 = none; None: not known.
        compared: (N, D) float, what tells how alike they are.
    """

    retriever: Retriever
    popular: PopularItems
    categories: Tensor | None
    compared: Tensor


def answer(
    network: MultiInterestNetwork,
    items: Assortment,
    tokens: Sequence[str],
    known: KnownHistories,
    request: Request,
) -> Lists:
    """Return the lists of a batch, a user without a known item by popularity.

    `tokens` are the raw ids of all items.
    """
    num_rows, k = len(known.histories), request.k
    empty = known.histories.lengths == 0  # (B,)
    exclude = _joined(
        known.seen if request.exclude_seen else None, request.selection.excluded(known.users)
    )
    ids = torch.zeros(num_rows, k, dtype=torch.int64)
    scores = torch.full((num_rows, k), -torch.inf)
    interests = torch.full((num_rows, k), _NOBODY, dtype=torch.int16)
    if bool(empty.any()):
        found = items.popular.top_k(
            int(empty.sum()), k, _of_rows(exclude, empty), request.selection.only
        )
        ids[empty], scores[empty] = found.ids, found.scores
    if not bool(empty.all()):
        histories = known.histories
        met = Histories(histories.items, histories.lengths[~empty], histories.times)
        found, winners = _by_interests(network, items, met, _of_rows(exclude, ~empty), request)
        ids[~empty], scores[~empty] = found.ids.cpu(), found.scores.cpu()
        interests[~empty] = winners.cpu()
    return Lists(
        known.users,
        tokens,
        ids.numpy(),
        scores.numpy(),
        interests.numpy(),
        empty.numpy(),
        known.unknown,
    )


def _by_interests(
    network: MultiInterestNetwork,
    items: Assortment,
    histories: Histories,
    exclude: Pairs | None,
    request: Request,
) -> tuple[TopK, Tensor]:
    """Return lists and (B, k) int16, the interest that retrieved each item."""
    retriever, only = items.retriever, request.selection.only
    table = retriever.items.table
    histories = histories.to(next(network.parameters()).device)
    queries = network.interests(histories).to(table.device)  # (B, K, D)
    active = network.active_interests(histories)
    if only is not None:
        only = only.to(table.device)
    if request.how.plain:
        found = retriever.top_k(queries, request.k, exclude, only)
    else:
        shares = queries.new_ones(queries.shape[:2])
        if request.how.has_quotas:  # else they decide nothing, and cost a pass of the network
            shares = network.interest_shares(histories).to(table.device)
        candidates = gather(
            retriever,
            queries,
            request.k,
            request.how,
            shares=shares,
            active=None if active is None else active.to(table.device),
            exclude=exclude,
            only=only,
            vectors=items.compared,
        )
        found = rerank(candidates, request.k, request.how, items.categories)
    winners = winning_interests(queries, table, found.ids, active)
    return found, winners.short().masked_fill(winners == NO_INTEREST, _NOBODY)


def _joined(*parts: Pairs | None) -> Pairs | None:
    """Return all pairs together; None: there are none."""
    given = [part for part in parts if part is not None]
    if len(given) < 2:
        return given[0] if given else None
    rows, ids = zip(*given, strict=True)
    return torch.cat(rows), torch.cat(ids)


def _of_rows(pairs: Pairs | None, chosen: Tensor) -> Pairs | None:
    """Return the pairs of the (B,) chosen rows, which are numbered anew."""
    if pairs is None:
        return None
    rows, ids = pairs
    kept = chosen[rows]
    return (chosen.cumsum(0) - 1)[rows[kept]], ids[kept]
