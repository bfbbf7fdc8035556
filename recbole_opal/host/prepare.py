"""From settings to the three loaders of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recbole.data.interaction import Interaction
from recbole.data.utils import create_samplers

from recbole_opal.data.counts import data_counts
from recbole_opal.data.dataset import FutureItemDataset
from recbole_opal.data.kinds import general_batches
from recbole_opal.data.loaders import EvaluationLoader, FutureTrainLoader
from recbole_opal.data.notes import data_warnings
from recbole_opal.data.reading.seconds import read_note
from recbole_opal.data.rows import EvalRows, FutureRows, NextItemRows
from recbole_opal.data.too_little import require_targets, require_training
from recbole_opal.host.general_loaders import general_train_loader
from recbole_opal.host.loaders import (
    GatheringLoader,
    NextItemTrainLoader,
    PaddedInputs,
    rows_at_once,
)

__all__ = ["PreparedData", "prepare_data"]


@dataclass(frozen=True)
class PreparedData:
    """The data of a run.

    Attributes:
        dataset: the training dataset, for the model's constructor.
        train: the training loader.
        valid: the validation loader.
        test: the test loader.
        counts: what was kept and what was left out, by name.
        time_note: in which unit the times were.
        warnings: what makes figures mean something else than a reader thinks, one line each.
    """

    dataset: FutureItemDataset
    train: FutureTrainLoader | GatheringLoader
    valid: EvaluationLoader
    test: EvaluationLoader
    counts: dict[str, int]
    time_note: str = ""
    warnings: tuple[str, ...] = ()


def prepare_data(config: Any, *, future_items: bool) -> PreparedData:
    """Load, split and wrap the data set a configuration names.

    Whatever the model, the parts, the targets and the items left out of the lists are the same.
    RecBole's general models are trained on the training interactions without their order; those
    that serve from a user's row of the interaction matrix get, for each part, the row that ends
    before the part, as the histories of sequential models do.

    Args:
        config: the settings of the run.
        future_items: True for multi-interest models (random cuts, future targets), False for
            RecBole's own: (prefix, next item) for sequential models, see `general_loaders` for
            the others.

    Raises:
        DataError: the data cannot be read, or a part is empty.
    """
    dataset = FutureItemDataset(config)
    dataset.build()
    require_training(config, dataset)
    train = _training_loader(config, dataset, future_items)
    parts = {"validation": dataset.split.valid, "test": dataset.split.test}
    masks, with_times = _masks_history(config), _needs_times(config)
    rows = {
        name: EvalRows(
            dataset.sequences,
            part,
            history_width=config["MAX_ITEM_LIST_LENGTH"],
            mask_history=masks,
            with_times=with_times,
        )
        for name, part in parts.items()
    }
    require_targets(config, dataset, {name: (part, rows[name]) for name, part in parts.items()})
    loaders = {
        name: _evaluation_loader(config, dataset, rows[name], name, future_items) for name in parts
    }
    told = data_warnings(dataset, rows, mask_history=masks, needs_times=with_times)
    return PreparedData(
        dataset=dataset,
        train=train,
        valid=loaders["validation"],
        test=loaders["test"],
        counts=data_counts(dataset, train.epoch_size, rows["validation"], rows["test"]),
        time_note=read_note(
            dataset.time_field, dataset.time_unit, given=config["time_unit"] is not None
        ),
        warnings=tuple(told),
    )


def _training_loader(
    config: Any, dataset: FutureItemDataset, future_items: bool
) -> FutureTrainLoader | GatheringLoader:
    if general_batches(config.model_class) is not None:
        return general_train_loader(config, dataset)
    width = config["MAX_ITEM_LIST_LENGTH"]
    if future_items:
        rows = FutureRows(
            dataset.sequences,
            dataset.split,
            history_width=width,
            future_width=config["future_window"],
            cuts_per_user=config["cuts_per_user"],
            with_times=_needs_times(config),
        )
        require_training(config, dataset, len(rows))
        return FutureTrainLoader(config, rows, dataset)
    next_items = NextItemRows(dataset.sequences, dataset.split, history_width=width)
    require_training(config, dataset, len(next_items))
    sampler, _, _ = create_samplers(config, dataset, [dataset, dataset, dataset])
    return NextItemTrainLoader(config, dataset, next_items, sampler, config["shuffle"])


def _evaluation_loader(
    config: Any, dataset: FutureItemDataset, rows: EvalRows, name: str, future_items: bool
) -> EvaluationLoader:
    if future_items:
        return EvaluationLoader(rows, name, config["eval_batch_size"])
    step = rows_at_once(config, dataset.item_num)
    if general_batches(config.model_class) is None:
        return EvaluationLoader(rows, name, step, inputs=PaddedInputs(config, dataset))
    part = dataset.split.test if name == "test" else dataset.split.valid
    return EvaluationLoader(
        rows,
        name,
        step,
        inputs=lambda batch: Interaction({dataset.uid_field: batch.users}),
        known=dataset.known_before(part),
    )


def _masks_history(config: Any) -> bool:
    """Return whether seen items are left out: on for many targets, off where RecBole has it off."""
    given: bool | None = config["mask_history"]
    return "LS" not in config["eval_args"]["split"] if given is None else given


def _needs_times(config: Any) -> bool:
    """Return whether the model reads when each item of a history was met."""
    return bool(getattr(config.model_class, "needs_times", False))
