"""Optuna, needed only by `--tune`: is it there, kept quiet, and our trials as it knows them."""

import importlib
import importlib.util
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from recbole_opal.errors import OpalError
from recbole_opal.process.program import installation
from recbole_opal.tuning.knobs import Knob, Range

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

__all__ = [
    "MissingOptunaError",
    "TunedTrial",
    "decoded",
    "direction",
    "distributions",
    "frozen_trial",
    "quiet_optuna",
    "require_optuna",
    "trial_of",
]

_lock = Lock()
_searches: list[int] = []  # of each that goes on, how loud the first one found Optuna


class MissingOptunaError(OpalError, ImportError):
    """Optuna is not installed; everything but tuning works without it."""


class TunedTrial(TypedDict):
    """One tried combination: its score on validation and wall time, or why it failed."""

    settings: dict[str, Any]
    score: float | None
    seconds: float
    state: Literal["done", "failed"]
    reason: str | None


def trial_of(
    settings: dict[str, Any], score: float | None, seconds: float, reason: str | None
) -> TunedTrial:
    """Return a trial, which failed if it has no score."""
    state: Literal["done", "failed"] = "failed" if score is None else "done"
    return TunedTrial(settings=settings, score=score, seconds=seconds, state=state, reason=reason)


def require_optuna() -> None:
    """Import all that a search needs of Optuna, once, in the thread that Ctrl-C reaches.

    Raises:
        MissingOptunaError: it is not installed; the message holds the command that installs it.
    """
    if importlib.util.find_spec("optuna") is None:
        raise MissingOptunaError(
            "--tune needs optuna, which is not installed; install with "
            f"`{installation('tune')}`, or leave --tune away."
        )
    for module in ("samplers", "storages"):
        importlib.import_module(f"optuna.{module}")


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Hide, while the block runs, Optuna's notes on each study and trial; threads may overlap."""
    import optuna

    with _lock:
        _searches.append(_searches[0] if _searches else optuna.logging.get_verbosity())
        optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        with _lock:
            found = _searches.pop()
            if not _searches:
                optuna.logging.set_verbosity(found)


def direction(*, bigger: bool) -> Literal["minimize", "maximize"]:
    """Return Optuna's word for the better side of a score."""
    return "maximize" if bigger else "minimize"


def distributions(space: Mapping[str, Knob]) -> "dict[str, BaseDistribution]":
    """Return Optuna's distribution for each knob, in the order of the yaml file."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    def one(knob: Knob) -> "BaseDistribution":
        if not isinstance(knob, Range):
            return CategoricalDistribution([json.dumps(value) for value in knob.choices])
        if knob.whole:
            return IntDistribution(int(knob.low), int(knob.high), log=knob.log)
        return FloatDistribution(knob.low, knob.high, log=knob.log)

    return {name: one(knob) for name, knob in space.items()}


def frozen_trial(space: Mapping[str, Knob], trial: TunedTrial) -> "FrozenTrial":
    """Return a trial as Optuna stores it: a choice as JSON, since it may be a list."""
    from optuna.trial import TrialState, create_trial

    settings = trial["settings"]
    return create_trial(
        state=TrialState.FAIL if trial["score"] is None else TrialState.COMPLETE,
        value=trial["score"],
        params={
            name: settings[name] if isinstance(knob, Range) else json.dumps(settings[name])
            for name, knob in space.items()
        },
        distributions=distributions(space),
        user_attrs={"seconds": trial["seconds"], "reason": trial["reason"]},
    )


def decoded(space: Mapping[str, Knob], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that the parameters of a trial of Optuna's stand for."""
    return {
        name: stored[name] if isinstance(knob, Range) else json.loads(stored[name])
        for name, knob in space.items()
    }
