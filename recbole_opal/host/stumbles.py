"""What RecBole stumbles over: settings of its own with values that it never checks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from traceback import extract_tb
from typing import Any

from recbole_opal.errors import OpalError, SettingsError, reason_of
from recbole_opal.host.validation import upstream_names

__all__ = ["telling_upstream"]

_STUMBLES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    FileNotFoundError,
    ImportError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)


@contextmanager
def telling_upstream(config: Any) -> Iterator[None]:
    """Tell in one line that RecBole cannot work with a value that its own setting was given.

    An error that comes from this library's lines, or where no such setting was given, is a bug and
    stays as it is.
    """
    try:
        yield
    except OpalError:
        raise
    except _STUMBLES as error:
        names = _given(config)
        if not names or not _is_upstream(error):
            raise
        given = ", ".join(f"--{name}={config[name]}" for name in names)
        raise SettingsError(
            f"{given}: RecBole cannot work with this ({reason_of(error)}); correct it, or leave it "
            "away."
        ) from error


def _given(config: Any) -> list[str]:
    """Return RecBole's settings that have another value than its default."""
    defaults, given = config.internal_config_dict, config.external_config_dict
    names = set(given) & upstream_names(config.model_class)
    return sorted(name for name in names if given[name] != defaults.get(name))


def _is_upstream(error: BaseException) -> bool:
    """Tell whether RecBole's code raised it, or what RecBole's code called."""
    files = [frame.filename.replace("\\", "/") for frame in extract_tb(error.__traceback__)]
    ours = max((place for place, file in enumerate(files) if "/recbole_opal/" in file), default=-1)
    return any("/recbole/" in file for file in files[ours + 1 :])
