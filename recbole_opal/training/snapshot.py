"""Everything a training run needs to continue exactly where it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from recbole_opal.errors import SettingsError
from recbole_opal.process.rng import capture_rng, restore_rng
from recbole_opal.training.model_state import model_state, put_model_state
from recbole_opal.training.stages import StageRecord

__all__ = ["Resumable", "TrainingSnapshot", "is_on_course"]


class Resumable(Protocol):
    """What a trainer shows of itself; see `StagedTrainer` for what each is."""

    stage: str
    start_epoch: int
    cur_step: int
    best_valid_score: float
    best_valid_result: Any
    epochs: int
    eval_step: int
    model: Any
    optimizer: Any
    scaler: Any
    device: Any
    weights: dict[str, dict[str, Any]]
    records: dict[str, StageRecord]
    history: list[dict[str, Any]]

    def tell_model(self, stage: str) -> None:
        """Put the model into a stage."""

    def _build_optimizer(self) -> Any: ...


@dataclass(frozen=True)
class TrainingSnapshot:
    """The state after a validation: weights, optimiser, stopping, all random generators.

    Attributes:
        state: nested plain data and tensors, see `recbole_opal.runs.state`.
    """

    state: dict[str, Any]

    @classmethod
    def take(cls, trainer: Resumable, train_data: Any) -> TrainingSnapshot:
        """Collect the state of a trainer.

        Args:
            trainer: between two epochs.
            train_data: the training loader.
        """
        return cls(
            {
                "stage": trainer.stage,
                "start_epoch": trainer.start_epoch,
                "cur_step": trainer.cur_step,
                "best_valid_score": float(trainer.best_valid_score),
                "best_valid_result": trainer.best_valid_result,
                "model": model_state(trainer.model),
                "optimizer": trainer.optimizer.state_dict(),
                "scaler": trainer.scaler.state_dict(),
                "weights": trainer.weights,
                "records": {name: record.as_dict() for name, record in trainer.records.items()},
                "history": trainer.history,
                "random": capture_rng(),
                "loader": train_data.generator.get_state(),
            }
        )

    def refuse_prolonging_an_earlier_stage(self, epochs: int) -> None:
        """Check that `epochs` does not ask for more of a stage another one started from.

        Args:
            epochs: the most epochs of each stage.

        Raises:
            SettingsError: it does.
        """
        for name, record in self.state["records"].items():
            cut_short = record["ended"] == "epochs" and record["epochs"] < epochs
            if cut_short and name != self.state["stage"]:
                raise SettingsError(
                    f"--epochs={epochs} cannot prolong this run: stage {name} ended after "
                    f"{record['epochs']} epochs and stage {self.state['stage']} started from it; "
                    "start a new run."
                )

    def put(self, trainer: Resumable, train_data: Any) -> None:
        """Give the state back.

        Args:
            trainer: of the same settings; what it has done is forgotten.
            train_data: the training loader.
        """
        state = self.state
        device = trainer.device
        trainer.records = {name: StageRecord(**record) for name, record in state["records"].items()}
        trainer.weights = {
            stage: {name: value.to(device) for name, value in weights.items()}
            for stage, weights in state["weights"].items()
        }
        trainer.stage = state["stage"]
        trainer.tell_model(trainer.stage)
        put_model_state(trainer.model, state["model"])
        trainer.optimizer = trainer._build_optimizer()
        trainer.optimizer.load_state_dict(state["optimizer"])
        if state.get("scaler"):  # empty where gradients are not scaled
            trainer.scaler.load_state_dict(state["scaler"])
        trainer.start_epoch = state["start_epoch"]
        trainer.cur_step = state["cur_step"]
        trainer.best_valid_score = state["best_valid_score"]
        trainer.best_valid_result = state["best_valid_result"]
        trainer.history = list(state["history"])
        record = trainer.records[trainer.stage]
        if trainer.start_epoch < trainer.epochs and record.ended == "epochs":
            record.ended = ""  # more epochs are allowed now than when the stage ended
        train_data.generator.set_state(state["loader"])
        restore_rng(state["random"])


def is_on_course(trainer: Resumable) -> bool:
    """Tell whether a run with the trainer's present `epochs` would have had the same history.

    Args:
        trainer: of a run whose `epochs` may have changed on the way.
    """
    return all(
        row["epoch"] < trainer.epochs
        and ("valid" in row) == ((row["epoch"] + 1) % trainer.eval_step == 0)
        for row in trainer.history
    )
