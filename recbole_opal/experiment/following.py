"""The part of a run in every process but the first: the same work, of which nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from recbole_opal.console.run_log import lines_held
from recbole_opal.distributed.agreement import agreed
from recbole_opal.distributed.group import meet
from recbole_opal.distributed.launch import is_first
from recbole_opal.distributed.sharded_embedding import sharded_embedding_of
from recbole_opal.host.prepare import PreparedData
from recbole_opal.host.trainer import StagedTrainer
from recbole_opal.runs import RunFolder, RunReader
from recbole_opal.training.loop import TrainingLoop
from recbole_opal.training.snapshot import restore, snapshot
from recbole_opal.training.whole_table import whole_state, whole_weights

__all__ = ["follow", "let_follow", "opened", "tell_followers"]

Outcome = tuple[str, dict[str, dict[str, Any]], str, float]
"""Path of the run folder, results by stage, best stage, seconds."""


@contextmanager
def opened(path: Path) -> Iterator[RunReader]:
    """Give the block a run folder, which the first process holds from before the first look at it.

    The others, for whom it must stand at the same path, read what that one has put in order.
    """
    if is_first():
        folder = RunFolder.open(path)
        with folder.working():
            meet()
            yield folder
    else:
        meet()
        yield RunReader.open(path)


def let_follow() -> None:
    """Let the others begin, with as many threads each; from here on the first process writes."""
    meet()  # all have read what there is to read
    agreed(torch.get_num_threads())


def follow(
    config: Any, data: PreparedData, model: Any, state: Mapping[str, Any] | None = None
) -> Outcome:
    """Train, from the beginning or from a saved state, and judge what the first process judges.

    Where that one writes, this one waits; what it says would be the same, and is not said.
    """
    meet()
    threads = torch.get_num_threads()
    config["tensorboard"] = False
    with lines_held(config["state"]):
        torch.set_num_threads(agreed(threads))
        try:
            trainer = StagedTrainer(config, model)
            if state is not None:
                restore(trainer.loop, state, data.train)
            loop = trainer.loop
            loop.on_progress = lambda: _hand_in(loop)
            trainer.fit(data.train, data.valid)
            for stage in loop.records:
                loop.load_stage(stage)
                whole_weights(loop.weights[stage], loop.model)
                if config["test_at_end"]:
                    trainer.judge(data.test, with_interests=True)
            return tell_followers(("", {}, "", 0.0))
        finally:
            torch.set_num_threads(threads)


def _hand_in(loop: TrainingLoop) -> None:
    """Let the first process save the state, which of a table in parts needs every part."""
    if sharded_embedding_of(loop.model) is not None:
        whole_state(snapshot(loop), loop.model)
    meet()


def tell_followers(outcome: Outcome) -> Outcome:
    """Return what the first process has to tell of the run when it is over."""
    meet()
    folder, stages, best, seconds = agreed(outcome)
    return folder, stages, best, seconds
