import pytest
import torch

from recbole_opal.retrieval.exact import ExactIndex, settle
from recbole_opal.retrieval.fast_scores import FastScores
from recbole_opal.retrieval.pairs import ExcludedPairs
from recbole_opal.retrieval.scores import ItemVectors, block_scores
from recbole_opal.retrieval.scoring import MAXIMUM, Scoring

B, N, D = 6, 300, 16


def drawn(interests=4, scale=1.0, dtype=torch.float32, seed=0):
    """Return queries and items of about unit length, times a scale that both share."""
    generator = torch.Generator().manual_seed(seed)
    queries = torch.randn(B, interests, D, generator=generator, dtype=dtype) / D**0.5
    return queries * scale, torch.randn(N, D, generator=generator, dtype=dtype) / D**0.5


def ranked(queries, items, scoring):
    """Return the fast scores of all items and how they were made."""
    ranking = FastScores.of(queries, scoring, ItemVectors.of(items).largest_norm)
    columns = items.T
    found = ranking.queries[:, 0] @ columns
    ranking.begin(found)
    for place in range(1, queries.shape[1]):
        ranking.join(found, ranking.queries[:, place] @ columns)
    return ranking.scores(found), ranking


@pytest.mark.parametrize("temperature", [0.05, 0.12, 1.0, 50.0])
@pytest.mark.parametrize("interests", [2, 4, 64])
@pytest.mark.parametrize("scale", [1e-3, 0.3, 1.0])
def test_a_fast_score_is_off_by_no_more_than_its_bound(temperature, interests, scale):
    queries, items = drawn(interests, scale)
    scoring = Scoring(temperature)
    fast, ranking = ranked(queries, items, scoring)
    assert ranking.summed
    final = block_scores(queries, items, scoring).double()
    bound = ItemVectors.of(items).error_bound(queries, scoring)
    assert ((fast - final).abs() <= bound[:, None]).all()


@pytest.mark.parametrize("temperature", [0.0, 0.004, 0.12, 3.0])
@pytest.mark.parametrize("interests", [1, 3])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_lists_are_those_of_final_scores(temperature, interests, dtype):
    queries, items = drawn(interests, dtype=dtype)
    items[7] = items[3]  # equal scores
    scoring = Scoring(temperature)
    pairs = (torch.tensor([0, 0, 5]), torch.tensor([3, 9, 7]))
    excluded = ExcludedPairs.of(pairs, B, N, items.device)
    right = settle(queries, items, 20, excluded, 64, scoring)
    for block_size in (7, 64, 8192):
        found = ExactIndex(items, block_size, scoring).top_k(queries, 20, pairs)
        assert torch.equal(found.ids, right.ids)
        assert torch.equal(found.scores, right.scores)


def test_products_that_could_overflow_are_joined_as_scores():
    queries, items = drawn(scale=200.0)
    for scoring in (Scoring(0.12), MAXIMUM):
        fast, ranking = ranked(queries, items, scoring)
        assert not ranking.summed
        assert ranking.queries is queries
        assert fast.isfinite().all()


def test_the_largest_products_that_are_summed_neither_overflow_nor_vanish():
    items = torch.tensor([[0.0], [1.0], [-1.0]])
    queries = torch.tensor([80.0, -80.0]).view(2, 1, 1).expand(2, 64, 1)
    fast, ranking = ranked(queries, items, Scoring(1.0))
    assert ranking.summed
    more = torch.tensor(64.0).double().log()
    expected = torch.tensor([[0.0, 80.0, -80.0], [0.0, -80.0, 80.0]]).double() + more
    assert torch.allclose(fast, expected, rtol=1e-6)


def test_fills_and_rows_without_an_item_left():
    queries, items = drawn()
    only = torch.zeros(N, dtype=torch.bool)
    only[[4, 8]] = True
    pairs = (torch.tensor([1, 1]), torch.tensor([4, 8]))
    found = ExactIndex(items, scoring=Scoring(0.12)).top_k(queries, 5, pairs, only)
    assert set(found.ids[0].tolist()) == {0, 4, 8}
    assert found.ids[1].tolist() == [0] * 5
    assert (found.scores[1] == -torch.inf).all()
    empty = ExactIndex(items, scoring=Scoring(0.12)).top_k(queries[:0], 5)
    assert empty.ids.shape == (0, 5)
