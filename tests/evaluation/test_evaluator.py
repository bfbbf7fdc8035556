"""What is judged, against RecBole's own collector, and the things upstream gets wrong."""

from typing import Any

import numpy as np
import pytest
import torch
from recbole.evaluator.collector import Collector

from recbole_opal.batches import EvaluationBatch
from recbole_opal.errors import DataError
from recbole_opal.evaluation.evaluator import judge, match_targets
from recbole_opal.evaluation.full_sort import from_scores


def test_hand_computed_matches() -> None:
    ids = torch.tensor([[3, 1, 2], [1, 0, 0]])
    targets = (torch.tensor([0, 0, 0, 1, 1]), torch.tensor([2, 2, 9, 1, 3]))
    hits, counts = match_targets(ids, targets)
    assert hits.tolist() == [[False, False, True], [True, False, False]]
    assert counts.tolist() == [2, 2]


def test_a_fill_is_never_a_hit() -> None:
    found, _ = match_targets(
        torch.tensor([[4, 0, 0]]), (torch.tensor([0, 0]), torch.tensor([4, 0]))
    )
    assert found[0].tolist() == [True, False, False]


def test_same_data_as_upstream(config: Any, make_evaluation: Any) -> None:
    upstream = Collector(config)
    batch = make_evaluation(27, 50)
    scores = torch.from_numpy(batch.scores)
    found = batch.judged(config, step=9)
    scores[:, 0] = -torch.inf
    scores[batch.pairs(batch.masked)] = -torch.inf
    for start in range(0, 27, 9):
        rows = slice(start, start + 9)
        upstream.eval_batch_collect(scores[rows], {}, *batch.pairs(batch.targets[rows]))
    expected = upstream.get_data_struct()
    assert found.items.tolist() == expected.get("rec.items").tolist()
    hits = np.concatenate((found.hits, found.num_targets[:, None]), axis=1)
    assert hits.tolist() == expected.get("rec.topk").tolist()
    assert found.ranks is not None
    ranks = np.stack((found.ranks.sums, found.ranks.candidates, found.num_targets), axis=1)
    assert ranks.tolist() == expected.get("rec.meanrank").tolist()
    assert found.users.tolist() == list(range(27))


def test_a_row_without_targets_is_refused(config: Any, of_lists: Any) -> None:
    rows = (torch.tensor([0]), torch.tensor([1]))
    batch = EvaluationBatch(torch.tensor([1, 2]), torch.ones(2, 30), None, rows)
    facts = of_lists([[1]]).training
    with pytest.raises(DataError, match="no target"):
        judge(lambda asked: from_scores(asked.inputs, 3), [batch], config, facts)
