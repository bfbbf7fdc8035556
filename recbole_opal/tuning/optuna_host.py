"""Optuna, needed only by `--tune`: is it there, kept quiet, and what it calls our knobs."""

import importlib.util
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

from recbole_opal.errors import OpalError
from recbole_opal.process.program import installation
from recbole_opal.tuning.knobs import Knob, Range

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

__all__ = ["MissingOptunaError", "decoded", "direction", "distributions", "encoded", "quiet_optuna",
           "require_optuna"]  # fmt: skip


class MissingOptunaError(OpalError, ImportError):
    """Optuna is not installed; everything but tuning works without it."""


def require_optuna() -> None:
    """Check that Optuna is installed, without importing it (which takes a second).

    Raises:
        MissingOptunaError: it is not; the message holds the command that installs it.
    """
    if importlib.util.find_spec("optuna") is None:
        raise MissingOptunaError(
            "--tune needs optuna, which is not installed; install with "
            f"`{installation('tune')}`, or leave --tune away."
        )


class _Quiet:
    """How many searches of this process want quiet, and the loudness to give back at the end."""

    lock = Lock()
    searches = 0
    before = 0


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Hide, while the block runs, Optuna's notes on each study and trial; threads may overlap."""
    import optuna

    with _Quiet.lock:
        if _Quiet.searches == 0:
            _Quiet.before = optuna.logging.get_verbosity()
            optuna.logging.set_verbosity(optuna.logging.ERROR)
        _Quiet.searches += 1
    try:
        yield
    finally:
        with _Quiet.lock:
            _Quiet.searches -= 1
            if _Quiet.searches == 0:
                optuna.logging.set_verbosity(_Quiet.before)


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


def encoded(space: Mapping[str, Knob], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as Optuna stores them: a choice as JSON, since it may be a list."""
    return {
        name: settings[name] if isinstance(knob, Range) else json.dumps(settings[name])
        for name, knob in space.items()
    }


def decoded(space: Mapping[str, Knob], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Undo `encoded`."""
    return {
        name: stored[name] if isinstance(knob, Range) else json.loads(stored[name])
        for name, knob in space.items()
    }
