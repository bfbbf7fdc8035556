"""Text to typed values, from a flag or from a yaml file, without ever running what was typed."""

import ast
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from recbole_opal.errors import SettingsError
from recbole_opal.settings.texts import TEXTS

__all__ = ["SettingsLoader", "is_plain", "load_settings_file", "parse_value", "setting_value"]

_LOOK_ALIKES = {
    f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "bool", "timestamp", "value", "merge")
}
_NONE = ("none", "null", "~")
_DEEPEST, _MOST_OPEN, _MOST_PARTS = 32, 200, 100_000
_LONGEST_INTEGER = 256  # bits; Python refuses to write an integer of more than 4,300 digits


class SettingsLoader(yaml.SafeLoader):
    """YAML 1.1's safe loader that reads `1e-3` as a number and refuses a key that is written twice.

    YAML 1.1 wants a dot and a sign (`1.0e-3`); Python and RecBole's users do not write them.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping; a key that is written twice is an error, since only one could count."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"the key {key.value} is written twice",
                        problem_mark=key.start_mark,
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


SettingsLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9]+|[0-9]+\.[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+$"),
    list("-+.0123456789"),
)


def parse_value(text: str) -> Any:
    """Return the value that a flag's text stands for.

    Python literals (`0.1`, `[10,20]`, `{'split': {'LS': 'valid_and_test'}}`, `None`), the words
    true, false, null and `~` in any case, and yaml lists and mappings (`[soft, hard]`) are read;
    everything else stays text. Nothing is evaluated, unlike in RecBole, which runs `eval` on it.

    Args:
        text: what stands behind the first `=`.
    """
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return _parse_word(text)
    return value if is_plain(value) else text


def setting_value(name: str, text: str) -> Any:
    """Return the value that a flag's text stands for, by the type that the setting has.

    A text is taken as it was typed, `007` and `0,1` and `True` too; only between quotes, as Python
    writes it, it is what the quotes hold, and None is None where the setting may be that.

    Args:
        name: of the setting; an unknown one is read by its look alone, see `parse_value`.
        text: what stands behind the first `=`.
    """
    if name not in TEXTS:
        return parse_value(text)
    if TEXTS[name] and text.strip().lower() in _NONE:
        return None
    return _unquoted(text)


def load_settings_file(path: Path) -> dict[str, Any]:
    """Read one yaml file of settings.

    Args:
        path: a file that holds `key: value` lines.

    Raises:
        SettingsError: the file is missing, not UTF-8, not yaml, or not a mapping of names to
            values.
    """
    try:
        content = _load(path.read_text(encoding="utf-8"), TEXTS)
    except OSError as error:
        message = f"cannot read {path} ({error.strerror}); check the path."
        raise SettingsError(message) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 text; save it as UTF-8.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SettingsError(_where(path, error)) from error
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise SettingsError(f"{path} must hold lines of the form `key: value`.")
    return content


def _parse_word(text: str) -> Any:
    word = text.strip().lower()
    if word in ("true", "false"):
        return word == "true"
    if word in ("null", "~"):
        return None
    if word[:1] in ("[", "{"):
        try:
            return _load(text)
        except (yaml.YAMLError, ValueError, RecursionError):
            return text
    return text


def _load(text: str, texts: Collection[str] = ()) -> Any:
    if _open_brackets(text) > _MOST_OPEN:  # the time that PyYAML takes grows with their square
        raise ValueError("the value is nested too deeply")
    loader = SettingsLoader(text)
    try:
        node = loader.get_single_node()
        if isinstance(node, yaml.MappingNode):
            _keep_as_written(node, texts)
        value = None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()
    if not is_plain(value):
        raise ValueError("yaml dates, sets and bytes are no settings")
    return value


def _open_brackets(text: str) -> int:
    """Return how many brackets are open at once at the most; those in quotes count too."""
    open_now = most = 0
    for bracket in re.findall(r"[\[{\]}]", text):
        open_now = max(0, open_now + (1 if bracket in "[{" else -1))
        most = max(most, open_now)
    return most


def _keep_as_written(node: yaml.MappingNode, texts: Collection[str]) -> None:
    """Make the numbers, truth values, dates and signs behind these keys the texts as written."""
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value in texts and value.tag in _LOOK_ALIKES:
            value.tag = "tag:yaml.org,2002:str"


def is_plain(value: Any) -> bool:
    """Tell whether yaml knows such values too; it does not know bytes, sets, complex numbers.

    Nor is anything plain that only a program would write: deeper, larger than a user's lists are,
    or without an end, as aliases of yaml make it out of a few lines.
    """
    left, seen = [(value, 0)], 0
    while left:
        item, depth = left.pop()
        seen += 1
        if depth > _DEEPEST or seen > _MOST_PARTS:
            return False
        if isinstance(item, dict):
            if not all(isinstance(key, str | int) for key in item):
                return False
            left += [(part, depth + 1) for part in item.values()]
        elif isinstance(item, list | tuple):
            left += [(part, depth + 1) for part in item]
        elif not _is_single(item):
            return False
    return True


def _is_single(value: Any) -> bool:
    if isinstance(value, int):
        return value.bit_length() <= _LONGEST_INTEGER
    return value is None or isinstance(value, str | float)


def _unquoted(text: str) -> str:
    if len(text) < 2 or text[0] not in "'\"" or text[-1] != text[0]:
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    return value if isinstance(value, str) else text


def _where(path: Path, error: Exception) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return (
            f"{path} must be yaml whose values are numbers, texts, lists and "
            "mappings; write lines of the form `key: value`."
        )
    line = error.problem_mark.line + 1
    return f"{path}, line {line}: {error.problem}; correct that line."
