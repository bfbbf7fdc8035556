"""Places for interests."""

from itertools import combinations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.reranking import Candidates, Reranking, rerank
from recbole_opal.reranking.quotas import apportion

INF = float("inf")


@pytest.mark.parametrize(
    ("weights", "whole", "places"),
    [
        ([0.5, 0.3, 0.2], 10, [5, 3, 2]),
        ([0.5, 0.3, 0.2], 4, [2, 1, 1]),
        ([1 / 3, 1 / 3, 1 / 3], 4, [2, 1, 1]),
        ([0.1] * 10, 10, [1] * 10),  # not 0.9999
        ([0.9, 0.1, 0.0], 5, [5, 0, 0]),
        ([0.0, 0.0, 0.0], 5, [0, 0, 0]),
        ([0.0, 1.0, 0.0], 0, [0, 0, 0]),
    ],
)
def test_places_by_the_largest_remainder(weights, whole, places):
    assert apportion(torch.tensor([weights]), whole).tolist() == [places]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=8), st.integers(0, 60))
def test_all_places_are_given(weights, whole):
    given_ = torch.tensor([weights])
    places = apportion(given_, whole)
    assert places.sum() == (whole if sum(weights) > 0 else 0)
    total = given_.double().sum()
    assert not total or ((places - given_.double() / total * whole).abs() < 1 + 1e-4).all()


def test_each_interest_in_use_has_its_places(make_candidates):
    candidates = make_candidates(
        [[9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0]],
        [[0, 0, 0, 0, 0, 1, 1, 2]],
        [[0.7, 0.3, 0.0]],
    )
    found = rerank(candidates, 5, Reranking(per_interest=2))
    assert found.ids.tolist() == [[1, 2, 3, 6, 7]]  # by score; the third is not in use
    assert rerank(candidates, 5, Reranking(by_share=1.0)).ids.tolist() == [[1, 2, 3, 4, 6]]
    assert rerank(candidates, 5, Reranking(by_share=0.0)).ids.tolist() == [[1, 2, 3, 4, 5]]


def test_an_interest_that_a_user_does_not_have_gets_no_place(make_candidates):
    active = torch.tensor([[True, False]])
    candidates = make_candidates([[3.0, 2.0, 1.0]], [[0, 0, 1]], [[0.5, 0.5]], active=active)
    assert rerank(candidates, 2, Reranking(per_interest=1)).ids.tolist() == [[1, 2]]


def test_more_wishes_than_places_are_cut_by_share(make_candidates):
    candidates = make_candidates([[4.0, 3.0, 2.0, 1.0]], [[0, 1, 2, 3]], [[0.1, 0.2, 0.3, 0.4]])
    assert rerank(candidates, 2, Reranking(per_interest=1)).ids.tolist() == [[3, 4]]


def test_an_interest_without_enough_candidates_leaves_its_places_to_others(make_candidates):
    candidates = make_candidates([[4.0, 3.0, 2.0, -INF]], [[0, 0, 1, 1]], [[0.5, 0.5]])
    assert rerank(candidates, 4, Reranking(per_interest=2)).ids.tolist() == [[1, 2, 3, 0]]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_list_is_the_best_of_all_that_keep_to_the_places(data):
    """The greedy choice against all subsets: such lists are a matroid."""
    count, k = 8, 4
    scores = sorted(data.draw(st.lists(st.integers(0, 20), min_size=count, max_size=count)))[::-1]
    interests = data.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    least = data.draw(st.integers(0, 1))
    candidates = Candidates(
        torch.arange(1, count + 1).unsqueeze(0), torch.tensor([scores]).float(),
        torch.tensor([interests]), torch.eye(count + 1), torch.ones(1, 3) / 3, torch.ones(1, 3) > 0,
    )  # fmt: skip
    found = rerank(candidates, k, Reranking(per_interest=least)).ids[0] - 1
    need = {j: min(least, interests.count(j)) for j in range(3)}

    def keeps(subset):
        return all(sum(interests[i] == j for i in subset) >= n for j, n in need.items())

    best = max(sum(scores[i] for i in s) for s in combinations(range(count), k) if keeps(s))
    assert keeps(found.tolist())
    assert sum(scores[i] for i in found.tolist()) == best
    assert found.tolist() == sorted(found.tolist())  # in the order of the scores


def test_diversity_keeps_to_the_places(make_candidates):
    candidates = make_candidates(
        [[9.0, 8.0, 7.0, 6.0, 5.0, 4.0]], [[0, 0, 0, 0, 1, 1]], [[0.5, 0.5]]
    )
    categories = torch.tensor([[0], [1], [1], [2], [1], [3], [3]])
    how = Reranking(diversity=1.0, per_interest=2)
    assert rerank(candidates, 4, how, categories).ids.tolist() == [[1, 3, 5, 6]]
