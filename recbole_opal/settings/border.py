"""The border of the library: what a program hands over as a setting becomes plain data here."""

import os
from collections.abc import Iterator, Mapping, Sequence, Set
from decimal import Decimal
from enum import Enum
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.settings.paths import checked_path
from recbole_opal.settings.texts import TEXTS
from recbole_opal.settings.values import is_plain

__all__ = ["path_given", "paths_given", "plain_settings_given", "plain_value", "text_given"]


_TIMES = ("m", "M")  # the kinds of numpy's spans and dates


class _NotPlainError(Exception):
    """Carries the value that has no plain form."""


def plain_settings_given(settings: Mapping[Any, Any]) -> dict[str, Any]:
    """Return settings with plain values, see `plain_value`; a number for a text is its digits.

    Args:
        settings: name to value, of any types.

    Raises:
        SettingsError: it is no mapping, a name is no text, or a value has no plain form.
    """
    if not isinstance(settings, Mapping):
        raise SettingsError(
            f"settings are of type {_type(settings)}; give a mapping of names to values, as "
            "{'epochs': 5}."
        )
    for name in settings:
        if not isinstance(name, str):
            raise SettingsError(
                f"the name of a setting is {name!r}, of type {_type(name)}; write a text."
            )
    plain = {str(name): plain_value(str(name), value) for name, value in settings.items()}
    digits = {name: str(plain[name]) for name in plain if _is_number_for_text(name, plain[name])}
    return plain | digits


def plain_value(name: str, value: Any) -> Any:
    """Return a value as numbers, texts, lists, tuples and mappings of Python alone.

    Numpy's and torch's numbers and arrays, ranges, sets (sorted), enumerations (their values) and
    paths stand for what they hold; dates and spans of time have no such form.

    Args:
        name: of the setting, for messages.
        value: of any type.

    Raises:
        SettingsError: there is no such form; the message names the type.
    """
    try:
        plain = _plain(value)
    except _NotPlainError as error:
        (found,) = error.args
        raise SettingsError(
            f"--{name}: {_shown(found)}, of type {_type(found)}, is no setting; give a number, a "
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
    """Return a name or a path as text.

    Args:
        name: what it is given for.
        value: a text, a path, or a number that stands for its digits.

    Raises:
        SettingsError: it is something else; the message names the type.
    """
    plain = plain_value(name, value)
    if isinstance(plain, bool) or not isinstance(plain, str | int | float):
        raise SettingsError(f"--{name}={plain} is of type {_type(value)}; write a text.")
    if plain == "":
        raise SettingsError(f"--{name} is empty; write --{name}=VALUE.")
    return str(plain)


def path_given(name: str, value: Any) -> Path:
    """Return a path that the system can look up, whether something is there or not.

    Args:
        name: what it is given for.
        value: a text or a path.

    Raises:
        SettingsError: it is something else, or no path; see `checked_path`.
    """
    plain = plain_value(name, value)
    if not isinstance(plain, str):
        raise SettingsError(
            f"--{name}={plain} is of type {_type(value)}; write a path, or several."
        )
    return checked_path(plain, name)


def paths_given(name: str, value: Any) -> list[Path]:
    """Return paths that the system can look up; a single one counts as a list of one.

    Args:
        name: what they are given for.
        value: a path, or several in anything that can be walked through.

    Raises:
        SettingsError: one of them is no path.
    """
    if isinstance(value, Iterator | Set):
        value = list(value)
    plain = plain_value(name, value)
    several = plain if isinstance(plain, list | tuple) else [plain]
    return [path_given(name, path) for path in several]


def _is_number_for_text(name: str, value: Any) -> bool:
    return name in TEXTS and isinstance(value, int | float) and not isinstance(value, bool)


def _plain(value: Any) -> Any:
    """Return the plain form of a value and of all that it holds."""
    if getattr(getattr(value, "dtype", None), "kind", "") in _TIMES:  # numpy counts some as numbers
        held = value.tolist()
        raise _NotPlainError(value if isinstance(held, int | list | None) else held)
    number = _number(value)
    if number is not None or value is None:
        return number
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, str):
        return _text(str(value))
    if isinstance(value, os.PathLike):
        return _text(os.fsdecode(value))
    if isinstance(value, bytes | bytearray | memoryview | type):
        raise _NotPlainError(value)
    if callable(getattr(value, "tolist", None)):
        return _listed(value)
    if isinstance(value, Mapping):
        return {_key(key): _plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(_plain(part) for part in value)
    if isinstance(value, Set):
        return _sorted(value)
    if isinstance(value, Sequence):
        return [_plain(part) for part in value]
    raise _NotPlainError(value)


def _number(value: Any) -> bool | int | float | None:
    if isinstance(value, Enum):
        return None
    if isinstance(value, bool):
        return value
    try:
        if isinstance(value, Integral):
            return int(value)
        return float(value) if isinstance(value, Real | Decimal) else None
    except (ValueError, OverflowError):
        raise _NotPlainError(value) from None


def _text(text: str) -> str:
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise _NotPlainError(os.fsencode(text))
    return text


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


def _sorted(value: Set[Any]) -> list[Any]:
    parts = [_plain(part) for part in value]
    try:
        return sorted(parts)
    except TypeError:
        raise _NotPlainError(value) from None


def _type(value: Any) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _shown(value: Any) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001, whatever a foreign type's description raises
        return "a value"
