"""Batches of an evaluation, with many targets a row."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from recbole_opal.batches import EvaluationBatch, Histories
from recbole_opal.data.loaders import EvaluationLoader
from recbole_opal.host.loaders import PaddedInputs, rows_at_once

DATASET = SimpleNamespace(uid_field="user_id", iid_field="item_id")


class Rows:
    """Row i: user 10 + i, history (1..3), targets i and i + 1, i + 100 masked."""

    def __init__(self, count: int, masked: bool = True) -> None:
        self.count, self.masked = count, masked

    def __len__(self) -> int:
        return self.count

    def batch(self, index: np.ndarray) -> EvaluationBatch:
        places, rows = torch.arange(len(index)), torch.from_numpy(index)
        items, lengths = torch.arange(1, 4).repeat(len(index)), torch.full((len(index),), 3)
        return EvaluationBatch(
            users=rows + 10,
            inputs=Histories(items, lengths),
            excluded=(places, rows + 100) if self.masked else None,
            targets=(places.repeat_interleave(2), torch.stack([rows, rows + 1], 1).flatten()),
        )


def test_batches_in_order_with_targets_and_mask() -> None:
    loader = EvaluationLoader(Rows(17), 7)
    batches = list(loader)
    assert len(loader) == len(batches) == 3
    batch = batches[1]
    assert batch.users.tolist() == list(range(17, 24))
    assert batch.inputs.lengths.tolist() == [3] * 7
    rows, ids = batch.targets
    assert rows.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]
    assert ids[:4].tolist() == [7, 8, 8, 9]
    assert batch.excluded[0].tolist() == list(range(7))
    assert batch.excluded[1].tolist() == list(range(107, 114))
    assert sum(len(batch.users) for batch in batches) == 17
    assert {part.dtype for part in (*batch.excluded, rows, ids)} == {torch.int64}


@pytest.mark.parametrize(("count", "step"), [(1, 1), (7, 7), (8, 7), (14, 7), (3, 100)])
def test_every_row_is_in_one_batch_of_at_most_a_step(count: int, step: int) -> None:
    batches = list(EvaluationLoader(Rows(count), step))
    assert torch.cat([batch.users for batch in batches]).tolist() == list(range(10, 10 + count))
    assert all(1 <= len(batch.users) <= step for batch in batches)


@pytest.mark.parametrize(("count", "most", "users"), [(9, 3, [10, 14, 18]), (2, 64, [10, 11])])
def test_rows_alone_are_spread_over_the_part(count: int, most: int, users: list[int]) -> None:
    batches = list(EvaluationLoader(Rows(count), 7).alone(most))
    assert [batch.users.tolist() for batch in batches] == [[user] for user in users]
    assert all(batch.targets[0].tolist() == [0, 0] for batch in batches)


def test_without_a_mask() -> None:
    assert next(iter(EvaluationLoader(Rows(2, False), 7))).excluded is None


def test_models_of_recbole_s_are_asked_with_padded_histories(make_config) -> None:
    config = make_config([("u", "i", 1)], "GRU4Rec", MAX_ITEM_LIST_LENGTH=5, loss_type="CE")
    loader = EvaluationLoader(Rows(9), 7, inputs=PaddedInputs(config, DATASET))
    batch = list(loader)[1]
    assert set(batch.inputs.columns) == {"user_id", "item_id_list", "item_length"}
    assert batch.inputs["user_id"].tolist() == batch.users.tolist() == [17, 18]
    assert batch.inputs["item_id_list"].tolist() == [[1, 2, 3, 0, 0]] * 2
    assert batch.inputs["item_length"].tolist() == [3, 3]


def test_dense_scores_cap_the_batch() -> None:
    config = {"eval_batch_size": 4096, "score_memory_mb": 1}
    assert rows_at_once(config, 1000) == 2**20 // 4000
    assert rows_at_once(config | {"score_memory_mb": None}, 1000) == 4096
    assert rows_at_once(config | {"score_memory_mb": 0.0001}, 1000) == 1
