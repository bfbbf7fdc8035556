"""The items that a list may be chosen from, and how they are found."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from recbole_opal.reranking.knobs import Reranking
from recbole_opal.retrieval.exact import cut
from recbole_opal.retrieval.pairs import Pairs
from recbole_opal.retrieval.retriever import Retriever
from recbole_opal.retrieval.scores import candidate_scores
from recbole_opal.retrieval.winners import NO_INTEREST, winning_interests

__all__ = ["Candidates", "gather"]


@dataclass(frozen=True)
class Candidates:
    """The C best items of B users, and what their interests are worth; all on one device.

    Attributes:
        ids: (B, C) int64, each once a row; 0 = fill.
        scores: (B, C) float32, descending, equal ones by ascending id; -inf = fill.
        interests: (B, C) int64 in [0, K), whose product with an item is largest; of fills anything.
        items: (N, D) float, the vectors of all items, row 0 = padding; MMR and DPP compare them.
        shares: (B, K) float, the share of the history that each interest stands for.
        active: (B, K) bool, which interests a user has.
    """

    ids: Tensor
    scores: Tensor
    interests: Tensor
    items: Tensor
    shares: Tensor
    active: Tensor

    def __post_init__(self) -> None:
        shapes = {tuple(each.shape) for each in (self.ids, self.scores, self.interests)}
        if len(shapes) > 1 or self.shares.shape != self.active.shape:
            raise ValueError(f"candidates do not fit each other: {shapes}, {self.shares.shape}")

    def __len__(self) -> int:
        """Return B."""
        return len(self.ids)


def gather(
    retriever: Retriever,
    queries: Tensor,
    k: int,
    how: Reranking,
    *,
    shares: Tensor,
    active: Tensor | None = None,
    exclude: Pairs | None = None,
    only: Tensor | None = None,
    vectors: Tensor | None = None,
) -> Candidates:
    """Search the candidates for lists of k, `how.budget(k)` of them whatever K is.

    Without quotas they are the best items over all interests. With quotas each interest brings its
    own best as well, an equal number each, since the best over all may hold none of a weak one;
    the k best over all are always among them.

    Args:
        retriever: the search over the items.
        queries: (B, K, D) float, the users' interests.
        k: the length of the lists to come.
        how: what is wanted of them.
        shares: (B, K) float, see `Candidates`.
        active: (B, K) bool; None: all.
        exclude: (rows, ids) of items that a user must not get.
        only: (N,) bool, the items that may be listed; None: all.
        vectors: (N, D') float, what tells how alike items are; None: what is searched.
    """
    budget = how.budget(k)
    found = retriever.top_k(queries, budget, exclude, only)
    table = retriever.items.table
    if how.has_quotas and queries.shape[1] > 1:
        own = _of_each_interest(retriever, queries, (budget - k) // queries.shape[1], exclude, only)
        ids = _distinct(torch.cat((found.ids[:, :k], own, found.ids[:, k:]), dim=1), budget)
        asked = queries.to(table.device, table.dtype)
        scores = candidate_scores(asked, table, ids, retriever.scoring)
        found = cut(scores.masked_fill(ids == 0, -torch.inf), ids, budget)
    winners = winning_interests(queries, table, found.ids, active).long()
    if active is None:
        active = shares.new_ones(shares.shape, dtype=torch.bool)
    return Candidates(
        found.ids,
        found.scores,
        winners.masked_fill(winners == NO_INTEREST, 0).to(found.ids.device),
        table if vectors is None else vectors,
        shares,
        active,
    )


def _of_each_interest(
    retriever: Retriever, queries: Tensor, count: int, exclude: Pairs | None, only: Tensor | None
) -> Tensor:
    """Return the best items of each interest alone, (B, count K) int64, all firsts first."""
    batch, interests, width = queries.shape
    if count == 0:
        return torch.zeros(batch, 0, dtype=torch.int64, device=queries.device)
    if exclude is not None:
        rows, ids = exclude
        numbers = torch.arange(interests, device=rows.device)
        rows = (rows.unsqueeze(1) * interests + numbers).flatten()  # of each interest
        exclude = rows, ids.repeat_interleave(interests)
    alone = queries.reshape(batch * interests, 1, width)
    found = retriever.top_k(alone, count, exclude, only)
    return found.ids.view(batch, interests, count).transpose(1, 2).flatten(1)


def _distinct(ids: Tensor, count: int) -> Tensor:
    """Return the first `count` different ids of each row of (B, M) ids; fills (0) at the end."""
    ordered, places = ids.sort(dim=1, stable=True)
    again = torch.zeros_like(ids, dtype=torch.bool)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    dropped = torch.zeros_like(again).scatter(1, places, again) | (ids == 0)
    kept = dropped.to(torch.int8).argsort(dim=1, stable=True)  # what is kept comes first
    return ids.masked_fill(dropped, 0).gather(1, kept)[:, :count]
