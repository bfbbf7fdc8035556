"""Everything a training needs to continue exactly where it was, as plain data and tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.process.rng import capture_rng, restore_rng
from recbole_opal.training.loop import TrainingLoop
from recbole_opal.training.model_state import model_state, put_model_state
from recbole_opal.training.optimizer import build_optimizer
from recbole_opal.training.stages import StageRecord
from recbole_opal.training.whole_table import own_part_of_state

__all__ = ["is_on_course", "refuse_prolonging_an_earlier_stage", "restore", "snapshot"]


def snapshot(loop: TrainingLoop) -> dict[str, Any]:
    """Return the state between two epochs: weights, optimiser, stopping, all random generators.

    It is to be written down at once: what the loop does next changes it.
    """
    return {
        "stage": loop.stage,
        "start_epoch": loop.epoch,
        "cur_step": loop.without_gain,
        "best_valid_score": loop.best_score,
        "best_valid_result": loop.record.valid or None,
        "model": model_state(loop.model, copied=False),
        "optimizer": loop.optimizer.state_dict(),
        "scaler": loop.scaler.state_dict(),
        "weights": loop.weights,
        "horizon": {stage: loop.horizon_of(stage) for stage in loop.records},
        "records": {name: record.as_dict() for name, record in loop.records.items()},
        "history": loop.history,
        "random": capture_rng(),
        "loader": loop.batches.generator.get_state(),
    }


def restore(loop: TrainingLoop, state: Mapping[str, Any], batches: Any) -> None:
    """Go back to a snapshot, perhaps of another process; `fit` continues as if never stopped.

    The loop is of the same settings; the training loader's generator is set back too.

    Raises:
        SettingsError: `epochs` has changed, over which the learning rate falls.
    """
    loop.batches = batches
    state = own_part_of_state(state, loop.model)
    _refuse_other_horizons(loop, state)
    loop.records = {name: StageRecord(**record) for name, record in state["records"].items()}
    loop.weights = {
        stage: {name: value.to(loop.device) for name, value in weights.items()}
        for stage, weights in state["weights"].items()
    }
    loop.stage = state["stage"]
    loop.tell_model(loop.stage)
    put_model_state(loop.model, state["model"])
    loop.optimizer = build_optimizer(loop.model, loop.settings)
    loop.optimizer.load_state_dict(state["optimizer"])
    if state.get("scaler"):  # empty where gradients are not scaled
        loop.scaler.load_state_dict(state["scaler"])
    loop.epoch = state["start_epoch"]
    loop.without_gain = state["cur_step"]
    loop.best_score = state["best_valid_score"]
    loop.history = list(state["history"])
    if loop.epoch < loop.epochs and loop.record.ended == "epochs":
        loop.record.ended = ""  # more epochs are allowed now than when the stage ended
    batches.generator.set_state(state["loader"])
    restore_rng(state["random"])


def _refuse_other_horizons(loop: TrainingLoop, state: Mapping[str, Any]) -> None:
    """Check that the rates of the stages begun fall over as many steps as they did before."""
    known = state.get("horizon")  # of a state of older versions one number, of its stage
    before = known if isinstance(known, Mapping) else {state["stage"]: known}
    for stage, steps in before.items():
        if steps != loop.horizon_of(stage):
            raise SettingsError(
                f"--epochs={loop.epochs} cannot be given to this run: its learning rate falls to "
                f"zero over {steps} steps, which would become {loop.horizon_of(stage)}; leave it "
                "away, or start a new run."
            )


def refuse_prolonging_an_earlier_stage(state: Mapping[str, Any], epochs: int) -> None:
    """Check that `epochs` does not ask for more of a stage another one started from.

    Raises:
        SettingsError: it does.
    """
    for name, record in state["records"].items():
        cut_short = record["ended"] == "epochs" and record["epochs"] < epochs
        if cut_short and name != state["stage"]:
            raise SettingsError(
                f"--epochs={epochs} cannot prolong this run: stage {name} ended after "
                f"{record['epochs']} epochs and stage {state['stage']} started from it; "
                "start a new run."
            )


def is_on_course(loop: TrainingLoop) -> bool:
    """Tell whether a run with the loop's present `epochs` would have had the same history."""
    by_steps = ("schedule", "stage_steps")
    last = {(r.name, r.epochs - 1) for r in loop.records.values() if r.ended in by_steps}
    return all(
        row["epoch"] < loop.epochs
        and ("valid" in row)
        == ((row["epoch"] + 1) % loop.eval_step == 0 or (row["stage"], row["epoch"]) in last)
        for row in loop.history
    )
