"""The training loop: stages, epochs, steps, validation and stopping, in the order they happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from logging import getLogger
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from recbole_opal.console.progress_bar import TrainingProgress
from recbole_opal.process.kept_memory import keep_freed_memory
from recbole_opal.training.finite import check_score, check_weights
from recbole_opal.training.model_state import model_state, put_model_state
from recbole_opal.training.optimizer import build_optimizer, set_rate
from recbole_opal.training.schedule import RateSchedule
from recbole_opal.training.stages import StageRecord, TrainingBudget, best_stage
from recbole_opal.training.step import Step
from recbole_opal.training.step_losses import StepLosses
from recbole_opal.training.telling import Telling

__all__ = ["TrainingLoop"]


class TrainingLoop:
    """Train a model through its stages, one loop over epochs a stage.

    For each stage: start from the best weights of the stage before, with a fresh optimiser
    (OPAL's authors keep Adam's moments), train until `valid_metric` has not improved for more
    than `stopping_step` validations (the weights a later stage starts from are validated too), the
    learning rate has fallen to zero, the stage's steps of
    `stage_steps` or its share of `max_train_seconds` are used up, keep the best weights. Nothing
    is written to disk here: the owner of the loop is told after each validation (`on_progress`)
    and saves what it likes, see `snapshot`.

    Args:
        model: any module whose `calculate_loss(batch)` gives the loss or a tuple of its parts, by
            `loss_names` if it has them; `set_stage(stage)` is called if it is there.
        settings: of the run; read by their names.
        stages: names of the stages to train, in order.
        progress, events, hparams: see `Telling`.

    Attributes:
        records: what is known of each stage begun, by name.
        weights: the best weights of each stage (`model_state`), on the model's device.
        history: one row an epoch: stage, epoch, losses, learning rate of the last step, seconds,
            validation metrics.
        schedules: move the learning rate within each stage, by its name.
        on_progress: called after each validation and at both ends of a stage.
        on_epoch: called with the row of `history` of each epoch that has ended.
        epoch, without_gain: number of epochs the stage has had, of validations since the last gain.
        batches: the training loader, once there is one.
    """

    stage: str
    optimizer: Any
    scaler: Any

    def __init__(
        self,
        model: Any,
        settings: Any,
        stages: Sequence[str] = ("train",),
        *,
        progress: TrainingProgress | None = None,
        events: Any = None,
        hparams: Mapping[str, Any] | None = None,
    ) -> None:
        self.model, self.settings, self.stages = model, settings, tuple(stages)
        self.device = torch.device(settings["device"])
        self._step = Step(model, settings, self.device)
        self.epochs = settings["epochs"]
        self.eval_step = min(settings["eval_step"], self.epochs)
        self.metric = settings["valid_metric"].lower()
        self.sign = 1 if settings["valid_metric_bigger"] else -1
        on_gpu = self.device.type == "cuda"
        self.budget = TrainingBudget(settings["max_train_seconds"], self.stages, on_gpu=on_gpu)
        self.schedules = {stage: RateSchedule.of(settings, stage) for stage in self.stages}
        self.telling = Telling(self, progress, events, hparams)
        self.records: dict[str, StageRecord] = {}
        self.weights: dict[str, dict[str, Tensor]] = {}
        self.history: list[dict[str, Any]] = []
        self.on_progress: Callable[[], None] = lambda: None
        self.on_epoch: Callable[[Mapping[str, Any]], None] = lambda row: None
        self.batches: Any = None
        self.enter_stage(self.stages[0])

    @property
    def record(self) -> StageRecord:
        """The record of the stage the model is in."""
        return self.records[self.stage]

    @property
    def best_stage(self) -> str:
        """The stage that is best on validation; of equals the earlier one."""
        return best_stage(self.records, bigger=self.sign > 0)

    @property
    def schedule(self) -> RateSchedule:
        """What moves the learning rate of the stage the model is in."""
        return self.schedules[self.stage]

    @property
    def horizon(self) -> int | None:
        """The steps after which the learning rate of the stage is zero; None: it never falls."""
        return self.horizon_of(self.stage)

    def horizon_of(self, stage: str) -> int | None:
        """Return the steps after which the learning rate of a stage is zero, or None."""
        return self.schedules[stage].horizon(self.epochs, len(self.batches))

    def fit(
        self,
        batches: Any,
        validate: Callable[[], dict[str, float]] | None = None,
        told: Callable[[int, float], None] = lambda epoch, score: None,
    ) -> StageRecord:
        """Train the stages that are not finished; return the record of the best, and load it.

        An iteration over `batches` is an epoch. `validate` evaluates the model as it is, by metric;
        without it, each stage's last weights are kept. `told` is called with (epoch, validation
        score) after each validation.

        Raises:
            TrainingError: a loss, a weight or the validation score is not a number.
        """
        self.batches = batches
        kept = keep_freed_memory()
        getLogger("recbole_opal").debug("freed memory is %s", "kept" if kept else "handed back")
        remaining = self.stages[self.stages.index(self.stage) :]
        for schedule in dict.fromkeys(self.schedules[stage] for stage in remaining):
            schedule.warn_of_warmup(self.epochs, len(batches))
        try:
            for stage in remaining:
                if stage != self.stage:
                    self.enter_stage(stage)
                    if validate is not None:
                        self.judge_entry(validate)
                self.on_progress()
                # Of a stage that is continued, the record tells whether it has ended before.
                while not (ending := self.record.ended or self.ending()):
                    self.train_epoch(batches)
                    due = self.epoch % self.eval_step == 0 or self.bound_reached()
                    if validate is None:
                        self.keep_weights()
                    elif due:
                        self.judge(validate)
                    self.telling.epoch_ended()
                    self.on_epoch(self.history[-1])
                    self.telling.cost(validate is not None)
                    if validate is not None and due:
                        self.on_progress()
                        told(self.epoch - 1, self.history[-1]["valid"][self.metric])
                self.record.ended = ending
                self.telling.stage_ended()
                self.on_progress()
        finally:
            self.telling.close()
        best = self.records[self.best_stage]
        self.load_stage(best.name)
        return best

    def enter_stage(self, stage: str) -> None:
        """Begin a stage: best weights of the stage before, fresh optimiser, fresh stopping."""
        if self.records:
            put_model_state(self.model, self.weights[self.stage])
        self.tell_model(stage)
        self.stage, self.records[stage] = stage, StageRecord(stage)
        self.weights[stage] = model_state(self.model)
        self.epoch = self.without_gain = 0
        self.best_score = -torch.inf * self.sign
        self.optimizer = build_optimizer(self.model, self.settings)
        scaled = self.settings["enable_scaler"] and self.device.type == "cuda"
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=bool(scaled))

    def judge_entry(self, validate: Callable[[], dict[str, float]]) -> None:
        """Validate the weights a stage starts from, which may be the best that it ever has.

        So a later stage that begins where the one before ended is never worse on validation.
        """
        result, self.best_score, _ = self._judged(validate, f"entry of stage {self.stage}")
        self.record.score, self.record.valid = self.best_score, result

    def _judged(
        self, validate: Callable[[], dict[str, float]], place: str
    ) -> tuple[dict[str, float], float, float]:
        """Validate at a place of the training; return all metrics, the score and the seconds."""
        started = perf_counter()
        self.telling.validation_begins()
        result = validate()
        seconds = perf_counter() - started
        score = float(result[self.metric])
        check_score(score, self.settings, place)
        self.record.valid_seconds += seconds
        return result, score, seconds

    def ending(self) -> str:
        """Return what ends the stage now, or "" if another epoch is due."""
        if self.without_gain > self.settings["stopping_step"]:
            return "stopping_step"
        return self.bound_reached() or ("epochs" if self.epoch >= self.epochs else "")

    def bound_reached(self, running: float = 0.0) -> str:
        """Return the bound that may end an epoch before its last batch, "" while none is reached.

        Of the budget, `running` seconds are not in the record yet.
        """
        spent, horizon = self.time_share(running) >= 1, self.horizon
        if horizon is not None and (spent or self.record.steps >= horizon):
            return "schedule"
        if self.schedule.steps is not None and self.record.steps >= self.schedule.steps:
            return "stage_steps"
        return "max_train_seconds" if spent else ""

    def time_share(self, running: float = 0.0) -> float:
        """Return which part of the stage's time is used up, `running` seconds of it just now."""
        return self.budget.spent_share(self.records, self.stage, running)

    def train_epoch(self, batches: Any) -> None:
        """Train one epoch and write down its losses, their means over the steps."""
        self.model.train()
        self.budget.start()
        self.telling.epoch_begins()
        started = perf_counter()
        place = f"stage {self.stage}, epoch {self.epoch}"
        losses = StepLosses(self.settings, place, self.device)
        for batch in self._in_bounds(batches):
            time_share = self.time_share(self.budget.elapsed())
            rate = self.schedule.at(self.record.steps, self.horizon, time_share)
            set_rate(self.optimizer, rate)
            newest = losses.add(self.step(batch))
            self.record.steps += 1
            self.telling.goes_on(perf_counter() - started, newest)
        means = losses.means()  # on a GPU all is done now, not only asked for
        seconds, counted = perf_counter() - started, self.budget.elapsed()
        row = {"stage": self.stage, "epoch": self.epoch, "loss": means, "train_seconds": seconds}
        self.history.append(row | {"learning_rate": rate})
        self.telling.losses(self.history[-1])
        self.epoch += 1
        self.record.epochs = self.epoch
        self.record.train_seconds += seconds
        self.record.budget_seconds += counted

    def _in_bounds(self, batches: Any) -> Iterator[Any]:
        """Hand on the batches; end the epoch, never an empty one, where a bound is reached."""
        for batch in batches:
            yield batch
            if self.bound_reached(self.budget.elapsed()):
                return

    def step(self, batch: Any) -> dict[str, Tensor]:
        """Take one step of the optimiser, see `Step.take`."""
        return self._step.take(batch, self.optimizer, self.scaler)

    def judge(self, validate: Callable[[], dict[str, float]]) -> None:
        """Validate; keep the weights if they are better than all before: a tie is no gain."""
        epoch = self.epoch - 1
        place = f"stage {self.stage}, epoch {epoch}"
        check_weights(self.model, self.settings, place)
        result, score, seconds = self._judged(validate, place)
        self.history[-1] |= {"valid": result, "valid_seconds": seconds}
        self.telling.validated(self.history[-1])
        self.without_gain += 1
        if self.sign * score > self.sign * self.best_score:
            self.best_score, self.without_gain = score, 0
            self.record.score, self.record.valid = score, result
            self.keep_weights()

    def keep_weights(self) -> None:
        """Take the weights as the stage's best so far."""
        self.weights[self.stage] = model_state(self.model)
        self.record.best_epoch = self.epoch - 1

    def load_stage(self, stage: str) -> None:
        """Put the model into a finished stage with its best weights."""
        self.tell_model(stage)
        put_model_state(self.model, self.weights[stage])

    def tell_model(self, stage: str) -> None:
        """Put the model into a stage, if it knows of stages; RecBole's own do not."""
        if hasattr(self.model, "set_stage"):
            self.model.set_stage(stage)
