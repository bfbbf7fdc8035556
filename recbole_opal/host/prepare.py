"""From settings to the three loaders of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recbole.data.interaction import Interaction
from recbole.data.utils import create_samplers

from recbole_opal.data.atomic_files.time_column import read_note
from recbole_opal.data.counts import data_counts
from recbole_opal.data.data_warnings import data_warnings
from recbole_opal.data.empty_parts import require_targets, require_training
from recbole_opal.data.loaders import EvaluationLoader, FutureTrainLoader
from recbole_opal.data.protocols import Part
from recbole_opal.data.rows import EvalRows, FutureRows, NextItemRows
from recbole_opal.host.dataset import FutureItemDataset
from recbole_opal.host.general_loaders import general_train_loader
from recbole_opal.host.loaders import (
    GatheringLoader,
    NextItemTrainLoader,
    PaddedInputs,
    rows_at_once,
)
from recbole_opal.host.upstream_models import trained_on

__all__ = ["PreparedData", "prepare_data"]


@dataclass(frozen=True)
class PreparedData:
    """The loaders of a run's parts, and the training dataset, for the model's constructor.

    Attributes:
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
    Multi-interest models are trained on random cuts and future targets (`future_items`), RecBole's
    own sequential ones on (prefix, next item), and its general models on the training interactions
    without their order; those that serve from a user's row of the interaction matrix get, for each
    part, the row that ends before the part, as the histories of sequential models do.

    Raises:
        DataError: the data cannot be read, or a part is empty.
    """
    dataset = FutureItemDataset(config)
    dataset.build()
    require_training(config, dataset)
    masks = config["mask_history"]  # by default for many targets, and not where RecBole does not
    masks = "LS" not in config["eval_args"]["split"] if masks is None else masks
    options = {
        "history_width": config["MAX_ITEM_LIST_LENGTH"],
        "with_times": bool(getattr(config.model_class, "needs_times", False)),
    }
    train = _training_loader(config, dataset, options if future_items else None)
    parts = {"validation": dataset.split.valid, "test": dataset.split.test}
    rows = {
        name: EvalRows(dataset.sequences, part, mask_history=masks, **options)
        for name, part in parts.items()
    }
    require_targets(config, dataset, {name: (part, rows[name]) for name, part in parts.items()})
    valid, test = (
        EvaluationLoader(
            rows[name], name, dataset=dataset, **_asked(config, dataset, part, future_items)
        )
        for name, part in parts.items()
    )
    told = {"mask_history": masks, "needs_times": options["with_times"]}
    return PreparedData(
        dataset=dataset,
        train=train,
        valid=valid,
        test=test,
        counts=data_counts(dataset, train.epoch_size, valid.rows, test.rows),
        time_note=read_note(
            dataset.time_field, dataset.time_unit, given=config["time_unit"] is not None
        ),
        warnings=tuple(data_warnings(dataset, rows, **told)),
    )


def _training_loader(
    config: Any, dataset: FutureItemDataset, options: dict[str, Any] | None
) -> FutureTrainLoader | GatheringLoader:
    """Return the training loader; `options` are of the histories of a multi-interest model."""
    if trained_on(config.model_class) != "histories":
        return general_train_loader(config, dataset)
    if options is not None:
        cuts = FutureRows(
            dataset.sequences,
            dataset.split,
            future_width=config["future_window"],
            cuts_per_user=config["cuts_per_user"],
            **options,
        )
        require_training(config, dataset, len(cuts))
        return FutureTrainLoader(config, cuts, dataset)
    width = config["MAX_ITEM_LIST_LENGTH"]
    rows = NextItemRows(dataset.sequences, dataset.split, history_width=width)
    require_training(config, dataset, len(rows))
    sampler, _, _ = create_samplers(config, dataset, [dataset, dataset, dataset])
    return NextItemTrainLoader(config, dataset, rows, sampler, config["shuffle"])


def _asked(
    config: Any, dataset: FutureItemDataset, part: Part, future_items: bool
) -> dict[str, Any]:
    """Return how many rows of a part a model is asked at once, and with what."""
    if future_items:
        return {"step": config["eval_batch_size"]}
    step = rows_at_once(config, dataset.item_num)
    if trained_on(config.model_class) == "histories":
        return {"step": step, "inputs": PaddedInputs(config, dataset)}
    users_alone = lambda batch: Interaction({dataset.uid_field: batch.users})  # noqa: E731
    return {"step": step, "inputs": users_alone, "known": dataset.known_before(part)}
