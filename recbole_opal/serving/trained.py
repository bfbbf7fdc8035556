"""What serving needs of a trained model: a run folder and an exported bundle hold it alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from recbole_opal.errors import CheckpointError, SettingsError
from recbole_opal.evaluation.category_table import category_table
from recbole_opal.interests.item_table import ItemTable
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.models.rebuild import rebuild
from recbole_opal.runs import RunReader
from recbole_opal.serving.bundle_format import is_bundle
from recbole_opal.serving.own_source import warn_of_changed_source
from recbole_opal.suggest import did_you_mean

__all__ = ["TrainedModel"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TrainedModel:
    """A network with its weights, and the names of what it was trained on.

    Attributes:
        folder: where it was read from.
        stage: the stage of its weights.
        network: in evaluation mode.
        settings: those of the run, as config.yaml has them.
        items: the token of each of the N internal item ids; 0 is the padding.
        counts: (N,) training interactions of each item.
        categories: (N, T) the categories of each item, 0 = none; None: they are not known.
        category_names: the token of each category id; empty where they are not known.
        composer: the item table that was trained, where it composes its vectors of features, which
            the network's own holds composed; None: the network's is the trained one.
        feature_tokens: the tokens of each column of features that holds some, 0 = none.
    """

    folder: Path
    stage: str
    network: MultiInterestNetwork
    settings: Mapping[str, Any]
    items: Sequence[str]
    counts: IntArray
    categories: IntArray | None = None
    category_names: Sequence[str] = ()
    composer: ItemTable | None = None
    feature_tokens: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: str | Path, stage: str = "best") -> TrainedModel:
        """Read a run folder or a bundle; `best` is the stage that was best on validation.

        Raises:
            CheckpointError: it is damaged, of a newer version, or the run has not finished.
            SettingsError: it has no such stage, or the model is a class of the user's that is not
                where it was.
        """
        run = RunReader.open(Path(folder))
        stage = _stage_of(run, stage)
        network = rebuild(run.path, stage)
        warn_of_changed_source(run, network)
        settings, tokens = run.load_yaml("config.yaml"), run.load_json("ids.json")
        counts = run.load_arrays("item_counts.npz")["counts"].astype(np.int64)
        categories: IntArray | None = None
        if "item_categories.npz" in run.names:
            pairs = run.load_arrays("item_categories.npz")
            categories = category_table(pairs["item"], pairs["category"], len(counts))
        features = network.items.features
        composer = None if features is None else network.items
        return cls(
            run.path,
            stage,
            network if composer is None else network.with_items(composer.composed()),
            settings,
            [str(token) for token in tokens[settings["ITEM_ID_FIELD"]]],
            counts,
            categories,
            tokens.get(str(settings.get("category_field")), ()) if categories is not None else (),
            composer,
            {} if features is None else {name: tokens[name] for name in features.columns},
        )

    def to(self, device: torch.device) -> TrainedModel:
        """Return it with its network on a device."""
        composer = None if self.composer is None else self.composer.to(device)
        return replace(self, network=self.network.to(device), composer=composer)


def _stage_of(run: RunReader, stage: str) -> str:
    bundle = is_bundle(run)
    if "metrics.json" not in run.names:
        raise CheckpointError(
            f"{run.path} holds a run that has not finished; go on with --resume={run.path}."
        )
    if stage == "best":
        if bundle and len(run.stages) == 1:  # whichever was exported
            return run.stages[0]
        best: str = run.load_json("metrics.json")["best_stage"]
        return best
    if stage not in run.stages:
        hint = did_you_mean(stage, run.stages) or f"; choose best or {', '.join(run.stages)}."
        raise SettingsError(f"stage '{stage}' is none of the run's{hint}")
    return stage
