"""Candidates of made-up users, and a search that needs no index."""

from types import SimpleNamespace

import pytest
import torch

from recbole_opal.reranking import Candidates
from recbole_opal.retrieval import MAXIMUM
from recbole_opal.retrieval.exact import cut


class WholeSearch:
    """A retriever that looks at all scores at once."""

    scoring = MAXIMUM

    def __init__(self, table):
        self.items = SimpleNamespace(table=table)

    def top_k(self, interests, k, exclude=None, only=None):
        """Return the best k under the maximum over interests."""
        table = self.items.table
        scores = torch.einsum("bkd,nd->bkn", interests.double(), table.double()).amax(1).float()
        scores[:, 0] = -torch.inf
        if exclude is not None:
            scores[exclude] = -torch.inf
        if only is not None:
            scores[:, ~only] = -torch.inf
        ids = torch.arange(len(table)).expand(scores.shape)
        return cut(scores, ids, k)


@pytest.fixture
def search():
    """Return what makes a retriever of an item table."""
    return WholeSearch


@pytest.fixture
def make_candidates():
    """Return what makes candidates of rows of scores, each descending, -inf at its end."""

    def make(scores, interests=None, shares=None, items=None, active=None):
        scores = torch.tensor(scores)
        rows, count = scores.shape
        ids = torch.arange(1, count + 1).expand(rows, count).masked_fill(scores.isinf(), 0)
        interests = torch.zeros_like(ids) if interests is None else torch.tensor(interests)
        shares = torch.ones(rows, 1) if shares is None else torch.tensor(shares)
        items = torch.eye(count + 1) if items is None else items
        active = torch.ones_like(shares, dtype=torch.bool) if active is None else active
        return Candidates(ids, scores, interests, items, shares, active)

    return make
