"""RecBole's trainer and models meet our evaluation: `evaluate` as RecBole's trainer has it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from recbole.data.interaction import Interaction
from recbole.trainer.trainer import Trainer
from torch import Tensor

from recbole_opal.batches import EvaluationBatch
from recbole_opal.distributed.agreement import agreed
from recbole_opal.distributed.group import current
from recbole_opal.distributed.sharded_embedding import sharded_embedding_of
from recbole_opal.evaluation.built_index import BuiltIndex, check_retrieval
from recbole_opal.evaluation.evaluator import judge, measure
from recbole_opal.evaluation.full_sort import (
    FullSortRetriever,
    InterestModel,
    Retrieved,
    from_scores,
)
from recbole_opal.evaluation.judged import Judged, TrainingFacts
from recbole_opal.evaluation.latency import median_seconds
from recbole_opal.evaluation.registry import chosen_metrics
from recbole_opal.evaluation.sharded_sort import ShardedRetriever
from recbole_opal.host.categories import item_categories
from recbole_opal.host.stored_dataset import StoredDataset

_ALONE = 64  # users that are asked for one at a time, to measure how long each waits

__all__ = ["TopKEvaluation", "dense_scores", "training_facts"]


class TopKEvaluation(Trainer):
    """A RecBole trainer whose `evaluate` is ours: lists of ids instead of a score matrix.

    Derive a trainer of your own from it. Stability: stable.

    Raises:
        OpalError: `retrieval` asks for a search that cannot be built for this model.
    """

    def __init__(self, config: Any, model: Any) -> None:
        check_retrieval(config, model)
        # RecBole's constructor makes an evaluator of its own, which goes unused and knows RecBole's
        # metrics alone.
        chosen, config["metrics"] = config["metrics"], ["Recall"]
        try:
            super().__init__(config, model)
        finally:
            config["metrics"] = chosen
        self._facts: tuple[Any, TrainingFacts] | None = None
        self._built = BuiltIndex()

    def evaluate(
        self, eval_data: Any, load_best_model: bool = False, show_progress: bool = False
    ) -> OrderedDict[str, float]:
        """Return the metrics of a part, of the model as it is, as RecBole's `evaluate` does.

        RecBole would read the best weights from a pickled file: a trainer that keeps some loads
        them itself.
        """
        metrics, digits = self.config["metrics"], self.config["metric_decimal_place"]
        measured = measure(self.judge(eval_data), chosen_metrics(metrics), digits=digits)
        return OrderedDict(agreed(measured.results))

    @torch.no_grad()
    def judge(self, eval_data: Any, *, with_interests: bool = False) -> Judged:
        """Return the lists of a part with their hits, and what the chosen metrics need of them.

        `eval_data` is one of our loaders; `with_interests` keeps what each interest did.
        """
        dataset, config = eval_data.dataset, self.config
        if self._facts is None or self._facts[0] is not dataset:
            self._facts = (dataset, training_facts(dataset))
        ranks = any(metric.needs_ranks for metric in chosen_metrics(config["metrics"]))
        lists = self._lists(dataset, with_ranks=ranks, with_interests=with_interests)
        return judge(lists, eval_data, config, self._facts[1])

    @torch.no_grad()
    def user_seconds(self, eval_data: Any) -> float | None:
        """Return the seconds from a user's history to the list, see `median_seconds`.

        Each user is asked for alone. The history stands in memory; encoding and search count, with
        what the search is built of made before. None where it is not measured: among several
        processes, and of a model of RecBole's that cannot answer a single user.
        """
        if current() is not None:
            return None
        lists = self._lists(eval_data.dataset)
        try:
            return median_seconds(lambda batch: lists(batch).ids.cpu(), eval_data.alone(_ALONE))
        except Exception:  # noqa: BLE001, whatever the model may raise
            if isinstance(self.model, InterestModel):
                raise
            return (
                None  # some of RecBole's squeeze a batch of one away; their run is none the worse
            )

    def _lists(
        self, dataset: Any, *, with_ranks: bool = False, with_interests: bool = False
    ) -> Callable[[EvaluationBatch], Retrieved]:
        """Return what makes the lists of a batch with the model as it is."""
        self.model.eval()
        config = self.config
        if not isinstance(self.model, InterestModel):
            scores = dense_scores(self.model, dataset, self.device, self.test_batch_size)
            return lambda batch: from_scores(
                scores(batch), max(config["topk"]), batch.targets if with_ranks else None
            )
        retriever: FullSortRetriever | ShardedRetriever
        if sharded_embedding_of(self.model) is not None:
            retriever = ShardedRetriever(self.model, config, with_interests=with_interests)
        else:
            retriever = FullSortRetriever(
                self.model,
                config,
                with_ranks=with_ranks,
                with_interests=with_interests,
                built=self._built,
            )
        return lambda batch: retriever.retrieve(
            batch.inputs.to(self.device), batch.excluded, batch.targets
        )


def training_facts(dataset: Any) -> TrainingFacts:
    """Return what metrics may ask of a training dataset of RecBole's."""
    if isinstance(dataset, StoredDataset):
        counts, none = dataset.training.item_counts(dataset.item_num), np.empty(0, dtype=np.int64)
        return TrainingFacts(dataset.item_num, none, none, counted=counts)
    categories = item_categories(dataset, dataset.config["category_field"])
    return TrainingFacts(
        dataset.item_num,
        dataset.inter_feat[dataset.uid_field].numpy(),
        dataset.inter_feat[dataset.iid_field].numpy(),
        None if categories is None else categories.table(dataset.item_num),
    )


def dense_scores(
    model: Any, dataset: Any, device: torch.device, most_pairs: int
) -> Callable[[EvaluationBatch], Tensor]:
    """Return how a model of RecBole's own scores all items, padding and history masked.

    One with `predict` alone is asked for every pair, `most_pairs` at a time.
    """

    def of_pairs(asked: Interaction) -> Tensor:
        every = asked.repeat_interleave(dataset.item_num)
        every.update(dataset.get_item_feature().to(device).repeat(len(asked)))
        starts = range(0, len(every), most_pairs)
        return torch.cat([model.predict(every[at : at + most_pairs]).view(-1) for at in starts])

    def scores(batch: EvaluationBatch) -> Tensor:
        asked = batch.inputs.to(device)
        try:
            found = model.full_sort_predict(asked)
        except NotImplementedError:
            found = of_pairs(asked)
        found = found.view(-1, dataset.item_num)
        found[:, 0] = -torch.inf
        if batch.excluded is not None:
            found[batch.excluded] = -torch.inf
        return found  # type: ignore[no-any-return]

    return scores
