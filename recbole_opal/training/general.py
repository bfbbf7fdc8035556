"""The trainer of RecBole's general models."""

from __future__ import annotations

from typing import Any

from recbole_opal.console.progress_bar import TrainingProgress
from recbole_opal.evaluation import Judged
from recbole_opal.host.known_history import known_history
from recbole_opal.host.upstream_models import computed_at_once
from recbole_opal.training.budget import TrainingBudget
from recbole_opal.training.trainer import StagedTrainer

__all__ = ["GeneralTrainer"]


class GeneralTrainer(StagedTrainer):
    """`StagedTrainer` for models of users and items without order.

    Two things differ: models that are computed at once (Pop, ItemKNN) have one epoch, as with
    RecBole's `TraditionalTrainer`, and a whole one, whatever `max_train_seconds`; and a part is
    evaluated with what is known of the users when it begins, see `known_history`.

    Args:
        config: the settings of the run.
        model: a general model.
        progress: where bars and lines go.
        run: name of the run folder.
        built_in: seconds that the model's constructor took; they count as training where it does
            the work.
    """

    def __init__(
        self,
        config: Any,
        model: Any,
        progress: TrainingProgress | None = None,
        run: str | None = None,
        built_in: float = 0.0,
    ) -> None:
        super().__init__(config, model, progress=progress, run=run)
        if computed_at_once(type(model)):
            self.epochs = self.eval_step = 1
            self._budget = TrainingBudget(None, self.stages, on_gpu=False)
            self.record.train_seconds = built_in

    def judge(self, eval_data: Any, *, with_interests: bool = False) -> Judged:
        """List with the users' histories up to the part; see `TopKEvaluation`."""
        if eval_data.known is None:
            return super().judge(eval_data, with_interests=with_interests)
        with known_history(self.model, eval_data.known):
            return super().judge(eval_data, with_interests=with_interests)
