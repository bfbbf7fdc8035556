"""From settings to the three loaders of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recbole.data.utils import create_samplers

from recbole_opal.data.atomic_files.time_column import read_note
from recbole_opal.data.counts import data_counts
from recbole_opal.data.data_warnings import data_warnings
from recbole_opal.data.empty_parts import require_targets, require_training
from recbole_opal.data.eval_loader import MultiTargetEvalLoader
from recbole_opal.data.loaders import FutureTrainLoader, NextItemTrainLoader
from recbole_opal.data.protocols import Part
from recbole_opal.data.rows import EvalRows, FutureRows, NextItemRows
from recbole_opal.host.dataset import FutureItemDataset
from recbole_opal.host.general_loaders import (
    GeneralEvalLoader,
    InteractionTrainLoader,
    UserTrainLoader,
    general_train_loader,
)
from recbole_opal.host.upstream_models import trained_on

__all__ = ["PreparedData", "prepare_data"]

TrainLoader = FutureTrainLoader | NextItemTrainLoader | InteractionTrainLoader | UserTrainLoader


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
    train: TrainLoader
    valid: MultiTargetEvalLoader
    test: MultiTargetEvalLoader
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
            RecBole's own: (prefix, next item) for sequential models, see `general` for the others.

    Raises:
        DataError: the data cannot be read, or a part is empty.
    """
    dataset = FutureItemDataset(config)
    dataset.build()
    require_training(config, dataset)
    train = _training_loader(config, dataset, future_items)
    valid = _evaluation_rows(config, dataset, dataset.split.valid, future_items)
    test = _evaluation_rows(config, dataset, dataset.split.test, future_items)
    parts = {"validation": (dataset.split.valid, valid), "test": (dataset.split.test, test)}
    require_targets(config, dataset, parts)
    counts = data_counts(dataset, train.epoch_size, valid, test)
    return PreparedData(
        dataset=dataset,
        train=train,
        valid=_evaluation_loader(config, dataset, valid, "validation", future_items),
        test=_evaluation_loader(config, dataset, test, "test", future_items),
        counts=counts,
        time_note=read_note(
            dataset.time_field, dataset.time_unit, given=config["time_unit"] is not None
        ),
        warnings=tuple(
            data_warnings(
                dataset,
                {"validation": valid, "test": test},
                mask_history=_masks_history(config),
                needs_times=_needs_times(config),
            )
        ),
    )


def _training_rows(
    config: Any, dataset: FutureItemDataset, future_items: bool
) -> FutureRows | NextItemRows:
    width = config["MAX_ITEM_LIST_LENGTH"]
    if not future_items:
        return NextItemRows(dataset.sequences, dataset.split, history_width=width)
    return FutureRows(
        dataset.sequences,
        dataset.split,
        history_width=width,
        future_width=config["future_window"],
        cuts_per_user=config["cuts_per_user"],
        with_times=_needs_times(config),
    )


def _training_loader(config: Any, dataset: FutureItemDataset, future_items: bool) -> TrainLoader:
    if trained_on(config.model_class) != "histories":
        return general_train_loader(config, dataset)
    rows = _training_rows(config, dataset, future_items)
    require_training(config, dataset, len(rows))
    if isinstance(rows, FutureRows):
        return FutureTrainLoader(config, dataset, rows, shuffle=config["shuffle"])
    sampler, _, _ = create_samplers(config, dataset, [dataset, dataset, dataset])
    return NextItemTrainLoader(config, dataset, rows, sampler, shuffle=config["shuffle"])


def _evaluation_rows(
    config: Any, dataset: FutureItemDataset, part: Part, future_items: bool
) -> EvalRows:
    return EvalRows(
        dataset.sequences,
        part,
        history_width=config["MAX_ITEM_LIST_LENGTH"],
        mask_history=_masks_history(config),
        full_width=not future_items,
        with_times=_needs_times(config),
    )


def _masks_history(config: Any) -> bool:
    """Return whether seen items are left out: on for many targets, off where RecBole has it off."""
    given: bool | None = config["mask_history"]
    return "LS" not in config["eval_args"]["split"] if given is None else given


def _needs_times(config: Any) -> bool:
    """Return whether the model reads when each item of a history was met."""
    return bool(getattr(config.model_class, "needs_times", False))


def _evaluation_loader(
    config: Any, dataset: FutureItemDataset, rows: EvalRows, name: str, future_items: bool
) -> MultiTargetEvalLoader:
    if trained_on(config.model_class) != "histories":
        part = dataset.split.test if name == "test" else dataset.split.valid
        return GeneralEvalLoader(config, dataset, rows, name, dataset.known_before(part))
    return MultiTargetEvalLoader(config, dataset, rows, name, dense_scores=not future_items)
