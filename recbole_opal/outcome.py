"""What a finished run writes down: weights, values of each user, lists, metrics, diagnostics."""

from __future__ import annotations

from collections.abc import Callable
from logging import getLogger
from time import perf_counter
from typing import Any

import numpy as np

from recbole_opal.data.categories import ItemCategories, item_categories
from recbole_opal.evaluation.diagnostics import collapse_warning, interest_diagnostics
from recbole_opal.evaluation.lists import RankedLists
from recbole_opal.evaluation.measures import ListMeasures
from recbole_opal.evaluation.per_user import per_user_values
from recbole_opal.host.prepare import PreparedData
from recbole_opal.host.trainer import StagedTrainer
from recbole_opal.reporting.environment import versions
from recbole_opal.reporting.memory import PeakMemory
from recbole_opal.runs import RunFolder

__all__ = ["Outcome", "id_tokens"]

_RESULTS = ("valid", "test", "diagnostics")


class Outcome:
    """Tests every stage of a trained model and writes down all that is known of the run.

    Args:
        config: the settings of the run.
        data: its data.

    Raises:
        DataError: `category_field` names no column of categories.
    """

    def __init__(self, config: Any, data: PreparedData) -> None:
        self._config = config
        self._data = data
        self._categories = item_categories(data.dataset, config["category_field"])
        self._measures: ListMeasures | None = None

    def write(
        self,
        folder: RunFolder,
        trainer: StagedTrainer,
        seconds: Callable[[], float],
        memory: PeakMemory,
    ) -> dict[str, dict[str, Any]]:
        """Evaluate each stage at its best weights, save everything in one step.

        Args:
            folder: the run folder.
            trainer: after `fit`; its model ends in the best stage.
            seconds: tells how long the run has taken so far.
            memory: has watched the run so far.

        Returns:
            Of each stage what `metrics.json` says of `valid`, `test` and `diagnostics`, where it
            says it.
        """
        stages: dict[str, dict[str, Any]] = {}
        with folder.update():
            self._save_items(folder)
            if self._config["test_at_end"]:
                users, items = self._data.test.rows.targets()
                folder.save_arrays("targets-test.npz", {"user_id": users, "item": items})
            for stage, record in trainer.loop.records.items():
                trainer.loop.load_stage(stage)
                folder.save_weights(stage, trainer.loop.weights[stage])
                stages[stage] = record.as_dict()
                if self._config["test_at_end"]:
                    stages[stage] |= self._test(folder, trainer, stage)
            trainer.loop.load_stage(trainer.loop.best_stage)
            folder.save_json("metrics.json", self._summary(trainer, stages, seconds(), memory))
        return {
            name: {part: stage[part] for part in _RESULTS if part in stage}
            for name, stage in stages.items()
        }

    def _test(self, folder: RunFolder, trainer: StagedTrainer, stage: str) -> dict[str, Any]:
        """Evaluate on test, save each user's values and lists; return the stage's metrics."""
        collector = trainer.eval_collector
        collector.data_collect(self._data.train)
        collector.keep_lists = True
        started = perf_counter()
        metrics = trainer.evaluate(self._data.test, load_best_model=False)
        taken = perf_counter() - started
        collector.keep_lists = False
        lists = RankedLists.of(collector.last_struct)
        users, values = per_user_values(collector.last_struct, self._config)
        measured = self._measures or ListMeasures(
            self._data.dataset, self._categories, self._config["topk"]
        )
        self._measures = measured
        per_user = measured.of_each_user(lists)
        folder.save_arrays(
            f"per_user-{stage}-test.npz",
            {
                "user_id": users,
                **values,
                **per_user,
                "history_length": _history_lengths(self._data.dataset, users),
            },
        )
        folder.save_arrays(f"lists-{stage}-test.npz", lists.arrays())
        found: dict[str, Any] = {
            "test": {**(metrics or {}), **measured.of_all(lists, per_user)},
            "test_seconds": taken,
        }
        diagnostics = interest_diagnostics(lists)
        if diagnostics is None:
            return found
        warning = collapse_warning(diagnostics)
        if warning:
            getLogger("recbole_opal").warning("stage=%s %s", stage, warning)
        return found | {"diagnostics": diagnostics}

    def _save_items(self, folder: RunFolder) -> None:
        """Save what reports need of the items: training counts and categories."""
        dataset = self._data.dataset
        bought = dataset.inter_feat[dataset.iid_field].numpy()
        counts = np.bincount(bought, minlength=dataset.item_num)
        folder.save_arrays("item_counts.npz", {"counts": counts})
        if self._categories is not None:
            pairs = {"item": self._categories.items, "category": self._categories.categories}
            folder.save_arrays("item_categories.npz", pairs)

    def _summary(
        self,
        trainer: StagedTrainer,
        stages: dict[str, dict[str, Any]],
        seconds: float,
        memory: PeakMemory,
    ) -> dict[str, Any]:
        return {
            "model": self._config["model"],
            "dataset": self._config["dataset"],
            "stages": stages,
            "best_stage": trainer.loop.best_stage,
            "seconds": seconds,
            "train_seconds": sum(stage["train_seconds"] for stage in stages.values()),
            "test_seconds": sum(stage.get("test_seconds", 0.0) for stage in stages.values()),
            "peak_memory": memory.in_bytes(trainer.device),
            "parameters": sum(weight.numel() for weight in trainer.model.parameters()),
            "data": self._data.counts,
            "versions": versions(trainer.device),
        }


def id_tokens(data: PreparedData, category_field: str | None) -> dict[str, list[str]]:
    """Return the token of each internal id, 0 is padding: users, items and categories.

    Args:
        data: the data of the run.
        category_field: the setting of that name.

    Raises:
        DataError: `category_field` names no column of categories.
    """
    dataset = data.dataset
    tokens = {
        field: [str(token) for token in dataset.field2id_token[field]]
        for field in (dataset.uid_field, dataset.iid_field)
    }
    categories: ItemCategories | None = item_categories(dataset, category_field)
    return tokens if categories is None else tokens | {str(category_field): categories.names}


def _history_lengths(dataset: Any, users: Any) -> Any:
    """Return for each of the (E,) users the number of interactions before the test part."""
    sequences, part = dataset.sequences, dataset.split.test
    lengths = np.zeros(len(sequences), dtype=np.int64)
    lengths[part.rows] = part.starts - sequences.starts[part.rows]
    return lengths[np.searchsorted(sequences.users, users)]
