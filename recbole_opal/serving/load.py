"""From a folder to a recommender."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from recbole_opal.errors import SettingsError, reason_of
from recbole_opal.process.caller import undisturbed
from recbole_opal.retrieval import ApproximateIndex, Retriever, Scoring, make_retriever
from recbole_opal.retrieval.stored_index import load_index, stored_kind
from recbole_opal.runs import RunReader
from recbole_opal.serving.bundle_format import served_items
from recbole_opal.serving.recommender import Recommender
from recbole_opal.serving.trained import TrainedModel

__all__ = ["load"]


def load(
    folder: str | Path,
    stage: str = "best",
    retrieval: str | None = None,
    retrieval_settings: Mapping[str, Any] | None = None,
    device: str | torch.device = "cpu",
) -> Recommender:
    """Return a recommender out of a run folder or an exported bundle.

    It needs neither the data set nor RecBole.

    Args:
        folder: the run folder that training printed, or a folder that `export` wrote.
        stage: `best` on validation, or a stage by name; a bundle holds one.
        retrieval: the search: `torch`, exact, or another of `retrieval.KINDS`; None: the index
            that a bundle was exported with, which also serves where its kind is named without
            settings, else `torch`.
        retrieval_settings: of the search, by name; of a bundle's index those that need no other.
        device: where the network computes, and the exact search: `cpu`, `cuda`, ...

    Raises:
        CheckpointError: the folder is damaged, unfinished, of a newer version, or not of a
            multi-interest model.
        SettingsError: the stage, the device or a class of the user's own is not there.
        RetrievalError: the search is unknown, or not installed.

    Examples:
        >>> import recbole_opal
        >>> recommender = recbole_opal.load("saved/OPAL-ml-100k-...")  # doctest: +SKIP
        >>> recommender.recommend({"ann": ["242", "302"]}, k=10)  # doctest: +SKIP
    """
    with undisturbed():  # weights are drawn before they are read
        trained = TrainedModel.read(folder, stage).to(_device(device))
        run = RunReader.open(trained.folder)
        with torch.no_grad():
            items = served_items(run, trained.network.item_table())
        scoring = trained.network.scoring
        return Recommender(trained, _search(run, items, retrieval, retrieval_settings, scoring))


def _search(
    run: RunReader,
    items: Tensor,
    kind: str | None,
    settings: Mapping[str, Any] | None,
    scoring: Scoring,
) -> Retriever:
    """Return the folder's own search where it is what is asked for, else another."""
    own = stored_kind(run)
    if own is not None and kind in (None, own) and (kind is None or not settings):
        found = load_index(run, items, scoring=scoring)
        if not settings:
            return found
        if isinstance(found, ApproximateIndex):
            return found.with_search(**settings)
    return make_retriever(kind or own or "torch", items, settings=settings, scoring=scoring)


def _device(name: str | torch.device) -> torch.device:
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, TypeError) as error:
        raise SettingsError(
            f"device={name} cannot be used ({reason_of(error)}); use 'cpu'."
        ) from error
    return device
