"""Metrics of 1,000 random lists with several targets a user against trec_eval."""

from typing import Any

import numpy as np
import pytest
import pytrec_eval
import torch
from recbole.evaluator import Evaluator

from recbole_opal.evaluation import TopKCollector, from_scores, per_user_values

USERS, ITEMS = 1000, 300


@pytest.fixture
def judged(config: Any, make_evaluation: Any) -> Any:
    """Returns (our struct, trec's runs cut at k by user, trec's targets)."""
    config["metrics"] = ["Recall", "NDCG", "Precision", "MRR", "Hit", "MAP"]
    evaluation = make_evaluation(USERS, ITEMS, seed=11)
    scores = torch.from_numpy(evaluation.scores)
    scores[:, 0] = -torch.inf
    scores[evaluation.pairs(evaluation.masked)] = -torch.inf
    collector = TopKCollector(config)
    for start in range(0, USERS, 128):
        stop = min(start + 128, USERS)
        rows = torch.cat(
            [torch.full((len(t),), i) for i, t in enumerate(evaluation.targets[start:stop])]
        )
        ids = torch.from_numpy(np.concatenate(evaluation.targets[start:stop]))
        lists = from_scores(scores[start:stop], 20, (rows, ids))
        collector.eval_batch_collect(lists, {"user_id": torch.arange(start, stop)}, rows, ids)
    # trec's runs come from numpy's sort of the scores, not from our retrieval.
    order = np.argsort(-scores.numpy(), axis=1)
    runs = {
        k: {
            str(user): {str(item): float(k - place) for place, item in enumerate(order[user, :k])}
            for user in range(USERS)
        }
        for k in config["topk"]
    }
    targets = {
        str(user): {str(item): 1 for item in ids} for user, ids in enumerate(evaluation.targets)
    }
    return collector.get_data_struct(), runs, targets


@pytest.mark.parametrize(
    ("name", "measure"),
    [
        ("recall", "recall"),
        ("ndcg", "ndcg_cut"),
        ("precision", "P"),
        ("mrr", "recip_rank"),
        ("hit", "success"),
        ("map", "map_cut"),
    ],
)
def test_agrees_with_trec_eval(config: Any, judged: Any, name: str, measure: str) -> None:
    struct, runs, targets = judged
    users, values = per_user_values(struct, config)
    means = Evaluator(config).evaluate(struct)
    assert users.tolist() == list(range(USERS))
    for k in config["topk"]:
        asked = measure if measure == "recip_rank" else f"{measure}.{k}"
        key = asked.replace(".", "_")
        results = pytrec_eval.RelevanceEvaluator(targets, {asked}).evaluate(runs[k])
        oracle = np.array([results[str(user)][key] for user in range(USERS)])
        if name == "map":
            # trec divides by all targets, RecBole by the k it could reach at most.
            counts = np.array([len(targets[str(user)]) for user in range(USERS)])
            oracle = oracle * counts / np.minimum(counts, k)
        assert 0 < oracle.mean() < 1
        np.testing.assert_allclose(values[f"{name}@{k}"], oracle, atol=1e-6)
        assert means[f"{name}@{k}"] == pytest.approx(oracle.mean(), abs=1e-6)


def test_gauc_equals_a_naive_count(config: Any, make_evaluation: Any) -> None:
    config["metrics"] = ["GAUC"]
    evaluation = make_evaluation(40, 60, seed=2)
    scores = torch.from_numpy(evaluation.scores // 3)  # ties
    scores[:, 0] = -torch.inf
    scores[evaluation.pairs(evaluation.masked)] = -torch.inf
    rows, ids = evaluation.pairs(evaluation.targets)
    collector = TopKCollector(config)
    lists = from_scores(scores, 20, (rows, ids))
    collector.eval_batch_collect(lists, {"user_id": torch.arange(40)}, rows, ids)
    found = Evaluator(config).evaluate(collector.get_data_struct())["gauc"]
    total, weight = 0.0, 0
    for row, targets in zip(scores.numpy(), evaluation.targets, strict=True):
        others = np.setdiff1d(np.flatnonzero(row > -np.inf), targets)
        wins = sum(
            (row[item] > row[other]) + 0.5 * (row[item] == row[other])
            for item in targets
            for other in others
        )
        total += wins / len(others)
        weight += len(targets)
    assert found == pytest.approx(total / weight, abs=1e-9)
