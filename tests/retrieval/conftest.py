"""A search nobody can doubt: all scores at once, in float64, sorted by (score, id)."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from recbole_opal.retrieval import Pairs, TopK

BruteForce = Callable[..., TopK]


def _scores(
    interests: Tensor, items: Tensor, exclude: Pairs | None, temperature: float = 0.0
) -> np.ndarray:
    products = np.einsum("bkd,nd->bkn", interests.double().numpy(), items.double().numpy())
    if temperature:
        scores = temperature * np.logaddexp.reduce(products / temperature, axis=1)
    else:
        scores = products.max(axis=1)
    scores = scores.astype(np.float32)
    scores[:, 0] = -np.inf
    if exclude is not None:
        scores[exclude[0].numpy(), exclude[1].numpy()] = -np.inf
    return scores


@pytest.fixture
def all_scores() -> Callable[..., np.ndarray]:
    """Returns a function from (interests, items, exclude) to the (B, N) scores."""
    return _scores


@pytest.fixture
def brute_force() -> BruteForce:
    """Returns a function like `exact_top_k`, by a full sort."""

    def search(
        interests: Tensor,
        items: Tensor,
        k: int,
        exclude: Pairs | None = None,
        temperature: float = 0.0,
    ) -> TopK:
        scores = _scores(interests, items, exclude, temperature)
        rows, count = scores.shape
        ids = np.stack([np.lexsort((np.arange(count), -row))[:k] for row in scores])
        best = np.take_along_axis(scores, ids, axis=1)
        ids[best == -np.inf] = 0
        fill = max(0, k - count)
        best = np.pad(best, ((0, 0), (0, fill)), constant_values=-np.inf)
        return TopK(torch.from_numpy(best), torch.from_numpy(np.pad(ids, ((0, 0), (0, fill)))))

    return search
