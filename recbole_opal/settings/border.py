"""The border of the library: what a program hands over as a setting becomes plain data here."""

import os
from collections.abc import Iterator, Mapping, Sequence, Set
from decimal import Decimal
from enum import Enum
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.settings.fields import is_number
from recbole_opal.settings.paths import checked_path
from recbole_opal.settings.values import TEXTS, is_plain

__all__ = ["path_given", "paths_given", "plain_settings_given", "plain_value", "text_given"]

_TIMES = ("m", "M")  # the kinds of numpy's spans and dates


class _NotPlainError(Exception):
    """Carries the value that has no plain form."""


def plain_settings_given(settings: Mapping[Any, Any]) -> dict[str, Any]:
    """Return settings with plain values, see `plain_value`; a number for a text is its digits."""
    if not isinstance(settings, Mapping):
        raise SettingsError(
            f"settings are of type {_type(settings)}; give a mapping of names to values, as "
            "{'epochs': 5}."
        )
    plain: dict[str, Any] = {}
    for name, given in settings.items():
        if not isinstance(name, str):
            raise SettingsError(
                f"the name of a setting is {name!r}, of type {_type(name)}; write a text."
            )
        value = plain_value(str(name), given)
        plain[str(name)] = str(value) if name in TEXTS and is_number(value) else value
    return plain


def plain_value(name: str, value: Any) -> Any:
    """Return a value as numbers, texts, lists, tuples and mappings of Python alone.

    Numpy's and torch's numbers and arrays, ranges, sets (sorted), enumerations (their values) and
    paths stand for what they hold; dates and spans of time have no such form.
    """
    try:
        plain = _plain(value)
    except _NotPlainError as error:
        (found,) = error.args
        try:
            shown = repr(found)
        except Exception:  # noqa: BLE001, whatever a foreign type's description raises
            shown = "a value"
        raise SettingsError(
            f"--{name}: {shown}, of type {_type(found)}, is no setting; give a number, a "
            "text, a path, True, False, None, a list or a mapping of them."
        ) from error
    except RecursionError as error:
        raise SettingsError(f"--{name}: the value holds itself; write it out.") from error
    if not is_plain(plain):
        raise SettingsError(
            f"--{name}: a value of type {_type(value)} is too large or too deep for a setting; "
            "give a smaller one."
        )
    return plain


def text_given(name: str, value: Any) -> str:
    """Return a name or a path as text; a number stands for its digits."""
    plain = plain_value(name, value)
    if not isinstance(plain, str) and not is_number(plain):
        raise SettingsError(f"--{name}={plain} is of type {_type(value)}; write a text.")
    if plain == "":
        raise SettingsError(f"--{name} is empty; write --{name}=VALUE.")
    return str(plain)


def path_given(name: str, value: Any) -> Path:
    """Return a path that the system can look up, whether something is there or not."""
    plain = plain_value(name, value)
    if not isinstance(plain, str):
        raise SettingsError(
            f"--{name}={plain} is of type {_type(value)}; write a path, or several."
        )
    return checked_path(plain, name)


def paths_given(name: str, value: Any) -> list[Path]:
    """Return the paths in anything that can be walked through; a single one is a list of one."""
    plain = plain_value(name, list(value) if isinstance(value, Iterator) else value)
    several = plain if isinstance(plain, list | tuple) else [plain]
    return [path_given(name, path) for path in several]


def _plain(value: Any) -> Any:
    """Return the plain form of a value and of all that it holds."""
    if getattr(getattr(value, "dtype", None), "kind", "") in _TIMES:  # numpy counts some as numbers
        held = value.tolist()
        raise _NotPlainError(value if isinstance(held, int | list | None) else held)
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Integral | Real | Decimal):
        try:
            return int(value) if isinstance(value, Integral) else float(value)
        except (ValueError, OverflowError):
            raise _NotPlainError(value) from None
    if isinstance(value, str | os.PathLike):
        text = str(value) if isinstance(value, str) else os.fsdecode(value)
        if any("\ud800" <= sign <= "\udfff" for sign in text):
            raise _NotPlainError(os.fsencode(text))
        return text
    if isinstance(value, bytes | bytearray | memoryview | type):
        raise _NotPlainError(value)
    if callable(getattr(value, "tolist", None)):
        return _listed(value)
    if isinstance(value, Mapping):
        return {_key(key): _plain(part) for key, part in value.items()}
    if not isinstance(value, Sequence | Set):
        raise _NotPlainError(value)
    parts = [_plain(part) for part in value]
    if isinstance(value, tuple):
        return tuple(parts)
    try:
        return sorted(parts) if isinstance(value, Set) else parts
    except TypeError:
        raise _NotPlainError(value) from None


def _listed(value: Any) -> Any:
    """Return what an array of numpy, torch or pandas holds; objects are looked into."""
    try:
        held = value.tolist()
    except Exception:  # noqa: BLE001, whatever a foreign type raises that holds nothing to list
        raise _NotPlainError(value) from None
    if held is None or type(held) is type(value):  # a masked number; one that stands for itself
        raise _NotPlainError(value)
    return _plain(held)


def _key(key: Any) -> str | int:
    plain = _plain(key)
    if isinstance(plain, bool) or not isinstance(plain, str | int):
        raise _NotPlainError(key)
    return plain


def _type(value: Any) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
