"""From a folder to a recommender."""

from __future__ import annotations

from pathlib import Path

from recbole_opal.serving.recommender import Recommender
from recbole_opal.serving.trained import TrainedModel

__all__ = ["load"]


def load(folder: str | Path, stage: str = "best") -> Recommender:
    """Return a recommender out of a run folder or an exported bundle.

    It needs neither the data set nor RecBole.

    Args:
        folder: the run folder that training printed, or a folder that `export` wrote.
        stage: `best` on validation, or a stage by name.

    Raises:
        OpalError: the folder is damaged, unfinished, or not of a multi-interest model.
    """
    return Recommender(TrainedModel.read(folder, stage))
