"""MMR and DPP by pyversity."""

import builtins
import warnings

import pytest
import torch

from recbole_opal.errors import RetrievalError
from recbole_opal.reranking import Reranking, rerank

INF = float("inf")


@pytest.fixture
def twins(make_candidates):
    """Return candidates of which neighbours have the same vector, and one user has few."""
    items = torch.eye(5)[torch.tensor([0, 1, 1, 2, 2, 3, 3])]
    scores = [[6.0, 5.9, 5.0, 4.9, 4.0, 3.9], [6.0, 5.9, 5.0, -INF, -INF, -INF]]
    interests = [[0, 0, 0, 0, 0, 1]] * 2
    return make_candidates(scores, interests, [[0.5, 0.5]] * 2, items)


@pytest.mark.parametrize("rule", ["mmr", "dpp"])
def test_the_like_are_kept_apart(twins, rule):
    found = rerank(twins, 3, Reranking(diversity=0.8, rule=rule))
    assert found.ids[0].tolist() == [1, 3, 5]
    assert sorted(found.ids[1].tolist()) == [1, 2, 3]


@pytest.mark.parametrize("rule", ["mmr", "dpp"])
def test_it_is_never_short_while_candidates_are_left(twins, rule):
    found = rerank(twins, 6, Reranking(diversity=1.0, rule=rule))
    assert sorted(found.ids[0].tolist()) == [1, 2, 3, 4, 5, 6]
    assert found.ids[1].tolist()[3:] == [0, 0, 0]
    assert found.scores[1].tolist()[3:] == [-INF] * 3


@pytest.mark.parametrize("rule", ["mmr", "dpp"])
def test_quotas_are_kept(twins, rule):
    found = rerank(twins, 2, Reranking(diversity=0.5, rule=rule, per_interest=1))
    assert found.ids[0].tolist() == [1, 6]


def test_without_pyversity_it_says_what_to_install(twins, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "pyversity":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(RetrievalError, match="pip install pyversity"):
        rerank(twins, 2, Reranking(diversity=0.5, rule="mmr"))


def test_more_places_than_the_vectors_have_coordinates(make_candidates):
    items = torch.randn(41, 4, generator=torch.Generator().manual_seed(0))
    candidates = make_candidates([[float(-number) for number in range(40)]], items=items)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = rerank(candidates, 30, Reranking(diversity=0.9, rule="dpp"))
    assert len(set(found.ids[0].tolist()) - {0}) == 30
