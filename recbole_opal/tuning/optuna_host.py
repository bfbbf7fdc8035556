"""Optuna, which is needed only by `--tune`: is it there, and how it is kept quiet."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from recbole_opal.errors import OpalError

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
            "`pip install -c constraints.txt -e '.[tune]'`, or leave --tune away."
        )


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Hide, while the block runs, Optuna's notes on each study and trial."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
