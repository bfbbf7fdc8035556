"""The finished trials of a search, kept in a sqlite file that Optuna's own tools read too."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from recbole_opal.errors import CheckpointError, quoted
from recbole_opal.tuning.knobs import Knob
from recbole_opal.tuning.optuna_host import TunedTrial, decoded, direction, frozen_trial, trial_of

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

__all__ = ["TrialStore", "open_store"]

_FILE = "tuning.db"
# Searches of other processes may share the file; each waits so many seconds for another's write.
_PATIENCE = 60
# Those of this process take turns: sqlite gives up at once where two readers want to write.
_TURN = Lock()


@dataclass(frozen=True)
class TrialStore:
    """One study of the file.

    A trial is written when it has ended, in one transaction: one that was cut off leaves no trace
    and is tried again.
    """

    study: "Study"
    space: Mapping[str, Knob]
    path: Path

    def trials(self) -> list[TunedTrial]:
        """Return all trials, in the order in which they ended."""
        with _using(self.path):
            return [self._read(trial) for trial in self.study.get_trials(deepcopy=False)]

    def add(self, trial: TunedTrial) -> None:
        """Write a trial."""
        with _using(self.path):
            self.study.add_trial(frozen_trial(self.space, trial))

    def _read(self, trial: "FrozenTrial") -> TunedTrial:
        """Read a trial; whatever is not as `add` writes it raises an error of some kind."""
        seconds, reason = trial.user_attrs["seconds"], trial.user_attrs["reason"]
        if type(seconds) is not float or not isinstance(reason, str | None):
            raise ValueError("no seconds or no reason of a trial")
        read = trial_of(decoded(self.space, trial.params), trial.value, seconds, reason)
        frozen_trial(self.space, read)  # which checks
        return read


@contextmanager
def open_store(
    folder: Path, name: str, space: Mapping[str, Knob], *, bigger: bool = True
) -> Iterator[TrialStore]:
    """Open a study, new or old, in `tuning.db` of a folder, which is made if it is not there.

    The same name must always come with the same space and side. If all its trials failed they are
    forgotten: the search is given again because the cause was mended.
    """
    from optuna.storages import RDBStorage

    path = folder / _FILE
    waiting = {"connect_args": {"timeout": _PATIENCE}}
    storage = None
    try:
        with _using(path):
            folder.mkdir(parents=True, exist_ok=True)
            storage = RDBStorage(f"sqlite:///{path}", engine_kwargs=waiting)
            study = _study(storage, name, bigger)
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


def _study(storage: Any, name: str, bigger: bool) -> "Study":
    import optuna

    given: dict[str, Any] = {"storage": storage, "study_name": name}
    better = direction(bigger=bigger)
    study = optuna.create_study(**given, direction=better, load_if_exists=True)
    trials = study.get_trials(deepcopy=False)
    if trials and all(trial.value is None for trial in trials):
        optuna.delete_study(**given)
        study = optuna.create_study(**given, direction=better)
    return study
