"""The training loop: stages, epochs, steps, validation and stopping, in the order they happen."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator
from logging import getLogger
from time import perf_counter
from typing import Any

import numpy as np
import torch
from recbole.trainer import Trainer
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from recbole_opal.console.progress_bar import TrainingProgress
from recbole_opal.host.evaluation import TopKEvaluation
from recbole_opal.training.budget import TrainingBudget
from recbole_opal.training.epoch_line import epoch_line
from recbole_opal.training.finite import check_losses, check_score, check_weights
from recbole_opal.training.model_state import model_state, put_model_state
from recbole_opal.training.optimizer import with_sparse_tables
from recbole_opal.training.snapshot import TrainingSnapshot
from recbole_opal.training.stages import StageRecord, best_stage
from recbole_opal.training.tensorboard import (
    events_folder,
    instead_of_recboles_writer,
    open_writer,
)

__all__ = ["StagedTrainer"]


class StagedTrainer(TopKEvaluation, Trainer):
    """Train a model through its stages, one loop over epochs a stage.

    For each stage: start from the best weights of the stage before, with a fresh optimiser
    (OPAL's authors keep Adam's moments), train until `valid_metric` has not improved for more
    than `stopping_step` validations or the stage's share of `max_train_seconds` is used up, keep
    the best weights. Nothing is written to disk here: the
    owner of the trainer is told after each validation (`on_progress`) and saves what it likes.

    RecBole's own models have one stage, "train". Its `fit` is not used: it has no stages, counts
    a tie as a gain, and offers no moment at which all that a continuation needs is in one place.

    Args:
        config: the settings of the run.
        model: the model.
        stages: names of the stages to train, in order.
        progress: where bars and lines go.
        run: name of the run folder, which TensorBoard's folder is named after.

    Attributes:
        records: what is known of each stage begun, by name.
        weights: the best weights of each stage (`model_state`), on the model's device.
        history: one row an epoch: stage, epoch, losses, validation metrics, seconds.
        on_progress: called after each validation and at each end of a stage.
        stage: the stage the trainer is in.
        start_epoch: number of epochs the stage has had.
        cur_step: number of validations since the last gain.
        train_loss_dict: RecBole's record, epoch to the sum of the losses over its steps.
    """

    stage: str
    best_valid_result: dict[str, float] | None

    def __init__(
        self,
        config: Any,
        model: Any,
        stages: tuple[str, ...] = ("train",),
        progress: TrainingProgress | None = None,
        run: str | None = None,
    ) -> None:
        folder = events_folder(str(config["model"]), run) if config["tensorboard"] else None
        with instead_of_recboles_writer(open_writer(folder)):
            super().__init__(config, model)
        self.stages = stages
        self.progress = progress or TrainingProgress(enabled=False)
        self.records: dict[str, StageRecord] = {}
        self.weights: dict[str, dict[str, Tensor]] = {}
        self.history: list[dict[str, Any]] = []
        self.on_progress: Callable[[], None] = lambda: None
        self._train_data: Any = None
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
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=bool(self.enable_scaler))

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
            valid_data: the validation loader; without one, each stage's last weights are kept.
            verbose: unused; one line an epoch is logged.
            saved: unused; the best weights are always kept in memory.
            show_progress: unused; bars are the affair of `progress`.
            callback_fn: called with (epoch, validation score) after each validation.

        Raises:
            TrainingError: a loss, a weight or the validation score is not a number.
        """
        self._train_data = train_data
        try:
            for stage in self.stages[self.stages.index(self.stage) :]:
                if stage != self.stage:
                    self.enter_stage(stage)
                self.on_progress()
                self._train_stage(train_data, valid_data, callback_fn)
                self.on_progress()
        finally:
            self.tensorboard.close()
        best = self.records[self.best_stage]
        self.load_stage(best.name)
        return best.score, best.valid

    def _train_stage(
        self,
        train_data: Any,
        valid_data: Any,
        callback_fn: Callable[[int, float], None] | None,
    ) -> None:
        """Train epoch after epoch until something ends the stage; it may have ended before."""
        while not (ending := self.record.ended or self._ending()):
            epoch = self.start_epoch
            self._train_epoch(train_data, epoch)
            self.start_epoch = epoch + 1
            due = self.start_epoch % self.eval_step == 0 or self._ending() == "max_train_seconds"
            score = self._validate(valid_data, epoch) if due and valid_data is not None else None
            if valid_data is None:
                self._keep_weights(epoch)
            self._log_epoch()
            if score is None:
                continue
            self.on_progress()
            if callback_fn:
                callback_fn(epoch, score)
        self.record.ended = ending
        self._add_hparam_to_tensorboard(self.best_valid_score)

    def _ending(self) -> str:
        """Return what ends the stage now, or "" if another epoch is due."""
        if self.cur_step > self.stopping_step:
            return "stopping_step"
        if self._budget.is_spent(self.records, self.stage):
            return "max_train_seconds"
        return "epochs" if self.start_epoch >= self.epochs else ""

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

    def _train_epoch(self, train_data: Any, epoch: int) -> None:
        """Train one epoch and write down its losses, their means over the steps."""
        self.model.train()
        started = perf_counter()
        self._budget.start()
        totals: dict[str, float] = {}
        steps = 0
        title = f"{self.stage} {epoch}"
        for batch in self.progress.track(self._in_time(train_data), len(train_data), title):
            losses = self._step(batch)
            steps += 1
            self.progress.loss(sum(losses.values()))
            check_losses(losses, self.config, f"stage {self.stage}, epoch {epoch}, step {steps}")
            totals = {name: totals.get(name, 0.0) + value for name, value in losses.items()}
        seconds = perf_counter() - started
        means = {name: total / steps for name, total in totals.items()}
        self.record.epochs = epoch + 1
        self.record.train_seconds += seconds
        self.record.budget_seconds += self._budget.elapsed()
        self.train_loss_dict[epoch] = sum(totals.values())
        row = {"stage": self.stage, "epoch": epoch, "loss": means, "train_seconds": seconds}
        self.history.append(row)
        for name, value in means.items():
            self.tensorboard.add_scalar(f"Loss/Train/{self.stage}/{name}", value, epoch)

    def _in_time(self, batches: Any) -> Iterator[Any]:
        """Hand on the batches; end the epoch, never an empty one, where its time is used up."""
        for batch in batches:
            yield batch
            if self._budget.is_spent(self.records, self.stage, self._budget.elapsed()):
                return

    def _step(self, batch: Any) -> dict[str, float]:
        """Take one step of the optimiser; return the parts of the loss before it, by name."""
        batch = batch.to(self.device)
        self.optimizer.zero_grad()
        with torch.autocast(device_type=self.device.type, enabled=self.enable_amp):
            losses = self.model.calculate_loss(batch)
        parts = losses if isinstance(losses, tuple) else (losses,)
        self.scaler.scale(functools.reduce(operator.add, parts)).backward()
        if self.clip_grad_norm:
            self.scaler.unscale_(self.optimizer)
            clip_grad_norm_(self.model.parameters(), **self.clip_grad_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        # One copy to the host for all parts.
        values = torch.stack([part.detach().float().reshape(()) for part in parts]).tolist()
        names = getattr(self.model, "loss_names", None)
        if names is None:  # a model of RecBole's, which numbers them
            names = ["loss"] if len(parts) == 1 else [f"loss{n}" for n in range(1, len(parts) + 1)]
        return dict(zip(names, values, strict=True))

    def _validate(self, valid_data: Any, epoch: int) -> float:
        """Validate; keep the weights if they are better than all before: a tie is no gain."""
        check_weights(self.model, self.config, f"stage {self.stage}, epoch {epoch}")
        started = perf_counter()
        result = dict(self.evaluate(valid_data, load_best_model=False) or {})
        seconds = perf_counter() - started
        score = float(result[self.valid_metric])
        check_score(score, self.config, f"stage {self.stage}, epoch {epoch}")
        self.record.valid_seconds += seconds
        self.history[-1] |= {"valid": result, "valid_seconds": seconds}
        for name, value in result.items():
            self.tensorboard.add_scalar(f"Valid/{self.stage}/{name}", value, epoch)
        best = self.best_valid_score
        if score > best if self.valid_metric_bigger else score < best:
            self.best_valid_score, self.best_valid_result, self.cur_step = score, result, 0
            self.record.score, self.record.valid = score, result
            self._keep_weights(epoch)
        else:
            self.cur_step += 1
        return score

    def _keep_weights(self, epoch: int) -> None:
        self.weights[self.stage] = model_state(self.model)
        self.record.best_epoch = epoch

    def _log_epoch(self) -> None:
        places = self.config["loss_decimal_place"]
        line = epoch_line(self.history[-1], self.valid_metric, self.best_valid_score, places)
        getLogger("recbole_opal").info(line)

    def _build_optimizer(self, **kwargs: Any) -> Any:
        """Build RecBole's optimiser for all parameters but the tables with sparse gradients."""
        return with_sparse_tables(
            self.model, self.learning_rate, super()._build_optimizer, **kwargs
        )
