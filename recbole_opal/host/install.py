"""Is RecBole 1.2.1 installed, and where? Told without importing it."""

import importlib.util
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from recbole_opal.errors import OpalError

__all__ = ["MissingRecBoleError", "recbole_folder", "require_recbole"]

RECBOLE_VERSION = "1.2.1"


class MissingRecBoleError(OpalError, ImportError):
    """RecBole is not installed, or in a version with other internals."""


def require_recbole() -> None:
    """Check that RecBole 1.2.1 is installed.

    Raises:
        MissingRecBoleError: it is not; the message holds the command that installs it on this
            Python.
    """
    try:
        found = version("recbole")
    except PackageNotFoundError:
        found = None
    if found == RECBOLE_VERSION:
        return
    problem = (
        "recbole is not installed"
        if found is None
        else f"recbole {found} is installed, not {RECBOLE_VERSION}"
    )
    raise MissingRecBoleError(f"{problem}; {_install_hint(sys.version_info[:2])}")


def recbole_folder() -> Path:
    """Return the folder of the installed RecBole."""
    require_recbole()
    spec = importlib.util.find_spec("recbole")
    if spec is None or not spec.submodule_search_locations:
        raise MissingRecBoleError(
            f"recbole cannot be imported; {_install_hint(sys.version_info[:2])}"
        )
    return Path(spec.submodule_search_locations[0])


def _install_hint(python: tuple[int, int]) -> str:
    if python >= (3, 12):
        return (
            f"install with `pip install --no-deps recbole=={RECBOLE_VERSION}` "
            "(its ray pin has no wheel for Python 3.12 and later, and nothing here needs ray)."
        )
    return f"install with `pip install recbole=={RECBOLE_VERSION}`."
