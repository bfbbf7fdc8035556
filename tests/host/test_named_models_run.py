"""Every RecBole model of the named set, trained for an epoch by the same call."""

import math

import numpy as np
import pytest

import recbole_opal
from recbole_opal.host.upstream_models import UPSTREAM
from recbole_opal.runs import RunFolder


@pytest.fixture
def settings(quick_settings):
    """Settings that all of these models know."""
    of_ours = ("cuts_per_user", "hidden_size", "num_interests", "num_negatives", "future_window")
    common = {name: value for name, value in quick_settings.items() if name not in of_ours}
    return common | {"epochs": 1, "train_batch_size": 256}


def test_all_run_and_are_judged_on_the_same_users(settings):
    users, lengths = {}, {}
    for model in UPSTREAM:
        result = recbole_opal.run(model, "tiny", **settings)
        test = result.stages["train"]["test"]
        for metric in ("recall", "hit", "ndcg"):
            assert 0 <= test[f"{metric}@10"] <= 1
        assert test["recall@5"] <= test["recall@10"]
        values = np.load(result.folder / "per_user-train-test.npz")
        assert math.isclose(values["recall@10"].mean(), test["recall@10"], abs_tol=1e-8)
        users[model] = values["user_id"].tolist()
        lengths[model] = values["history_length"].tolist()
        assert RunFolder.open(result.folder).load_weights("train")
    assert len({tuple(ids) for ids in users.values()}) == 1
    assert len({tuple(counts) for counts in lengths.values()}) == 1
    assert users["Pop"]


def test_neighbours_and_popularity_beat_chance_on_planted_categories(settings):
    """In `tiny` a user likes 24 of 48 items, so a list of 10 finds some 21 % by chance."""
    found = {
        model: recbole_opal.run(model, "tiny", **settings).stages["train"]["test"]["recall@10"]
        for model in ("Pop", "ItemKNN")
    }
    assert found["ItemKNN"] > 0.5
    assert found["ItemKNN"] > found["Pop"] + 0.1
