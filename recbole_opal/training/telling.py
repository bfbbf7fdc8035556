"""What a training tells while it goes on: the bar, TensorBoard's curves, lines of the log."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from logging import getLogger
from typing import TYPE_CHECKING, Any

from recbole_opal.console.progress_bar import TrainingProgress
from recbole_opal.training.cost import CostLeft, cost_left
from recbole_opal.training.events import NoEvents

if TYPE_CHECKING:
    from recbole_opal.training.loop import TrainingLoop

__all__ = ["Telling"]


class Telling:
    """Tells of a loop, in the order in which things happen there; it changes nothing in it.

    Args:
        loop: what trains.
        progress: where a bar over all stages is shown.
        events: TensorBoard's writer, and `hparams` what it is told of the settings.
    """

    def __init__(
        self,
        loop: TrainingLoop,
        progress: TrainingProgress | None = None,
        events: Any = None,
        hparams: Mapping[str, Any] | None = None,
    ) -> None:
        self._loop = loop
        self._progress = progress or TrainingProgress(enabled=False)
        self._events, self._hparams = events or NoEvents(), hparams or {}
        self._place = ""
        self._left: CostLeft | None = None
        self._cost_told: set[str] = set()

    def epoch_begins(self) -> None:
        """Show the epoch that the loop is about to train."""
        self._show(f"{self._loop.stage} {self._loop.epoch}")

    def validation_begins(self) -> None:
        """Show that the loop validates; no seconds of it are counted in the bar."""
        self._show(f"{self._loop.stage} {self._loop.epoch}, validation")

    def _show(self, place: str) -> None:
        """Move the bar; what is left is counted here, and not known before an epoch is over."""
        if not self._progress.drawn:
            return
        loop = self._loop
        self._place, self._left = place, cost_left(loop) if loop.history else None
        self.goes_on(0.0)
        best = loop.records[loop.best_stage].score
        if not math.isnan(best):
            self._progress.best(loop.metric, best)

    def goes_on(self, running: float, loss: float | None = None) -> None:
        """Move the bar within an epoch.

        Args:
            running: seconds since it began.
            loss: the newest that is known; None: no newer one.
        """
        if not self._progress.drawn:
            return
        if self._left is None:
            self._progress.at(self._place, 0.0)
        else:
            self._progress.at(self._place, *self._left.after(running))
        if loss is not None:
            self._progress.loss(loss)

    def losses(self, row: Mapping[str, Any]) -> None:
        """Draw the losses and the learning rate of an epoch, a row of the loop's history."""
        stage, epoch = row["stage"], row["epoch"]
        for name, value in row["loss"].items():
            self._events.add_scalar(f"Loss/Train/{stage}/{name}", value, epoch)
        self._events.add_scalar(f"Learning_rate/{stage}", row["learning_rate"], epoch)

    def validated(self, row: Mapping[str, Any]) -> None:
        """Draw the metrics of an epoch that was validated."""
        for name, value in row["valid"].items():
            self._events.add_scalar(f"Valid/{row['stage']}/{name}", value, row["epoch"])

    def epoch_ended(self) -> None:
        """Write a line of the last epoch."""
        loop = self._loop
        row, places = loop.history[-1], loop.settings["loss_decimal_place"]
        words = [f"stage={row['stage']}", f"epoch={row['epoch']}"]
        words += [f"{name}={value:.{places}f}" for name, value in row["loss"].items()]
        words.append(f"rate={row['learning_rate']:.3g}")
        words.append(f"train_s={row['train_seconds']:.1f}")
        if "valid" in row:
            words.append(f"valid_{loop.metric}={row['valid'][loop.metric]:.4f}")
            words += [f"best={loop.best_score:.4f}", f"valid_s={row['valid_seconds']:.1f}"]
        words.append(f"left_s={cost_left(loop).seconds:.0f}")
        getLogger("recbole_opal").info(" ".join(words))

    def cost(self, judged: bool) -> None:
        """Log what is left, at most, after the first epoch that a stage has in this process.

        Where epochs are `judged`, it waits for the first validation, which is part of the cost.
        """
        loop = self._loop
        due = "valid" in loop.history[-1] or not judged
        over = loop.stage == loop.stages[-1] and loop.ending()
        if loop.stage in self._cost_told or not due or over:
            return
        self._cost_told.add(loop.stage)
        getLogger("recbole_opal").info("%s", cost_left(loop).told(datetime.now()))

    def stage_ended(self) -> None:
        """Draw the best validation score of a stage."""
        best = {"hparam/best_valid_result": self._loop.best_score}
        self._events.add_hparams(self._hparams, best)

    def close(self) -> None:
        """Say that no curve goes on."""
        self._events.close()
