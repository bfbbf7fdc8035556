"""A trained network out of its run folder, without RecBole and without the data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from recbole_opal.errors import CheckpointError, refusing
from recbole_opal.interests.feature_table import FeatureTable
from recbole_opal.models import MODELS
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.own_models import class_at, is_address
from recbole_opal.runs import RunReader
from recbole_opal.runs.file_names import FEATURES_NAME
from recbole_opal.settings.model_schemas import section_of

__all__ = ["rebuild"]

_CHANGED = "give the class back as it was when it was trained, or train again"


def rebuild(folder: str | Path, stage: str) -> MultiInterestNetwork:
    """Return the network of a finished run with the best weights of a stage, to be asked.

    Raises:
        CheckpointError: the folder is damaged, has no such weights, or is of another kind of model.
        SettingsError: the model is a class of the user's that is not where it was.
    """
    run = RunReader.open(Path(folder))
    config = run.load_yaml("config.yaml")
    name = str(config["model"])
    network = class_at(name) if is_address(name) else MODELS.get(name)
    if network is None or not issubclass(network, MultiInterestNetwork):
        raise CheckpointError(
            f"{run.path} holds a run of {name}, which is no multi-interest network; choose a run "
            f"of {', '.join(MODELS)} or of a network of your own."
        )
    weights = run.load_weights(stage)
    counts = torch.from_numpy(run.load_arrays("item_counts.npz")["counts"])
    longest, features = config["MAX_ITEM_LIST_LENGTH"], _features(run, len(counts))
    catalogue = Catalogue(len(counts), counts, longest, features=features)
    # A class of the user's may have changed since.
    with refusing(str(run.path), f"does not fit the class {network.__name__}", _CHANGED):
        section: Any = section_of(network)
        # What the run does not know is younger than it: as published, before there was a choice.
        known = {**network.published, **config}
        settings = {each: known[each] for each in section.model_fields if each in known}
        model = network(section.model_validate(settings), catalogue)
        model.set_stage(stage)
        model.load_state_dict(weights)
    return model.eval()


def _features(run: RunReader, num_items: int) -> FeatureTable | None:
    """Return what the run knows of its items; None: it was trained without."""
    if FEATURES_NAME not in run.names:
        return None
    path = str(run.path / FEATURES_NAME)
    arrays = run.load_arrays(FEATURES_NAME)
    with refusing(path, "holds no features of the items", "restore it from a copy, or train again"):
        found = FeatureTable.of_arrays(arrays)
        if len(found) != num_items:
            raise ValueError(f"{len(found)} items instead of {num_items}")
    return found
