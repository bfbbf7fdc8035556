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
    """Check that RecBole 1.2.1 is installed; the error tells this Python's command for it."""
    try:
        found = version("recbole")
    except PackageNotFoundError:
        raise _missing("recbole is not installed") from None
    if found != RECBOLE_VERSION:
        raise _missing(f"recbole {found} is installed, not {RECBOLE_VERSION}")


def recbole_folder() -> Path:
    """Return the folder of the installed RecBole."""
    require_recbole()
    spec = importlib.util.find_spec("recbole")
    if spec is None or not spec.submodule_search_locations:
        raise _missing("recbole cannot be imported")
    return Path(spec.submodule_search_locations[0])


def _missing(problem: str) -> MissingRecBoleError:
    options, why = "", "."
    if sys.version_info[:2] >= (3, 12):
        options = "--no-deps "
        why = " (its ray pin has no wheel for Python 3.12 and later, and nothing here needs ray)."
    command = f"`pip install {options}recbole=={RECBOLE_VERSION}`"
    return MissingRecBoleError(f"{problem}; install with {command}{why}")
