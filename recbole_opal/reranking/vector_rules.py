"""MMR and DPP over the items' vectors, by pyversity.

Sources: J. Carbonell, J. Goldstein, The use of MMR, SIGIR 1998; L. Chen, G. Zhang, E. Zhou, Fast
greedy MAP inference for determinantal point process, NeurIPS 2018.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from recbole_opal.errors import RetrievalError
from recbole_opal.reranking.candidates import Candidates
from recbole_opal.reranking.knobs import Reranking
from recbole_opal.reranking.quotas import best_in_places
from recbole_opal.reranking.relevance import relevance

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyversity import DiversificationResult

__all__ = ["order_by_vectors"]


def order_by_vectors(
    candidates: Candidates, k: int, how: Reranking, places: Tensor | None
) -> Tensor:
    """Return the columns of the candidates that the rule chooses, -1 = none left.

    pyversity takes one list at a time, so users are looped over. It knows no quotas: where there
    are (B, K) places to keep, it orders all candidates, and its order stands in for the scores.

    Raises:
        RetrievalError: pyversity is not installed.
    """
    diversify = _pyversity()
    width = candidates.ids.shape[1]
    depth = min(k, width) if places is None else width
    values = relevance(candidates.scores, k).cpu().numpy()
    vectors, ids = candidates.items.float().cpu().numpy(), candidates.ids.cpu().numpy()
    order = torch.full((len(ids), depth), -1, dtype=torch.int64)
    for row, count in enumerate((candidates.ids > 0).sum(dim=1).tolist()):
        # DPP divides by what is left of a vector beside those chosen, which comes to nothing.
        with np.errstate(all="ignore"):
            found = diversify(
                vectors[ids[row, :count]],
                values[row, :count],
                k=depth,
                strategy=how.rule,
                diversity=float(how.diversity),
            )
        order[row, : len(found.indices)] = torch.from_numpy(found.indices).long()
    order = order.to(candidates.ids.device)
    if places is None:
        return order
    interests = candidates.interests.gather(1, order.clamp_min(0))
    chosen = best_in_places(order >= 0, interests, places, k)
    return order.gather(1, chosen.clamp_min(0)).masked_fill(chosen < 0, -1)


def _pyversity() -> Callable[..., DiversificationResult]:
    try:
        from pyversity import diversify
    except ImportError as error:
        raise RetrievalError(
            "rule=mmr and rule=dpp need pyversity, which is not installed; pip install pyversity, "
            "or use rule=categories."
        ) from error
    return diversify
