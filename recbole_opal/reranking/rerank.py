"""From candidates to lists."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from recbole_opal.errors import SettingsError
from recbole_opal.reranking.candidates import Candidates
from recbole_opal.reranking.categories import Alikeness
from recbole_opal.reranking.greedy import choose
from recbole_opal.reranking.knobs import Reranking
from recbole_opal.reranking.quotas import best_in_places, places_of
from recbole_opal.reranking.relevance import relevance
from recbole_opal.reranking.vector_rules import order_by_vectors
from recbole_opal.retrieval.exact import TopK, cut

__all__ = ["rerank"]

_NO_CATEGORIES = (
    "diversity over categories is asked for, and no item has a category; use rule=mmr, which "
    "compares the items' vectors, or train with --category_field."
)


def rerank(
    candidates: Candidates, k: int, how: Reranking, categories: Tensor | None = None
) -> TopK:
    """Return lists of k, each in the order of choice, with the candidates' own scores.

    The order of choice is that of the greedy rule: each place holds the item that adds most to
    those before it. With quotas alone it is the order of the scores. A list is shorter than k, with
    fills at its end, only where there are fewer candidates.

    Args:
        candidates: what may be listed.
        k: the length of the lists.
        how: diversity and quotas.
        categories: (N, T) int64, the categories of each item, 0 = none; None: not known.

    Raises:
        SettingsError: diversity over categories is asked for, and there are none; fewer candidates
            or places than are asked for.
        RetrievalError: pyversity is needed and not installed.
    """
    how.budget(k)
    if how.plain:
        return cut(candidates.scores, candidates.ids, k)
    places = places_of(candidates, k, how) if how.has_quotas else None  # (B, K)
    if places is not None and how.diversity == 0:
        chosen = best_in_places(candidates.ids > 0, candidates.interests, places, k)
    elif how.rule == "categories":
        chosen = _by_categories(candidates, k, how, places, categories)
    else:
        chosen = order_by_vectors(candidates, k, how, places)
    return _listed(candidates, chosen, k)


def _by_categories(
    candidates: Candidates,
    k: int,
    how: Reranking,
    places: Tensor | None,
    categories: Tensor | None,
) -> Tensor:
    if categories is None:
        raise SettingsError(_NO_CATEGORIES)
    ids = candidates.ids
    known = categories[ids.to(categories.device)]  # (B, C, T)
    # The whole catalogue is looked at only where no candidate has a category.
    if not (known.any() or categories.any()):
        raise SettingsError(_NO_CATEGORIES)
    chosen = choose(
        relevance(candidates.scores, k).cpu().numpy(),
        k,
        alike=Alikeness.of(known.cpu().numpy()),
        penalty=how.diversity,
        interests=candidates.interests.cpu().numpy(),
        places=None if places is None else places.cpu().numpy(),
    )
    return torch.from_numpy(chosen).to(ids.device)


def _listed(candidates: Candidates, chosen: Tensor, k: int) -> TopK:
    """Return the candidates in (B, <= k) chosen columns, -1 = none, with fills up to k."""
    short = k - chosen.shape[1]
    chosen = functional.pad(chosen, (0, short), value=-1)
    none, columns = chosen < 0, chosen.clamp_min(0)
    scores = candidates.scores.gather(1, columns).masked_fill(none, -torch.inf)
    return TopK(scores, candidates.ids.gather(1, columns).masked_fill(none, 0))
