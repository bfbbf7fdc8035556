"""Every ranking metric on small lists against its textbook definition, computed in plain loops."""

import math
from collections import Counter
from statistics import fmean
from typing import Any

import numpy as np
import pytest

from recbole_opal.evaluation.evaluator import measure
from recbole_opal.evaluation.listed import ShannonEntropy
from recbole_opal.evaluation.registry import chosen_metrics

USERS, ITEMS, K = 9, 12, 5
TRAINING = {1: 8, 2: 5, 3: 5, 4: 3, 5: 2, 6: 2, 7: 1, 8: 1, 9: 1, 10: 1}  # 11 has none


def _case() -> tuple[np.ndarray, list[list[int]]]:
    """Return scores with ties (E, N) and each user's targets."""
    random = np.random.default_rng(4)
    scores = random.integers(0, 9, (USERS, ITEMS)).astype(np.float32)
    targets = [
        sorted(random.permutation(np.arange(1, ITEMS))[: 1 + user % 7].tolist())
        for user in range(USERS)
    ]
    return scores, targets


def _ranking(row: np.ndarray) -> list[int]:
    return sorted(range(1, ITEMS), key=lambda item: (-row[item], item))


def _average_precision(ranking: list[int], own: set[int], k: int) -> float:
    precisions = [
        sum(item in own for item in ranking[: place + 1]) / (place + 1)
        for place in range(k)
        if ranking[place] in own
    ]
    return sum(precisions) / min(len(own), k)


def _ndcg(ranking: list[int], own: set[int], k: int) -> float:
    gains = [1 / math.log2(place + 2) for place in range(k)]
    found = sum(gain for gain, item in zip(gains, ranking, strict=False) if item in own)
    return found / sum(gains[: len(own)])


def _auc(row: np.ndarray, own: set[int]) -> float:
    others = [item for item in range(1, ITEMS) if item not in own]
    wins = [(row[a] > row[b]) + 0.5 * (row[a] == row[b]) for a in own for b in others]
    return fmean(float(win) for win in wins)


def _gini(counts: list[int]) -> float:
    """Half of the relative mean absolute difference."""
    mean = fmean(counts)
    return fmean(abs(a - b) for a in counts for b in counts) / (2 * mean)


def _by_definition(scores: np.ndarray, targets: list[list[int]], k: int) -> dict[str, float]:
    rankings = [_ranking(row) for row in scores]
    asked = [set(own) for own in targets]
    pairs = list(zip(rankings, asked, strict=True))
    lists = [ranking[:k] for ranking in rankings]
    firsts = [next((p for p in range(k) if r[p] in own), None) for r, own in pairs]
    shown = Counter(item for ranking in lists for item in ranking)
    shares = [count / shown.total() for count in shown.values()]
    order = sorted(TRAINING, key=lambda item: (TRAINING[item], item))
    tail = set(order[: int(0.3 * len(TRAINING))])
    return {
        f"hit@{k}": fmean(first is not None for first in firsts),
        f"mrr@{k}": fmean(0 if first is None else 1 / (first + 1) for first in firsts),
        f"map@{k}": fmean(_average_precision(r, own, k) for r, own in pairs),
        f"recall@{k}": fmean(len(own & set(r[:k])) / len(own) for r, own in pairs),
        f"precision@{k}": fmean(len(own & set(r[:k])) / k for r, own in pairs),
        f"ndcg@{k}": fmean(_ndcg(r, own, k) for r, own in pairs),
        f"shannonentropy@{k}": -sum(share * math.log(share) for share in shares),
        # RecBole's number of items has the padding in it.
        f"itemcoverage@{k}": len(shown) / ITEMS,
        f"giniindex@{k}": _gini([shown[item] for item in range(ITEMS)]),
        f"averagepopularity@{k}": fmean(
            fmean(TRAINING.get(item, 0) for item in ranking) for ranking in lists
        ),
        f"tailpercentage@{k}": fmean(fmean(item in tail for item in ranking) for ranking in lists),
    }


@pytest.fixture
def evaluated(config: Any, random_evaluation: Any) -> dict[str, float]:
    config["topk"] = [1, 2, K]
    scores, targets = _case()
    nothing = [np.zeros(1, dtype=np.int64)]
    evaluation = random_evaluation(scores, [np.array(own) for own in targets], nothing)
    judged = evaluation.judged(config, TRAINING)
    return measure(judged, chosen_metrics(config["metrics"]), digits=12).results


def test_every_metric_is_what_its_name_says(evaluated: dict[str, float]) -> None:
    scores, targets = _case()
    expected: dict[str, float] = {}
    for k in (1, 2, K):
        expected |= _by_definition(scores, targets, k)
    weights = [len(own) for own in targets]
    areas = [_auc(row, set(own)) for row, own in zip(scores, targets, strict=True)]
    expected["gauc"] = float(np.average(areas, weights=weights))
    assert found_names(evaluated) == found_names(expected)
    assert dict(evaluated) == pytest.approx(expected, abs=1e-11)


def found_names(values: dict[str, float]) -> list[str]:
    return sorted(values)


@pytest.mark.parametrize("count", [1, 2, 49])
def test_entropy_of_even_use_is_the_logarithm(of_lists: Any, count: int) -> None:
    items = np.arange(1, count + 1).reshape(-1, 1).repeat(3, axis=0)
    entropy = ShannonEntropy().values(of_lists(items), 1)
    assert entropy == pytest.approx(math.log(count))
    assert not math.copysign(1, entropy) < 0
