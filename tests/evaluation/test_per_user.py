"""Values for each user: by hand, and averaging to what is reported."""

from typing import Any

import numpy as np
import pytest

from recbole_opal.errors import SettingsError
from recbole_opal.evaluation.evaluator import measure
from recbole_opal.evaluation.metric import Metric
from recbole_opal.evaluation.registry import chosen_metrics


@pytest.fixture
def judged(of_lists: Any) -> Any:
    hits = np.array([[False, True], [False, False]])
    of_users = {"users": np.array([8, 5]), "num_targets": np.array([3, 1])}
    return of_lists([[1, 2], [3, 4]], 10, hits=hits, **of_users)


def test_hand_computed(config: Any, judged: Any) -> None:
    config["topk"] = [1, 2]
    names = ["Recall", "Hit", "NDCG", "MRR", "MAP", "Precision"]
    values = measure(judged, chosen_metrics(names)).per_user
    discount = 1 / np.log2(3)
    expected = {
        "recall@2": 1 / 3,
        "hit@2": 1.0,
        "ndcg@2": discount / (1 + discount),
        "mrr@2": 0.5,
        "map@2": 0.25,
        "precision@2": 0.5,
    }
    for name, value in expected.items():
        assert values[name].dtype == np.float64
        assert values[name].tolist() == pytest.approx([value, 0.0])
        assert values[name.replace("@2", "@1")].tolist() == [0.0, 0.0]


def test_means_are_what_is_reported_and_global_metrics_are_left_out(
    config: Any, judged: Any
) -> None:
    config["topk"] = [2]
    found = measure(judged, chosen_metrics(["Recall", "NDCG", "ShannonEntropy"]), digits=4)
    assert set(found.per_user) == {"recall@2", "ndcg@2"}
    assert set(found.results) == {"recall@2", "ndcg@2", "shannonentropy@2"}
    for name, column in found.per_user.items():
        assert found.results[name] == round(column.mean(), 4)


class Odd(Metric):
    def values(self, judged, k):
        return np.array([np.nan, 2.0]) if k == 1 else np.array([np.nan, np.nan])


def test_users_without_a_value_are_left_out_of_the_mean(config: Any, judged: Any) -> None:
    config["topk"] = [1, 2]
    found = measure(judged, [Odd()])
    assert found.results["odd@1"] == 2.0
    assert np.isnan(found.results["odd@2"])
    assert np.isnan(found.per_user["odd@1"]).tolist() == [True, False]


@pytest.mark.parametrize(("per_user", "given"), [(True, 1.0), (False, np.ones(2))])
def test_values_of_another_shape_are_told(
    config: Any, judged: Any, per_user: bool, given: Any
) -> None:
    config["topk"] = [1]
    body = {"per_user": per_user, "values": lambda self, judged, k: given}
    with pytest.raises(SettingsError, match=r"Odd\.values gave an array of shape .* for 2 users"):
        measure(judged, [type("Odd", (Metric,), body)()])
