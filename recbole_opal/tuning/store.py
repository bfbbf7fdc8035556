"""The finished trials of a search, kept in a sqlite file that Optuna's own tools read too."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from recbole_opal.errors import CheckpointError, quoted
from recbole_opal.tuning.knobs import Knob
from recbole_opal.tuning.optuna_host import decoded, direction, distributions, encoded

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

__all__ = ["TrialStore", "TunedTrial", "open_store"]

_FILE = "tuning.db"
# Searches of other processes may share the file; each waits so many seconds for another's write.
_PATIENCE = 60
# Those of this process take turns: sqlite gives up at once where two readers want to write.
_TURN = Lock()


class TunedTrial(TypedDict):
    """One tried combination: its score on validation and wall time, or why it failed."""

    settings: dict[str, Any]
    score: float | None
    seconds: float
    state: Literal["done", "failed"]
    reason: str | None


class TrialStore:
    """One study of the file.

    A trial is written when it has ended, in one transaction: one that was cut off leaves no trace
    and is tried again.
    """

    def __init__(self, study: "Study", space: Mapping[str, Knob], path: Path) -> None:
        self._study = study
        self._space = space
        self._path = path

    def trials(self) -> list[TunedTrial]:
        """Return all trials, in the order in which they ended."""
        with _using(self._path):
            return [self._read(trial) for trial in self._study.get_trials(deepcopy=False)]

    def add(self, trial: TunedTrial) -> None:
        """Write a trial."""
        from optuna.trial import TrialState, create_trial

        done = trial["state"] == "done"
        stored = create_trial(
            state=TrialState.COMPLETE if done else TrialState.FAIL,
            value=trial["score"],
            params=encoded(self._space, trial["settings"]),
            distributions=distributions(self._space),
            user_attrs={"seconds": trial["seconds"], "reason": trial["reason"]},
        )
        with _using(self._path):
            self._study.add_trial(stored)

    def _read(self, trial: "FrozenTrial") -> TunedTrial:
        """Read a trial; whatever is not as `add` writes it raises an error of some kind."""
        from optuna.trial import create_trial

        kinds = distributions(self._space)
        create_trial(value=trial.value or 0.0, params=trial.params, distributions=kinds)  # checks
        seconds, reason = trial.user_attrs["seconds"], trial.user_attrs["reason"]
        if type(seconds) is not float or not isinstance(reason, str | None):
            raise ValueError("no seconds or no reason of a trial")
        return {
            "settings": decoded(self._space, trial.params),
            "score": trial.value,
            "seconds": seconds,
            "state": "failed" if trial.value is None else "done",
            "reason": reason,
        }


@contextmanager
def open_store(
    folder: Path, name: str, space: Mapping[str, Knob], *, bigger: bool = True
) -> Iterator[TrialStore]:
    """Open a study, new or old, in `tuning.db`; the folder is made if it is not there.

    If all its trials failed they are forgotten: the search is given again because the cause was
    mended.

    Args:
        folder: holds the file.
        name: of the study; the same name must always come with the same space and side.
        space: what the study searches.
        bigger: whether a bigger score is better.
    """
    from optuna.storages import RDBStorage

    path = folder / _FILE
    storage = None
    try:
        with _using(path):
            folder.mkdir(parents=True, exist_ok=True)
            storage = RDBStorage(
                f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": _PATIENCE}}
            )
            study = _study(storage, name, direction(bigger=bigger))
        yield TrialStore(study, space, path)
    finally:
        if storage is not None:
            storage.remove_session()
            storage.engine.dispose()


@contextmanager
def _using(path: Path) -> Iterator[None]:
    """Take the turn at the file; Optuna raises errors of every kind over one that is damaged."""
    with _TURN:
        try:
            yield
        except Exception as error:
            cause: BaseException = error
            while cause.__cause__ is not None:
                cause = cause.__cause__
            reason = quoted(str(cause).partition("\n")[0] or type(cause).__name__)
            raise CheckpointError(
                f"cannot use {path} ({reason}); check the folder and the disk, or move the file "
                "away to tune anew."
            ) from error


def _study(storage: Any, name: str, better: Literal["minimize", "maximize"]) -> "Study":
    import optuna

    given: dict[str, Any] = {"storage": storage, "study_name": name}
    study = optuna.create_study(**given, direction=better, load_if_exists=True)
    trials = study.get_trials(deepcopy=False)
    if trials and all(trial.value is None for trial in trials):
        optuna.delete_study(**given)
        study = optuna.create_study(**given, direction=better)
    return study
