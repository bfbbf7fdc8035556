"""What may be asked for."""

import pytest

from recbole_opal.errors import SettingsError
from recbole_opal.reranking import Reranking


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"diversity": float("nan")}, "diversity=nan"),
        ({"diversity": -0.1}, "diversity=-0.1"),
        ({"diversity": float("inf")}, "diversity=inf"),
        ({"diversity": 10**400}, "diversity=1000"),
        ({"diversity": True}, "diversity=True"),
        ({"diversity": "0.1"}, "diversity=0.1"),
        ({"diversity": 1.5, "rule": "mmr"}, "from 0 to 1"),
        ({"rule": "msd"}, "choose categories, mmr, dpp"),
        ({"per_interest": -1}, "per_interest=-1"),
        ({"per_interest": 1.0}, "whole number"),
        ({"by_share": 1.1}, "by_share=1.1"),
        ({"candidates": 0}, "candidates=0"),
    ],
)
def test_what_is_out_of_range_is_told(given, told):
    with pytest.raises(SettingsError, match=told):
        Reranking(**given)


def test_the_number_of_candidates():
    assert Reranking().budget(50) == 50  # nothing to choose from
    assert Reranking(diversity=0.1).budget(10) == 200
    assert Reranking(diversity=0.1).budget(100) == 400
    assert Reranking(by_share=0.5, candidates=60).budget(50) == 60


@pytest.mark.parametrize(
    ("given", "k", "told"),
    [
        ({"candidates": 49, "diversity": 1}, 50, "cannot fill a list of 50"),
        ({"per_interest": 6}, 5, "more places for one interest than"),
        ({}, 0, "k=0"),
    ],
)
def test_what_does_not_fit_the_list_is_told(given, k, told):
    with pytest.raises(SettingsError, match=told):
        Reranking(**given).budget(k)
