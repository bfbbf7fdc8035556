"""Which candidates are looked at."""

import pytest
import torch

from recbole_opal.reranking import Reranking, gather, rerank
from recbole_opal.retrieval import ExactIndex, Scoring
from recbole_opal.retrieval.winners import winning_interests


@pytest.fixture
def crowded(search):
    """Return a search and a user whose second interest is far weaker than the first."""
    generator = torch.Generator().manual_seed(0)
    items = torch.randn(400, 6, generator=generator)
    items[1:301, :3] += 4  # a crowd around the first interest
    queries = torch.tensor([[[3.0, 3, 3, 0, 0, 0], [0, 0, 0, 0.4, 0.4, 0.4]]])
    return search(items), queries


def test_without_quotas_they_are_the_best_over_all(crowded):
    retriever, queries = crowded
    found = gather(retriever, queries, 5, Reranking(diversity=0.1, candidates=40),
                   shares=torch.tensor([[0.5, 0.5]]))  # fmt: skip
    best = retriever.top_k(queries, 40)
    assert found.ids.equal(best.ids)
    assert found.scores.equal(best.scores)
    assert found.interests.eq(0).all()  # the weak interest has none


def test_with_quotas_each_interest_brings_its_own(crowded):
    retriever, queries = crowded
    how = Reranking(per_interest=2, candidates=60)
    found = gather(retriever, queries, 5, how, shares=torch.tensor([[0.5, 0.5]]))
    assert found.ids.shape == (1, 60)
    assert len(set(found.ids[0].tolist())) == 60
    assert found.ids[:, :5].equal(retriever.top_k(queries, 5).ids)
    assert found.scores.diff(dim=1).max() <= 0
    winners = winning_interests(queries, retriever.items.table, found.ids).long()
    assert found.interests.equal(winners)
    listed = rerank(found, 5, how)
    assert winning_interests(queries, retriever.items.table, listed.ids).tolist() == [
        [0, 0, 0, 1, 1]
    ]


def test_one_interest_has_the_same_candidates_either_way(crowded):
    retriever, queries = crowded
    shares = torch.ones(1, 1)
    found = [
        gather(retriever, queries[:, :1], 5, how, shares=shares).ids
        for how in (Reranking(per_interest=2), Reranking(diversity=0.1))
    ]
    assert found[0].equal(found[1])


def test_what_is_excluded_is_no_candidate(crowded):
    retriever, queries = crowded
    hidden = torch.arange(1, 380)
    exclude = torch.zeros_like(hidden), hidden
    only = torch.arange(400) != 390
    how = Reranking(per_interest=1, candidates=50)
    shares = torch.tensor([[0.5, 0.5]])
    found = gather(retriever, queries, 5, how, shares=shares, exclude=exclude, only=only)
    left = found.ids[0][found.ids[0] > 0]
    assert sorted(left.tolist()) == [*range(380, 390), *range(391, 400)]  # and fills at the end
    assert found.ids[0, len(left) :].eq(0).all()
    assert found.scores[0, len(left) :].eq(-torch.inf).all()


def test_by_a_soft_maximum_the_best_over_all_and_each_interest_s_own():
    generator = torch.Generator().manual_seed(1)
    items, queries = torch.randn(300, 6, generator=generator), torch.randn(4, 3, 6)
    retriever = ExactIndex(items, scoring=Scoring(2.0))
    how = Reranking(per_interest=2, candidates=60)
    found = gather(retriever, queries, 5, how, shares=torch.ones(4, 3) / 3)
    products = torch.einsum("bkd,nd->bkn", queries.double(), items.double())
    scores = (2 * (products / 2).logsumexp(dim=1)).float()
    torch.testing.assert_close(found.scores, scores.gather(1, found.ids))
    assert found.ids[:, :5].equal(retriever.top_k(queries, 5).ids)
    assert found.interests.equal(products.argmax(dim=1).gather(1, found.ids))
    for interest in range(3):
        own = products[:, interest, 1:].topk(10, dim=1).indices + 1
        assert (own[:, :, None] == found.ids[:, None]).any(dim=2).all()
