"""Our faster metrics against RecBole's loops, and lists with fills by hand."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from recbole.evaluator import metrics as upstream
from recbole.evaluator import register as recbole_register

from recbole_opal.evaluation import metrics, register_metrics

NAMES = ["ItemCoverage", "ShannonEntropy", "GiniIndex", "AveragePopularity", "TailPercentage"]


def _struct(items: np.ndarray, num_items: int, counts: dict[int, int]) -> Any:
    values = {
        "rec.items": torch.from_numpy(items),
        "data.num_items": num_items,
        "data.count_items": counts,
    }
    return SimpleNamespace(get=values.__getitem__)


@pytest.mark.parametrize("tail_ratio", [None, 0.25, 3])
@pytest.mark.parametrize("name", NAMES)
def test_equals_upstream(config: Any, name: str, tail_ratio: float | None) -> None:
    config["tail_ratio"] = tail_ratio
    random = np.random.default_rng(3)
    items = np.stack([random.permutation(np.arange(1, 60))[:20] for _ in range(80)])
    counts = {int(item): int(random.integers(1, 9)) for item in random.permutation(60)[:45]}
    struct = _struct(items, 60, counts)
    found = getattr(metrics, name)(config).calculate_metric(struct)
    expected = getattr(upstream, name)(config).calculate_metric(struct)
    if name == "ShannonEntropy":  # upstream divides the sum by the number of distinct items
        for key in expected:
            expected[key] *= len(np.unique(items[:, : int(key.partition("@")[2])]))
    assert list(found) == list(expected)
    assert list(found.values()) == pytest.approx(list(expected.values()), abs=1e-9)
    assert len(set(found.values())) > 1


def test_mrr_equals_upstream(config: Any) -> None:
    hits = np.random.default_rng(0).random((200, 20)) < 0.05
    found, expected = metrics.MRR(config).metric_info(hits), upstream.MRR(config).metric_info(hits)
    assert np.array_equal(found, expected)


def test_fills_are_left_out(config: Any) -> None:
    config["topk"] = [2]
    struct = _struct(np.array([[1, 2], [1, 0]]), 4, {1: 6, 2: 2, 3: 1})
    values = {}
    for name in NAMES:
        values.update(getattr(metrics, name)(config).calculate_metric(struct))
    entropy = -(2 / 3 * np.log(2 / 3) + 1 / 3 * np.log(1 / 3))
    assert values["itemcoverage@2"] == 0.5
    assert values["shannonentropy@2"] == pytest.approx(entropy)
    assert values["averagepopularity@2"] == pytest.approx((4 + 6) / 2)
    # The rarest item, 3, is the tail (at least one item), and nobody got it.
    assert values["tailpercentage@2"] == 0.0
    # Sorted counts 0, 0, 1, 2 over 4 places: (1 * 1 + 3 * 2) / 3 / 4.
    assert values["giniindex@2"] == pytest.approx(7 / 12)


def test_only_fills(config: Any) -> None:
    config["topk"] = [2]
    struct = _struct(np.zeros((2, 2), dtype=np.int64), 4, {1: 6})
    for name in NAMES:
        values = getattr(metrics, name)(config).calculate_metric(struct)
        assert list(values.values()) == [0.0]


def test_registration_keeps_names_needs_and_directions() -> None:
    register_metrics()
    before = list(recbole_register.smaller_metrics)
    register_metrics()
    assert recbole_register.smaller_metrics == before
    assert {"giniindex", "averagepopularity"} <= set(before)
    for name in (*NAMES, "MRR"):
        key = name.lower()
        assert recbole_register.metrics_dict[key] is getattr(metrics, name)
        assert recbole_register.metric_information[key] == getattr(upstream, name).metric_need
