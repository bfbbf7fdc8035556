"""What a finished run writes down: weights, values of each user, lists, metrics, diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from logging import getLogger
from math import isnan
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from recbole_opal.data.rows import EvalRows
from recbole_opal.distributed.sharded_embedding import sharded_embedding_of
from recbole_opal.evaluation.diagnostics import collapse_warning, interest_diagnostics
from recbole_opal.evaluation.evaluator import measure
from recbole_opal.evaluation.registry import chosen_metrics, every_run_metrics, own_traits
from recbole_opal.host.categories import item_categories
from recbole_opal.host.item_features import item_features
from recbole_opal.host.prepare import PreparedData
from recbole_opal.host.trainer import StagedTrainer
from recbole_opal.process.peak_memory import PeakMemory
from recbole_opal.runs import RunFolder
from recbole_opal.runs.file_names import FEATURES_NAME, HISTORIES_NAME
from recbole_opal.runs.machine import versions
from recbole_opal.training.whole_table import whole_weights

__all__ = ["id_tokens", "write_results"]

_RESULTS = ("valid", "test", "diagnostics")


def write_results(
    folder: RunFolder,
    trainer: StagedTrainer,
    data: PreparedData,
    seconds: Callable[[], float],
    memory: PeakMemory,
) -> dict[str, dict[str, Any]]:
    """Evaluate each stage at its best weights, save everything in one step.

    Args:
        folder: the run folder.
        trainer: after `fit`; its model ends in the best stage.
        data: what it was trained on.
        seconds: tells how long the run has taken so far.
        memory: has watched the run so far.

    Returns:
        By stage, what metrics.json says of `valid`, `test` and `diagnostics`.
    """
    config, loop = trainer.config, trainer.loop
    stages: dict[str, dict[str, Any]] = {}
    with folder.update():
        _save_items(folder, data.dataset, config["category_field"])
        features = item_features(data.dataset, config["item_features"])
        if features is not None:
            folder.save_arrays(FEATURES_NAME, features.as_arrays())
        if config["test_at_end"]:
            _save_test_part(folder, data.test.rows)
        for stage, record in loop.records.items():
            loop.load_stage(stage)
            folder.save_weights(stage, whole_weights(loop.weights[stage], loop.model))
            stages[stage] = record.as_dict()
            if config["test_at_end"]:
                stages[stage] |= _test(folder, trainer, data, stage)
        loop.load_stage(loop.best_stage)
        summary = {
            "model": config["model"],
            "dataset": config["dataset"],
            "stages": stages,
            "best_stage": loop.best_stage,
            "seconds": seconds(),
            "train_seconds": sum(stage["train_seconds"] for stage in stages.values()),
            "test_seconds": sum(stage.get("test_seconds", 0.0) for stage in stages.values()),
            "peak_memory": memory.in_bytes(trainer.device),
            "parameters": _parameters(trainer.model),
            "data": data.counts,
            "versions": versions(trainer.device),
        }
        own = own_traits(config["metrics"])
        if own:
            summary["own_metrics"] = {name: traits.model_dump() for name, traits in own.items()}
        folder.save_json("metrics.json", summary)
    return {
        name: {part: stage[part] for part in _RESULTS if part in stage}
        for name, stage in stages.items()
    }


def _test(
    folder: RunFolder, trainer: StagedTrainer, data: PreparedData, stage: str
) -> dict[str, Any]:
    """Evaluate on test, save each user's values and lists; return the stage's metrics."""
    started = perf_counter()
    judged = trainer.judge(data.test, with_interests=True)
    digits = trainer.config["metric_decimal_place"]
    chosen = measure(judged, chosen_metrics(trainer.config["metrics"]), digits=digits)
    taken = perf_counter() - started
    more = measure(judged, every_run_metrics())
    values = {
        "user_id": judged.users,
        **chosen.per_user,
        **more.per_user,
        "history_length": _history_lengths(data.dataset, judged.users),
    }
    folder.save_arrays(f"per_user-{stage}-test.npz", values)
    folder.save_arrays(f"lists-{stage}-test.npz", judged.arrays())
    # What no list has, as similarity at k = 1, was not asked for and is left out.
    told = {name: value for name, value in more.results.items() if not isnan(value)}
    found: dict[str, Any] = {"test": chosen.results | told, "test_seconds": taken}
    waited = trainer.user_seconds(data.test)
    if waited is not None:
        found["user_seconds"] = waited
    diagnostics = interest_diagnostics(judged)
    if diagnostics is None:
        return found
    warning = collapse_warning(diagnostics)
    if warning:
        getLogger("recbole_opal").warning("stage=%s %s", stage, warning)
    return found | {"diagnostics": diagnostics}


def _parameters(model: Any) -> int:
    """Count the trained numbers, those of a table in parts too."""
    table = sharded_embedding_of(model)
    apart = 0 if table is None else table.num_embeddings * table.embedding_dim
    return apart + sum(int(weight.numel()) for weight in model.parameters())


def _save_test_part(folder: RunFolder, rows: EvalRows) -> None:
    """Save whom the test part asks for, what they had met before it, and what they then met.

    The users stand in the order of the lists. With it an index report or a reader of the folder
    needs no data set.
    """
    users, items = rows.targets()
    folder.save_arrays("targets-test.npz", {"user_id": users, "item": items})
    owners, before = rows.whole_histories()
    histories: dict[str, npt.NDArray[Any]] = {
        "user_id": owners,
        "items": before.items.numpy().astype(np.int32),
        "lengths": before.lengths.numpy().astype(np.int32),
    }
    if before.times is not None:
        histories["times"] = before.times.numpy()
    folder.save_arrays(HISTORIES_NAME, histories)


def _save_items(folder: RunFolder, dataset: Any, category_field: str | None) -> None:
    """Save what reports need of the items: training counts and categories."""
    counts = dataset.training.item_counts(dataset.item_num)
    folder.save_arrays("item_counts.npz", {"counts": counts})
    categories = item_categories(dataset, category_field)
    if categories is not None:
        pairs = {"item": categories.items, "category": categories.categories}
        folder.save_arrays("item_categories.npz", pairs)


def id_tokens(
    dataset: Any, category_field: str | None, feature_fields: Sequence[str] = ()
) -> dict[str, list[str]]:
    """Return the token of each internal id, 0 is padding: users, items, categories, features.

    Raises:
        DataError: `category_field` names no column of categories.
    """
    tokens = {
        field: [str(token) for token in dataset.field2id_token[field]]
        for field in (dataset.uid_field, dataset.iid_field, *feature_fields)
        if field in dataset.field2id_token  # not one of numbers
    }
    categories = item_categories(dataset, category_field)
    return tokens if categories is None else tokens | {str(category_field): categories.names}


def _history_lengths(dataset: Any, users: Any) -> Any:
    """Return for each of the (E,) users the number of interactions before the test part."""
    sequences, part = dataset.sequences, dataset.split.test
    lengths = np.zeros(len(sequences), dtype=np.int64)
    lengths[part.rows] = part.starts - sequences.starts[part.rows]
    return lengths[np.searchsorted(sequences.users, users)]
