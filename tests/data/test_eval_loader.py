"""Batches as RecBole's trainer expects them, with many targets a row."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from recbole.data.dataloader import FullSortEvalDataLoader

from recbole_opal.data.eval_loader import MultiTargetEvalLoader
from recbole_opal.errors import DataError

DATASET = SimpleNamespace(uid_field="user_id", iid_field="item_id", item_num=1000)


@pytest.fixture
def config(make_config) -> Any:
    config = make_config([("u", "i", 1)])
    config["eval_batch_size"] = 7
    return config


class Rows:
    """Row i: user 10 + i, history (1..i), targets i and i + 1, everything below i masked."""

    def __init__(self, count: int, masked: bool = True) -> None:
        self.count, self.masked = count, masked

    def __len__(self) -> int:
        return self.count

    def batch(self, index: np.ndarray) -> Any:
        places = np.arange(len(index))
        return SimpleNamespace(
            users=index + 10,
            histories=np.tile(np.arange(1, 4), (len(index), 1)),
            lengths=np.full(len(index), 3),
            target_rows=np.repeat(places, 2),
            target_ids=np.stack([index, index + 1], axis=1).ravel(),
            mask_rows=places if self.masked else None,
            mask_ids=index + 100 if self.masked else None,
            times=None,
        )


def test_batches_in_order_with_targets_and_mask(config: Any) -> None:
    loader = MultiTargetEvalLoader(config, DATASET, Rows(17), "valid")
    assert isinstance(loader, FullSortEvalDataLoader)
    batches = list(loader)
    assert len(loader) == len(batches) == 3
    interaction, history, rows, ids = batches[1]
    assert interaction["user_id"].tolist() == list(range(17, 24))
    assert interaction["item_id_list"].shape == (7, 3)
    assert interaction["item_length"].tolist() == [3] * 7
    assert rows.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]
    assert ids[:4].tolist() == [7, 8, 8, 9]
    assert history[0].tolist() == list(range(7))
    assert history[1].tolist() == list(range(107, 114))
    assert sum(len(batch[0]) for batch in batches) == 17
    assert {part.dtype for part in (*history, rows, ids)} == {torch.int64}


def test_without_a_mask(config: Any) -> None:
    _, history, _, _ = next(iter(MultiTargetEvalLoader(config, DATASET, Rows(2, False), "test")))
    assert history is None


def test_dense_scores_cap_the_batch(config: Any) -> None:
    config["eval_batch_size"], config["score_memory_mb"] = 4096, 1
    capped = MultiTargetEvalLoader(config, DATASET, Rows(9000), "test", dense_scores=True)
    assert capped.step == 2**20 // 4000
    assert len(next(iter(capped))[0]) == capped.step
    assert MultiTargetEvalLoader(config, DATASET, Rows(9000), "test").step == 4096
    config["score_memory_mb"] = 0.0001
    assert MultiTargetEvalLoader(config, DATASET, Rows(9), "test", dense_scores=True).step == 1


def test_an_empty_part_is_named(config: Any) -> None:
    with pytest.raises(DataError, match="no user has a target in the valid part"):
        MultiTargetEvalLoader(config, DATASET, Rows(0), "valid")
