"""A stand-in for RecBole's Config and a random evaluation with several targets a user."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from recbole_opal.batches import EvaluationBatch
from recbole_opal.evaluation.evaluator import judge
from recbole_opal.evaluation.full_sort import from_scores
from recbole_opal.evaluation.judged import Judged, TrainingFacts


class FakeConfig(dict[str, Any]):
    """Like RecBole's Config: a missing key is None, and every key is an attribute too."""

    def __getitem__(self, name: str) -> Any:
        return self.get(name)

    def __getattr__(self, name: str) -> Any:
        return self.get(name)


@dataclass
class RandomEvaluation:
    """E users with scores (E, N), distinct target pairs and masked pairs disjoint from them."""

    scores: np.ndarray
    targets: list[np.ndarray]
    masked: list[np.ndarray]

    def pairs(self, lists: list[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns (rows, ids)."""
        rows = np.repeat(np.arange(len(lists)), [len(ids) for ids in lists])
        return torch.from_numpy(rows), torch.from_numpy(np.concatenate(lists))

    def judged(self, settings: Any, counts: Any = (), step: int = 128) -> Judged:
        """Returns the lists of the scores, in batches of `step` users."""
        scores = torch.from_numpy(self.scores).clone()
        scores[:, 0] = -torch.inf
        scores[self.pairs(self.masked)] = -torch.inf
        starts = range(0, len(scores), step)
        batches = [
            EvaluationBatch(
                torch.arange(len(scores))[start : start + step],
                scores[start : start + step],
                None,
                self.pairs(self.targets[start : start + step]),
            )
            for start in starts
        ]
        facts = training_facts(counts, scores.shape[1])
        longest = max(settings["topk"])

        def lists(batch: EvaluationBatch) -> Any:
            return from_scores(batch.inputs, longest, batch.targets)

        return judge(lists, batches, settings, facts)


def training_facts(counts: Any, num_items: int) -> TrainingFacts:
    """Returns facts of a log where each item of the mapping was met so often, by other users."""
    items = np.repeat(np.array(list(counts), dtype=np.int64), list(dict(counts).values()))
    return TrainingFacts(num_items, np.arange(1, len(items) + 1), items)


@pytest.fixture
def of_lists(config: FakeConfig) -> Any:
    """Returns a function from lists (E, k) to what is judged, without a hit unless told."""

    def of(items: Any, num_items: int = 60, counts: Any = (), **more: Any) -> Judged:
        items = np.asarray(items, dtype=np.int32)
        given = {"hits": np.zeros(items.shape, dtype=bool), "settings": config} | more
        users, targets = np.arange(len(items)), np.ones(len(items), dtype=np.int64)
        given = {"users": users, "num_targets": targets} | given
        return Judged(items=items, training=training_facts(counts, num_items), **given)

    return of


@pytest.fixture
def config() -> FakeConfig:
    """Returns settings with all ranking metrics."""
    metrics = ["Recall", "Hit", "NDCG", "MRR", "MAP", "Precision", "GAUC", "ItemCoverage"]
    metrics += ["GiniIndex", "ShannonEntropy", "AveragePopularity", "TailPercentage"]
    return FakeConfig(
        metrics=metrics,
        topk=[1, 5, 20],
        valid_metric="Recall@20",
        valid_metric_bigger=True,
        metric_decimal_place=12,
        eval_args={"mode": "full", "split": {"RS": [8, 1, 1]}, "group_by": "user", "order": "TO"},
        eval_type=_ranking(),
        eval_batch_size=7,
        eval_step=1,
        epochs=1,
        seed=1,
        worker=0,
        single_spec=True,
        device=torch.device("cpu"),
        use_gpu=False,
        checkpoint_dir="saved",
        learner="adam",
        learning_rate=0.01,
        weight_decay=0.0,
        model="Fake",
        USER_ID_FIELD="user_id",
        ITEM_ID_FIELD="item_id",
        TIME_FIELD="timestamp",
        LIST_SUFFIX="_list",
        ITEM_LIST_LENGTH_FIELD="item_length",
        tail_ratio=0.3,
    )


@pytest.fixture
def random_evaluation() -> type[RandomEvaluation]:
    """Returns the class."""
    return RandomEvaluation


@pytest.fixture
def make_evaluation() -> Any:
    """Returns a function from (users, items, seed) to a `RandomEvaluation`."""

    def make(users: int, items: int, seed: int = 0) -> RandomEvaluation:
        random = np.random.default_rng(seed)
        order = [random.permutation(np.arange(1, items)) for _ in range(users)]
        counts = random.integers(1, 9, users)
        masks = random.integers(0, 6, users)
        pairs = zip(order, counts, masks, strict=True)
        return RandomEvaluation(
            scores=random.permuted(np.tile(np.arange(items, dtype=np.float32), (users, 1)), axis=1),
            targets=[ids[:count] for ids, count in zip(order, counts, strict=True)],
            masked=[ids[count : count + mask] for ids, count, mask in pairs],
        )

    return make


def _ranking() -> Any:
    from recbole.utils import EvaluatorType

    return EvaluatorType.RANKING
