"""RecBole's training loop with kept weights, exact resumption and one line an epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from logging import getLogger
from time import perf_counter
from typing import Any

import numpy as np
import torch
from recbole.trainer import Trainer
from torch import Tensor

from recbole_opal.errors import TrainingError
from recbole_opal.evaluation.mixin import TopKEvaluation
from recbole_opal.reporting.progress import TrainingProgress
from recbole_opal.training.budget import BudgetSpentError, TrainingBudget
from recbole_opal.training.model_state import model_state, put_model_state
from recbole_opal.training.optimizer import JointOptimizer, split_sparse_parameters
from recbole_opal.training.snapshot import TrainingSnapshot
from recbole_opal.training.stages import StageRecord, best_stage
from recbole_opal.training.tensorboard import close_tensorboard

__all__ = ["StagedTrainer"]


class StagedTrainer(TopKEvaluation, Trainer):
    """Train a model through its stages on RecBole's `fit`.

    For each stage: start from the best weights of the stage before, with a fresh optimiser
    (OPAL's authors keep Adam's moments), train until `valid_metric` has not improved for more
    than `stopping_step` validations or the stage's share of `max_train_seconds` is used up, keep
    the best weights. Nothing is written to disk here: the
    owner of the trainer is told after each validation (`on_progress`) and saves what it likes.

    RecBole's own models have one stage, "train".

    Args:
        config: the settings of the run.
        model: the model.
        stages: names of the stages to train, in order.
        progress: where bars and lines go.

    Attributes:
        records: what is known of each stage begun, by name.
        weights: the best weights of each stage (`model_state`), on the model's device.
        history: one row an epoch: stage, epoch, losses, validation metrics, seconds.
        on_progress: called after each validation and at each end of a stage.
        stage: the stage the trainer is in.
    """

    stage: str

    def __init__(
        self,
        config: Any,
        model: Any,
        stages: tuple[str, ...] = ("train",),
        progress: TrainingProgress | None = None,
    ) -> None:
        super().__init__(config, model)
        close_tensorboard(self, enabled=bool(config["tensorboard"]))
        self.stages = stages
        self.progress = progress or TrainingProgress(enabled=False)
        self.records: dict[str, StageRecord] = {}
        self.weights: dict[str, dict[str, Tensor]] = {}
        self.history: list[dict[str, Any]] = []
        self.on_progress: Callable[[], None] = lambda: None
        self._train_data: Any = None
        self._steps = 0
        self._budget = TrainingBudget(
            config["max_train_seconds"], stages, on_gpu=self.device.type == "cuda"
        )
        self.enter_stage(stages[0])

    @property
    def record(self) -> StageRecord:
        """The record of the stage the trainer is in."""
        return self.records[self.stage]

    def enter_stage(self, stage: str) -> None:
        """Begin a stage: best weights of the stage before, fresh optimiser, fresh stopping.

        Args:
            stage: one of `stages`.
        """
        if self.records:
            put_model_state(self.model, self.weights[self.stage])
        self.stage = stage
        self.tell_model(stage)
        self.records[stage] = StageRecord(stage)
        self.weights[stage] = model_state(self.model)
        self.start_epoch, self.cur_step = 0, 0
        self.best_valid_score = -np.inf if self.valid_metric_bigger else np.inf
        self.best_valid_result = None
        self.optimizer = self._build_optimizer()

    def load_stage(self, stage: str) -> None:
        """Put the model into a finished stage with its best weights.

        Args:
            stage: a stage in `weights`.
        """
        self.tell_model(stage)
        put_model_state(self.model, self.weights[stage])

    def tell_model(self, stage: str) -> None:
        """Put the model into a stage, if it knows of stages; RecBole's own do not.

        Args:
            stage: one of `stages`.
        """
        if hasattr(self.model, "set_stage"):
            self.model.set_stage(stage)

    @property
    def best_stage(self) -> str:
        """The stage that is best on validation; of equals the earlier one."""
        return best_stage(self.records, bigger=self.valid_metric_bigger)

    def fit(
        self,
        train_data: Any,
        valid_data: Any = None,
        verbose: bool = True,
        saved: bool = True,
        show_progress: bool = False,
        callback_fn: Callable[[int, float], None] | None = None,
    ) -> tuple[float, dict[str, float]]:
        """Train the stages that are not finished; return the best stage's score and metrics.

        Args:
            train_data: the training loader.
            valid_data: the validation loader.
            verbose: whether RecBole's own lines are logged beside ours.
            saved: unused; the best weights are always kept in memory.
            show_progress: unused; bars are the affair of `progress`.
            callback_fn: called with (epoch, validation score) after each validation.

        Raises:
            TrainingError: the loss is not a finite number.
        """
        self._train_data = train_data

        def after_validation(epoch: int, score: float) -> None:
            """Take note of a validation, then tell RecBole's caller."""
            self._after_validation(epoch)
            if callback_fn:
                callback_fn(epoch, score)
            if self._budget.is_spent(self.records, self.stage):
                raise BudgetSpentError

        for stage in self.stages[self.stages.index(self.stage) :]:
            if stage != self.stage:
                self.enter_stage(stage)
            self.on_progress()
            if not self.record.ended and not self._is_over():
                with suppress(BudgetSpentError):
                    super().fit(train_data, valid_data, False, True, False, after_validation)
            self._end_stage()
        best = self.records[self.best_stage]
        self.load_stage(best.name)
        return best.score, best.valid

    def snapshot(self) -> TrainingSnapshot:
        """Return all there is to continue from here exactly."""
        return TrainingSnapshot.take(self, self._train_data)

    def restore(self, snapshot: TrainingSnapshot, train_data: Any) -> None:
        """Go back to a snapshot; `fit` then continues as if never stopped.

        Args:
            snapshot: what `snapshot` gave, perhaps in another process.
            train_data: the training loader whose generator is set back too.
        """
        self._train_data = train_data
        snapshot.put(self, train_data)

    def _end_stage(self) -> None:
        self.record.ended = self._is_over() or "epochs"
        self.on_progress()

    def _is_over(self) -> str:
        """Return what ends the stage before its last epoch, or ""."""
        if self.cur_step > self.stopping_step:
            return "stopping_step"
        return "max_train_seconds" if self._budget.is_spent(self.records, self.stage) else ""

    def _train_epoch(
        self,
        train_data: Any,
        epoch_idx: int,
        loss_func: Any = None,
        show_progress: bool = False,
    ) -> Any:
        """Train one epoch by RecBole's loop, counting steps and naming the losses."""
        self._epoch, self._steps = epoch_idx, 0
        title = f"{self.stage} {epoch_idx}"
        started = perf_counter()
        self._budget.start()
        batches = self.progress.track(self._counted(train_data), len(train_data), title)
        totals = super()._train_epoch(batches, epoch_idx, loss_func, show_progress=False)
        seconds = perf_counter() - started
        values = totals if isinstance(totals, tuple) else (totals,)
        names = getattr(self.model, "loss_names", ("loss",))
        losses = {name: value / self._steps for name, value in zip(names, values, strict=True)}
        self.record.epochs = epoch_idx + 1
        self.record.train_seconds += seconds
        self.record.budget_seconds += self._budget.elapsed()
        self.history.append(
            {"stage": self.stage, "epoch": epoch_idx, "loss": losses, "train_seconds": seconds}
        )
        if (epoch_idx + 1) % self.eval_step != 0:
            self._log_epoch()
        return totals

    def _counted(self, batches: Any) -> Iterator[Any]:
        """Count the steps; end the epoch where the training time is used up."""
        for batch in batches:
            self._steps += 1
            yield batch
            if self._budget.is_spent(self.records, self.stage, self._budget.elapsed()):
                return

    def _check_nan(self, loss: Tensor) -> None:
        """Show the loss of a step, and stop where it is no finite number."""
        value = float(loss.detach())
        self.progress.loss(value)
        if not math.isfinite(value):
            raise TrainingError(
                f"the loss became {value} in stage {self.stage}, epoch "
                f"{self._epoch}, step {self._steps}; lower --learning_rate or raise --temperature."
            )

    def _valid_epoch(
        self, valid_data: Any, show_progress: bool = False
    ) -> tuple[float, dict[str, float]]:
        """Validate; a tie with the best score counts as no gain, where RecBole never stops."""
        started = perf_counter()
        score, result = super()._valid_epoch(valid_data, show_progress)
        seconds = perf_counter() - started
        self.record.valid_seconds += seconds
        self.history[-1] |= {"valid": dict(result), "valid_seconds": seconds}
        epoch = self.history[-1]["epoch"]
        for name, value in result.items():
            self.tensorboard.add_scalar(f"Valid/{self.stage}/{name}", value, epoch)
        if score == self.best_valid_score:
            worse = -np.inf if self.valid_metric_bigger else np.inf
            return float(np.nextafter(score, worse)), result
        return score, result

    def _add_train_loss_to_tensorboard(
        self, epoch_idx: int, losses: Any, tag: str = "Loss/Train"
    ) -> None:
        """Write each part of the loss under its stage and name, where RecBole numbers them."""
        for name, value in self.history[-1]["loss"].items():
            self.tensorboard.add_scalar(f"{tag}/{self.stage}/{name}", value, epoch_idx)

    def _save_checkpoint(self, epoch: int, verbose: bool = True, **kwargs: Any) -> None:
        """Keep the weights of the best epoch in memory; RecBole would pickle them to a file."""
        self.weights[self.stage] = model_state(self.model)
        self.record.best_epoch = epoch

    def _after_validation(self, epoch: int) -> None:
        self.start_epoch = epoch + 1
        self.record.score = float(self.best_valid_score)
        self.record.valid = dict(self.best_valid_result or {})
        self._log_epoch()
        self.on_progress()

    def _log_epoch(self) -> None:
        row = self.history[-1]
        words = [f"stage={row['stage']}", f"epoch={row['epoch']}"]
        places = self.config["loss_decimal_place"]
        words += [f"{name}={value:.{places}f}" for name, value in row["loss"].items()]
        words.append(f"train_s={row['train_seconds']:.1f}")
        if "valid" in row:
            words.append(f"valid_{self.valid_metric}={row['valid'][self.valid_metric]:.4f}")
            words.append(f"best={self.best_valid_score:.4f}")
            words.append(f"valid_s={row['valid_seconds']:.1f}")
        getLogger("recbole_opal").info(" ".join(words))

    def _build_optimizer(self, **kwargs: Any) -> Any:
        """Build RecBole's optimiser, with SparseAdam for tables whose gradients are sparse.

        `weight_decay` does not touch those tables. Under cosines their rows are normalised
        whenever they are used, so that their length changes the step size at most; under inner
        products the settings' check refuses it. Rows that a batch does not look up keep their
        moments, unlike in dense Adam.
        """
        sparse, rest = split_sparse_parameters(self.model)
        if not sparse:
            return super()._build_optimizer(**kwargs)
        optimizers: list[Any] = [torch.optim.SparseAdam(sparse, lr=self.learning_rate)]
        if rest:
            optimizers.append(super()._build_optimizer(params=rest, **kwargs))
        return JointOptimizer(optimizers)
