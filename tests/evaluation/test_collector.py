"""Collected data against RecBole's own collector, and the things upstream gets wrong."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from recbole.evaluator.collector import Collector

from recbole_opal.errors import DataError
from recbole_opal.evaluation import Retrieved, TopKCollector, from_scores
from recbole_opal.evaluation.collector import match_targets


def _train_data(items: int) -> Any:
    dataset = SimpleNamespace(
        num=lambda field: items if field == "item_id" else 10,
        item_counter=Counter({1: 3, 2: 1}),
    )
    return SimpleNamespace(dataset=dataset)


def test_hand_computed_matches() -> None:
    ids = torch.tensor([[3, 1, 2], [1, 0, 0]])
    targets = (torch.tensor([0, 0, 0, 1, 1]), torch.tensor([2, 2, 9, 1, 3]))
    assert match_targets(ids, targets).tolist() == [[0, 0, 1, 2], [1, 0, 0, 2]]


def test_a_fill_is_never_a_hit() -> None:
    found = match_targets(torch.tensor([[4, 0, 0]]), (torch.tensor([0, 0]), torch.tensor([4, 0])))
    assert found[0, :3].tolist() == [1, 0, 0]


def test_same_data_as_upstream(config: Any, make_evaluation: Any) -> None:
    ours, upstream = TopKCollector(config), Collector(config)
    for seed in range(3):
        batch = make_evaluation(9, 50, seed)
        scores = torch.from_numpy(batch.scores)
        scores[:, 0] = -torch.inf
        scores[batch.pairs(batch.masked)] = -torch.inf
        targets = batch.pairs(batch.targets)
        users = {"user_id": torch.arange(9) + 9 * seed}
        ours.eval_batch_collect(from_scores(scores, 20, targets), users, *targets)
        upstream.eval_batch_collect(scores, users, *targets)
    found, expected = ours.get_data_struct(), upstream.get_data_struct()
    for name in ("rec.items", "rec.topk", "rec.meanrank"):
        assert torch.equal(found.get(name).double(), expected.get(name).double()), name
    assert found.get("rec.users").tolist() == list(range(27))


def test_counters_survive_and_batches_are_used_once(config: Any) -> None:
    collector = TopKCollector(config)
    collector.data_collect(_train_data(6))
    for _ in range(2):
        collector.eval_batch_collect(
            Retrieved(torch.tensor([[1] * 20])),
            {"user_id": torch.tensor([4])},
            torch.tensor([0]),
            torch.tensor([1]),
        )
        struct = collector.get_data_struct()
        assert struct.get("data.num_items") == 6
        assert struct.get("data.count_items")[1] == 3
        assert len(struct.get("rec.topk")) == 1
        assert collector.last_struct is struct


def test_start_forgets_an_unfinished_evaluation(config: Any) -> None:
    collector = TopKCollector(config)
    row = (torch.tensor([0]), torch.tensor([1]))
    users = {"user_id": torch.tensor([4])}
    collector.eval_batch_collect(Retrieved(torch.tensor([[1] * 20])), users, *row)
    collector.start()
    collector.eval_batch_collect(Retrieved(torch.tensor([[2] * 20])), users, *row)
    assert collector.get_data_struct().get("rec.items")[:, 0].tolist() == [2]


def test_a_row_without_targets_is_refused(config: Any) -> None:
    with pytest.raises(DataError, match="no target"):
        TopKCollector(config).eval_batch_collect(
            Retrieved(torch.ones(2, 20, dtype=torch.int64)),
            {"user_id": torch.tensor([1, 2])},
            torch.tensor([0]),
            torch.tensor([1]),
        )
