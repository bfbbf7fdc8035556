"""From settings and data to a model and the trainer of its kind."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from recbole_opal.data.dataset import FutureItemDataset
from recbole_opal.data.kinds import general_batches
from recbole_opal.data.prepare import PreparedData
from recbole_opal.errors import SettingsError
from recbole_opal.host import find_model_class
from recbole_opal.models.base import MultiInterestRecommender
from recbole_opal.reporting.progress import TrainingProgress
from recbole_opal.runs.refusal import reason_of
from recbole_opal.training.general import GeneralTrainer
from recbole_opal.training.trainer import StagedTrainer
from recbole_opal.training.two_stage import TwoStageTrainer

__all__ = ["build_trainer"]


def build_trainer(
    config: Any, data: PreparedData, progress: TrainingProgress, run: str
) -> StagedTrainer:
    """Return the trainer of a run, with its model on the run's device.

    Args:
        config: the settings of the run.
        data: its data.
        progress: where bars and lines go.
        run: name of the run folder.

    Raises:
        SettingsError: the model cannot be built from the settings.
    """
    model_class = find_model_class(config["model"])
    started = perf_counter()
    model = _build_model(model_class, config, data.dataset).to(config["device"])
    built_in = perf_counter() - started
    if issubclass(model_class, MultiInterestRecommender) and len(model_class.stages) > 1:
        return TwoStageTrainer(config, model, progress, run)
    if general_batches(model_class) is not None:
        return GeneralTrainer(config, model, progress, run, built_in)
    return StagedTrainer(config, model, progress=progress, run=run)


def _build_model(model_class: type[Any], config: Any, dataset: FutureItemDataset) -> Any:
    """Build a model; what a RecBole model says against its own settings becomes one line."""
    try:
        return model_class(config, dataset)
    except (AssertionError, NotImplementedError, ValueError) as error:
        if issubclass(model_class, MultiInterestRecommender):
            raise
        raise SettingsError(
            f"--model={config['model']} cannot be built from these settings ({reason_of(error)}); "
            "see its yaml file in RecBole for the choices."
        ) from error
