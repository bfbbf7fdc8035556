"""Values for each user: by hand, and averaging to what RecBole reports."""

from typing import Any

import numpy as np
import pytest
import torch
from recbole.evaluator import Evaluator

from recbole_opal.evaluation import Retrieved, TopKCollector, per_user_values


def _collected(config: Any) -> Any:
    collector = TopKCollector(config)
    collector.eval_batch_collect(
        Retrieved(torch.tensor([[1, 2], [3, 4]])),
        {"user_id": torch.tensor([8, 5])},
        torch.tensor([0, 0, 0, 1]),
        torch.tensor([2, 6, 7, 9]),
    )
    return collector.get_data_struct()


def test_hand_computed(config: Any) -> None:
    config["metrics"] = ["Recall", "Hit", "NDCG", "MRR", "MAP", "Precision"]
    config["topk"] = [1, 2]
    users, values = per_user_values(_collected(config), config)
    assert users.tolist() == [8, 5]
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


def test_means_are_what_recbole_reports_and_global_metrics_are_left_out(config: Any) -> None:
    config["metrics"] = ["Recall", "NDCG", "ShannonEntropy"]
    config["topk"] = [2]
    struct = _collected(config)
    _, values = per_user_values(struct, config)
    reported = Evaluator(config).evaluate(struct)
    assert set(values) == {"recall@2", "ndcg@2"}
    for name, column in values.items():
        assert reported[name] == pytest.approx(column.mean(), abs=1e-12)
