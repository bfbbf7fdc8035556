"""The model of a run and its trainer, out of the settings."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

from recbole_opal.data.dataset import FutureItemDataset
from recbole_opal.data.kinds import general_batches
from recbole_opal.data.prepare import PreparedData
from recbole_opal.errors import SettingsError
from recbole_opal.host.recommender import MultiInterestRecommender
from recbole_opal.reporting.progress import TrainingProgress
from recbole_opal.runs.refusal import reason_of
from recbole_opal.settings.config import OpalConfig
from recbole_opal.training.general import GeneralTrainer
from recbole_opal.training.trainer import StagedTrainer
from recbole_opal.training.two_stage import TwoStageTrainer

__all__ = ["Built", "build_trainer"]


@dataclass(frozen=True)
class Built:
    """A model that is to be trained; wrong settings are found while it is made.

    Attributes:
        model: on its device.
        seconds: that the model's constructor took.
    """

    model: Any
    seconds: float

    @classmethod
    def of(cls, config: OpalConfig, data: PreparedData) -> Built:
        """Build the model of a run.

        Args:
            config: the settings of the run.
            data: its data.

        Raises:
            SettingsError: RecBole's model refuses its settings.
        """
        started = perf_counter()
        model = _build_model(config, data.dataset).to(config["device"])
        return cls(model, perf_counter() - started)


def build_trainer(
    config: OpalConfig, built: Built, progress: TrainingProgress, run: str
) -> StagedTrainer:
    """Return the trainer that fits a model.

    Args:
        config: the settings of the run.
        built: the model.
        progress: where bars and lines go.
        run: name of the run folder.
    """
    model_class, model = config.model_class, built.model
    if issubclass(model_class, MultiInterestRecommender) and len(model_class.stages) > 1:
        return TwoStageTrainer(config, model, progress, run)
    if general_batches(model_class) is not None:
        return GeneralTrainer(config, model, progress, run, built.seconds)
    return StagedTrainer(config, model, progress=progress, run=run)


def _build_model(config: OpalConfig, dataset: FutureItemDataset) -> Any:
    """Build a model; what a RecBole model says against its own settings becomes one line."""
    model_class = config.model_class
    _check_candidates(config, dataset)
    try:
        return model_class(config, dataset)
    except (AssertionError, NotImplementedError, ValueError) as error:
        if issubclass(model_class, MultiInterestRecommender):
            raise
        raise SettingsError(
            f"--model={config['model']} cannot be built from these settings ({reason_of(error)}); "
            "see its yaml file in RecBole for the choices."
        ) from error


def _check_candidates(config: OpalConfig, dataset: FutureItemDataset) -> None:
    """Refuse more candidates than there are items; the two models that have some ask for 100."""
    candidates = config["reranker_CAN_NUM"]
    numbers = [int(part) for part in str(candidates).split(",") if part.strip().isdecimal()]
    if candidates is not None and max(numbers, default=0) > dataset.item_num:
        raise SettingsError(
            f"--reranker_CAN_NUM={candidates} is more than the data set has items; write "
            f"--reranker_CAN_NUM={dataset.item_num // 2}."
        )
