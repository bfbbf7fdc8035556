"""Our metrics against RecBole's own loops, and lists with fills by hand."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from recbole.evaluator import metrics as upstream

from recbole_opal.evaluation.evaluator import measure
from recbole_opal.evaluation.judged import Judged, RankRecord
from recbole_opal.evaluation.registry import chosen_metrics
from recbole_opal.process.aliases import set_numpy_aliases

LISTED = ["ItemCoverage", "ShannonEntropy", "GiniIndex", "AveragePopularity", "TailPercentage"]
RANKING = ["Recall", "Hit", "NDCG", "MRR", "MAP", "Precision", "GAUC"]


def _values(name: str, judged: Judged) -> dict[str, float]:
    return measure(judged, chosen_metrics([name]), digits=12).results


def _upstream(name: str, config: Any, judged: Judged) -> dict[str, float]:
    set_numpy_aliases()  # RecBole's NDCG, MAP and GAUC still write np.float and np.bool
    counts = enumerate(judged.training.counts.tolist())
    targets = torch.from_numpy(judged.num_targets)[:, None]
    values = {
        "rec.items": torch.from_numpy(judged.items.astype(np.int64)),
        "rec.topk": torch.cat((torch.from_numpy(judged.hits).long(), targets), dim=1),
        "data.num_items": judged.training.num_items,
        "data.count_items": {item: count for item, count in counts if count},
    }
    if judged.ranks is not None:
        columns = (judged.ranks.sums, judged.ranks.candidates, judged.num_targets)
        values["rec.meanrank"] = torch.from_numpy(np.stack(columns, axis=1))
    struct = SimpleNamespace(get=values.__getitem__)
    return dict(getattr(upstream, name)(config).calculate_metric(struct))


@pytest.mark.parametrize("tail_ratio", [None, 0.25, 3])
@pytest.mark.parametrize("name", LISTED)
def test_equals_upstream(config: Any, of_lists: Any, name: str, tail_ratio: float | None) -> None:
    config["tail_ratio"] = tail_ratio
    random = np.random.default_rng(3)
    items = np.stack([random.permutation(np.arange(1, 60))[:20] for _ in range(80)])
    counts = {int(i): int(random.integers(1, 9)) for i in 1 + random.permutation(59)[:45]}
    judged = of_lists(items, 60, counts)
    found, expected = _values(name, judged), _upstream(name, config, judged)
    if name == "ShannonEntropy":  # upstream divides the sum by the number of distinct items
        for key in expected:
            expected[key] *= len(np.unique(items[:, : int(key.partition("@")[2])]))
    assert list(found) == list(expected)
    assert list(found.values()) == pytest.approx(list(expected.values()), abs=1e-9)
    assert len(set(found.values())) > 1


@pytest.mark.parametrize("name", RANKING)
def test_ranking_equals_upstream(config: Any, of_lists: Any, name: str) -> None:
    random = np.random.default_rng(0)
    hits = random.random((200, 20)) < 0.05
    targets = hits.sum(axis=1) + random.integers(1, 30, 200)
    candidates = random.integers(60, 90, 200)
    sums = (targets * (targets + 1) / 2) + random.integers(0, 400, 200)
    ranks = RankRecord(sums, candidates)
    judged = of_lists(np.ones((200, 20)), hits=hits, num_targets=targets, ranks=ranks)
    found, expected = _values(name, judged), _upstream(name, config, judged)
    assert found == pytest.approx(expected, abs=1e-12)


def test_fills_are_left_out(config: Any, of_lists: Any) -> None:
    config["topk"] = [2]
    judged = of_lists([[1, 2], [1, 0]], 4, {1: 6, 2: 2, 3: 1})
    values: dict[str, float] = {}
    for name in LISTED:
        values |= _values(name, judged)
    entropy = -(2 / 3 * np.log(2 / 3) + 1 / 3 * np.log(1 / 3))
    assert values["itemcoverage@2"] == 0.5
    assert values["shannonentropy@2"] == pytest.approx(entropy)
    assert values["averagepopularity@2"] == pytest.approx((4 + 6) / 2)
    # The rarest item, 3, is the tail (at least one item), and nobody got it.
    assert values["tailpercentage@2"] == 0.0
    # Sorted counts 0, 0, 1, 2 over 4 places: (1 * 1 + 3 * 2) / 3 / 4.
    assert values["giniindex@2"] == pytest.approx(7 / 12)


@pytest.mark.parametrize("name", LISTED)
def test_only_fills(config: Any, of_lists: Any, name: str) -> None:
    config["topk"] = [2]
    judged = of_lists(np.zeros((2, 2)), 4, {1: 6})
    assert list(_values(name, judged).values()) == [0.0]


@pytest.mark.parametrize(("metric", "cold"), [("ColdRecall", True), ("WarmRecall", False)])
def test_recall_of_new_and_of_known_items_equals_the_brute_force(
    config, random_evaluation, metric, cold
):
    random = np.random.default_rng(4)
    targets = [random.choice(np.arange(1, 40), size=n, replace=False) for n in (1, 5, 12, 3, 2)]
    scores, counts = random.random((5, 40)), {item: 2 for item in range(1, 40, 2)}
    targets[3], targets[4] = np.array([2, 4, 6]), np.array([1, 3])  # all new, all known
    evaluation = random_evaluation(scores, targets, [np.empty(0, dtype=np.int64)] * 5)
    judged = evaluation.judged(config, counts, step=2)
    found = measure(judged, chosen_metrics([metric]))
    for k in config["topk"]:
        wanted = []
        for row, own in zip(scores, targets, strict=True):
            listed = 1 + np.argsort(-row[1:])[:k]
            asked = [item for item in own if (item not in counts) == cold]
            hits = len(set(asked) & set(listed.tolist()))
            wanted.append(hits / len(asked) if asked else np.nan)
        np.testing.assert_allclose(found.per_user[f"{metric.lower()}@{k}"], wanted)
        assert found.results[f"{metric.lower()}@{k}"] == pytest.approx(np.nanmean(wanted))
