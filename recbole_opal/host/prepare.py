"""From settings to the three loaders of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recbole.data.interaction import Interaction

from recbole_opal.data.atomic_files.time_units import read_note
from recbole_opal.data.counts import data_counts
from recbole_opal.data.data_warnings import data_warnings
from recbole_opal.data.empty_parts import require_targets, require_training
from recbole_opal.data.loaders import EvaluationLoader, FutureTrainLoader
from recbole_opal.data.rows import EvalRows, FutureRows
from recbole_opal.host.clock import reads_times, require_clock
from recbole_opal.host.dataset import FutureItemDataset
from recbole_opal.host.loaders import (
    GatheringLoader,
    PaddedInputs,
    rows_at_once,
    upstream_train_loader,
)
from recbole_opal.host.stored_dataset import StoredDataset
from recbole_opal.host.upstream_models import trained_on
from recbole_opal.settings.protocol import masks_history

__all__ = ["PreparedData", "prepare_data"]


@dataclass(frozen=True)
class PreparedData:
    """The loaders of a run's parts, and the training dataset, for the model's constructor."""

    dataset: FutureItemDataset | StoredDataset
    train: FutureTrainLoader | GatheringLoader
    valid: EvaluationLoader
    test: EvaluationLoader
    counts: dict[str, int]  # what was kept and what was left out, by name
    time_note: str  # in which unit the times were
    warnings: tuple[str, ...]  # what makes figures mean something else than a reader thinks


def prepare_data(config: Any, *, future_items: bool) -> PreparedData:
    """Load, split and wrap the data set a configuration names.

    Whatever the model, the parts, the targets and the items left out of the lists are the same.
    Multi-interest models are trained on random cuts and future targets (`future_items`), RecBole's
    own sequential ones on (prefix, next item), and its general models on the training interactions
    without their order; those that serve from a user's row of the interaction matrix get, for each
    part, the row that ends before the part, as the histories of sequential models do.

    Raises:
        DataError: the data cannot be read, or a part is empty.
        SettingsError: the model reads times, and those of the data are no clock's.
    """
    stored = config["histories_folder"] is not None
    dataset: FutureItemDataset | StoredDataset
    dataset = StoredDataset(config) if stored else FutureItemDataset(config)
    dataset.build()
    of_histories = trained_on(config.model_class) == "histories"
    require_clock(config.model_class, config["recency"], dataset.time_unit)
    require_training(config, dataset, 2 if of_histories else 1)
    masks = masks_history(config)
    needs_times = reads_times(config.model_class, config["recency"])
    options = {"history_width": config["MAX_ITEM_LIST_LENGTH"], "with_times": needs_times}
    train: FutureTrainLoader | GatheringLoader
    if future_items:
        asked_seen = config["seen_targets"]
        future_rows = FutureRows(
            dataset.sequences,
            dataset.split,
            future_width=config["future_window"],
            cuts_per_user=config["cuts_per_user"],
            seen_targets=not masks if asked_seen is None else asked_seen,
            **options,
        )
        train = FutureTrainLoader(config, future_rows)
        asked: dict[str, Any] = {"step": config["eval_batch_size"]}
    else:
        if isinstance(dataset, StoredDataset):  # `check_stored` tells it to users
            raise TypeError("RecBole's own models read all interactions from memory.")
        train = upstream_train_loader(config, dataset)
        asked = {"step": rows_at_once(config, dataset.item_num)}
        asked["inputs"] = (
            PaddedInputs(config, dataset)
            if of_histories
            else lambda batch: Interaction({dataset.uid_field: batch.users})
        )
    parts = {"validation": dataset.split.valid, "test": dataset.split.test}
    rows = {
        name: EvalRows(dataset.sequences, part, mask_history=masks, **options)
        for name, part in parts.items()
    }
    require_targets(config, dataset, parts, rows)
    valid, test = (
        EvaluationLoader(
            rows[name],
            dataset=dataset,
            known=None if of_histories else dataset.known_before(part),
            in_step=config["item_table"] not in (None, "local"),
            **asked,
        )
        for name, part in parts.items()
    )
    given = config["time_unit"] is not None
    warnings = data_warnings(dataset, rows, mask_history=masks, needs_times=needs_times)
    return PreparedData(
        dataset=dataset,
        train=train,
        valid=valid,
        test=test,
        counts=data_counts(dataset, train.epoch_size, valid.rows, test.rows),
        time_note=read_note(dataset.time_field, dataset.time_unit, given=given),
        warnings=(*([dataset.note] if dataset.note else []), *warnings),
    )
