"""OPAL's trainer: soft interests first, hard ones from there."""

from __future__ import annotations

from typing import Any

from recbole_opal.console.progress_bar import TrainingProgress
from recbole_opal.errors import SettingsError
from recbole_opal.training.trainer import StagedTrainer

__all__ = ["TwoStageTrainer"]


class TwoStageTrainer(StagedTrainer):
    """Pre-train in stage "soft", fine-tune in stage "hard", keep the better one on validation.

    Source: OPAL, section 7 of the method. The setting `stages` picks `soft,hard`, `hard` (from
    the start) or `soft`.

    Args:
        config: the settings of the run.
        model: a model with stages.
        progress: where bars and lines go.
        run: name of the run folder.

    Raises:
        SettingsError: `stages` names a stage the model does not have.
    """

    def __init__(
        self,
        config: Any,
        model: Any,
        progress: TrainingProgress | None = None,
        run: str | None = None,
    ) -> None:
        stages = tuple(config["stages"])
        unknown = [stage for stage in stages if stage not in model.stages]
        if unknown or not stages:
            raise SettingsError(
                f"stages={','.join(stages)} is not among the stages of {type(model).__name__}; "
                f"write --stages={','.join(model.stages)} or one of them."
            )
        super().__init__(config, model, stages, progress, run)
