"""Metrics of 1,000 random lists with several targets a user against trec_eval."""

from typing import Any

import numpy as np
import pytest
import pytrec_eval
import torch

from recbole_opal.evaluation.evaluator import measure
from recbole_opal.evaluation.registry import chosen_metrics

USERS, ITEMS = 1000, 300


@pytest.fixture
def judged(config: Any, make_evaluation: Any) -> Any:
    """Returns (our lists, trec's runs cut at k by user, trec's targets)."""
    config["metrics"] = ["Recall", "NDCG", "Precision", "MRR", "Hit", "MAP"]
    evaluation = make_evaluation(USERS, ITEMS, seed=11)
    scores = torch.from_numpy(evaluation.scores)
    scores[:, 0] = -torch.inf
    scores[evaluation.pairs(evaluation.masked)] = -torch.inf
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
    return evaluation.judged(config), runs, targets


@pytest.mark.parametrize(
    ("name", "trec"),
    [
        ("recall", "recall"),
        ("ndcg", "ndcg_cut"),
        ("precision", "P"),
        ("mrr", "recip_rank"),
        ("hit", "success"),
        ("map", "map_cut"),
    ],
)
def test_agrees_with_trec_eval(config: Any, judged: Any, name: str, trec: str) -> None:
    lists, runs, targets = judged
    measured = measure(lists, chosen_metrics(config["metrics"]))
    values, means = measured.per_user, measured.results
    assert lists.users.tolist() == list(range(USERS))
    for k in config["topk"]:
        asked = trec if trec == "recip_rank" else f"{trec}.{k}"
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
    evaluation.scores = scores.numpy()
    judged = evaluation.judged(config)
    found = measure(judged, chosen_metrics(config["metrics"]), digits=12).results["gauc"]
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
