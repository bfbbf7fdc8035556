"""From a history and an item to why the one leads to the other."""

from __future__ import annotations

import torch
from torch import Tensor

from recbole_opal.errors import DataError
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.retrieval.scores import block_scores
from recbole_opal.retrieval.scoring import Scoring
from recbole_opal.retrieval.winners import winning_interests
from recbole_opal.serving.explanation import Explanation, HistoryItem
from recbole_opal.serving.histories import KnownHistories
from recbole_opal.serving.item_ids import ItemIds

__all__ = ["explain"]

_BLOCK = 8192  # items scored at a time


def explain(
    network: MultiInterestNetwork,
    known: KnownHistories,
    item: int,
    *,
    table: Tensor,
    compared: Tensor,
    ids: ItemIds,
    nearest: int,
    scoring: Scoring,
) -> Explanation:
    """Explain what an item has to do with the one history of a batch.

    Args:
        network: in evaluation mode.
        known: one history.
        item: the internal id.
        table: (N, D) float, the items' vectors.
        compared: (N, D') float, what tells how alike items are.
        ids: of the model.
        nearest: the number of items of the history to tell, at most.
        scoring: what makes a score of the products.

    Raises:
        DataError: the history holds no item that the model knows.
    """
    if not len(known.histories.items):
        raise DataError(
            "the history holds no item that the model knows: its list is by popularity, which no "
            "interest explains; give at least one known item."
        )
    histories = known.histories.to(next(network.parameters()).device)
    queries = network.interests(histories).to(table.device, table.dtype)  # (1, K, D)
    products = queries[0].double() @ table[item].double()  # (K,)
    score = scoring.of_last(products)
    active = network.active_interests(histories)
    if active is not None:
        products = products.masked_fill(~active[0].to(table.device), torch.nan)
    winner = int(winning_interests(queries, table, torch.tensor([[item]]), active))
    if not scoring.soft:
        score = products[winner]
    own = network.item_interests(histories)  # (T,)
    return Explanation(
        item=ids.tokens[item],
        score=float(score.float()),
        rank=_rank(queries, table, item, known.seen[1], scoring),
        interest=winner,
        interest_scores=tuple(products.float().tolist()),
        interest_parts=tuple(_parts(products, winner, scoring).tolist()),
        interest_shares=tuple(network.interest_shares(histories)[0].tolist()),
        nearest=_nearest(histories.items, own, item, compared, ids)[:nearest],
    )


def _parts(products: Tensor, winner: int, scoring: Scoring) -> Tensor:
    """Return what each interest brings to a score of (K,) products, NaN of those not in use."""
    idle = products.isnan()
    if scoring.soft:
        parts = (products.masked_fill(idle, -torch.inf) / scoring.temperature).softmax(dim=-1)
    else:
        parts = torch.zeros_like(products)
        parts[winner] = 1.0
    return parts.masked_fill(idle, torch.nan)


def _rank(queries: Tensor, table: Tensor, item: int, seen: Tensor, scoring: Scoring) -> int | None:
    """Return the place of an item among all that are not seen, as lists order them."""
    if bool((seen == item).any()):
        return None
    own = block_scores(queries, table[item : item + 1], scoring)[0, 0]
    before = 0
    for start in range(0, len(table), _BLOCK):
        scores = block_scores(queries, table[start : start + _BLOCK], scoring)[0]  # (n,)
        numbers = torch.arange(start, start + len(scores), device=scores.device)
        ahead = (scores > own) | ((scores == own) & (numbers < item))
        ahead &= (numbers > 0) & ~torch.isin(numbers, seen.to(scores.device))
        before += int(ahead.sum())
    return before + 1


def _nearest(
    items: Tensor, interests: Tensor, item: int, compared: Tensor, ids: ItemIds
) -> tuple[HistoryItem, ...]:
    """Return the (T,) items of a history, the most alike first, of equals the newest; each once."""
    vectors = compared[items.to(compared.device)].double()  # (T, D')
    similarities = (vectors @ compared[item].double()).tolist()
    numbers, own = items.tolist(), interests.tolist()
    # A later entry replaces an earlier one: of an item that was met again the newest counts.
    newest = {number: place for place, number in enumerate(numbers)}
    order = sorted(newest.values(), key=lambda place: (-similarities[place], -place))
    return tuple(
        HistoryItem(
            ids.tokens[numbers[place]], len(numbers) - 1 - place, similarities[place], own[place]
        )
        for place in order
    )
