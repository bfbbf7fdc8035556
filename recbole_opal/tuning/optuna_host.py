"""Optuna, which is needed only by `--tune`: is it there, and how it is kept quiet."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from recbole_opal.errors import OpalError
from recbole_opal.process.program import installation

__all__ = ["MissingOptunaError", "quiet_optuna", "require_optuna"]


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
    """How many searches of this process want quiet, and the loudness to give back after the last.

    Attributes:
        searches: those that run now, in threads of their own.
        before: Optuna's level before the first of them.
    """

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
