"""A bound on training time, so that slow and fast models can be compared at equal cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter, process_time

from recbole_opal.training.stages import StageRecord

__all__ = ["TrainingBudget"]


class TrainingBudget:
    """How much of `max_train_seconds` a stage may still use.

    Counted is training alone, without validation: processor time of this process on the CPU, so
    that other work on the machine does not count, and wall time on a GPU. Each stage has an
    equal share of what the stages before it have left.

    Args:
        seconds: the bound over all stages, None for no bound.
        stages: the stages in their order.
        on_gpu: whether the model is on a GPU.
    """

    def __init__(self, seconds: float | None, stages: Sequence[str], *, on_gpu: bool) -> None:
        self.seconds = seconds
        self.stages = stages
        self._clock = perf_counter if on_gpu else process_time
        self._started = 0.0

    def start(self) -> None:
        """Note the beginning of an epoch."""
        self._started = self._clock()

    def elapsed(self) -> float:
        """Return the counted seconds since `start`."""
        return self._clock() - self._started

    def is_spent(
        self, records: Mapping[str, StageRecord], stage: str, running: float = 0.0
    ) -> bool:
        """Tell whether a stage has used its share.

        Args:
            records: what is known of the stages begun.
            stage: the present stage.
            running: counted seconds of the epoch that runs, not yet in the records.
        """
        if self.seconds is None:
            return False
        place = self.stages.index(stage)
        earlier = sum(records[name].budget_seconds for name in self.stages[:place])
        share = (self.seconds - earlier) / (len(self.stages) - place)
        return records[stage].budget_seconds + running >= share
