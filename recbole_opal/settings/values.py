"""Text to typed values, from a flag or from a yaml file, without ever running what was typed."""

import re
from collections.abc import Collection
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from recbole_opal.errors import SettingsError
from recbole_opal.settings.fields import literal, without_none
from recbole_opal.settings.schema import SHARED_FIELDS

__all__ = [
    "TEXTS",
    "SettingsLoader",
    "is_plain",
    "load_settings_file",
    "parse_value",
    "setting_value",
]

# RecBole's settings that are texts and that our schema does not hold.
_UPSTREAM_TEXTS = (
    "ENTITY_ID_FIELD HEAD_ENTITY_ID_FIELD ITEM_LIST_LENGTH_FIELD LABEL_FIELD LIST_SUFFIX "
    "NEG_PREFIX POSITION_FIELD RATING_FIELD RELATION_ID_FIELD TAIL_ENTITY_ID_FIELD "
    "inter_matrix_type pre_model_path reranker_CAN_NUM wandb_project"
)
_TYPES = {name: without_none(field.annotation) for name, field in SHARED_FIELDS.items()}
TEXTS = dict.fromkeys((*_UPSTREAM_TEXTS.split(), "model", "dataset"), False) | {
    name: optional for name, (kind, optional) in _TYPES.items() if kind is str
}
"""The names of all settings that are texts, each with whether it may be None."""

_LOOK_ALIKES = {
    f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "bool", "timestamp", "value", "merge")
}
_WORDS = {"true": True, "false": False, "null": None, "~": None}
_NO_YAML = (yaml.YAMLError, ValueError, RecursionError)
_DEEPEST, _MOST_OPEN, _MOST_PARTS = 32, 200, 100_000
_LONGEST_INTEGER = 256  # bits; Python refuses to write an integer of more than 4,300 digits


class SettingsLoader(yaml.SafeLoader):
    """YAML's safe loader that also reads `1e-3` as a number, and refuses a key written twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping; of a key that is written twice only one value could count."""
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen and key.value != "<<":
                problem = f"the key {key.value} is written twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


SettingsLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9]+|[0-9]+\.[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+$"),
    list("-+.0123456789"),
)


def parse_value(text: str) -> Any:
    """Return the value that a flag's text stands for; nothing is evaluated, unlike in RecBole.

    Python literals (`0.1`, `[10,20]`, `{'split': {'LS': 'valid_and_test'}}`, `None`), the words
    true, false, null and `~` in any case, and yaml lists and mappings (`[soft, hard]`) are read;
    everything else stays text.
    """
    value = literal(text)
    if value is not text:
        return value if is_plain(value) else text
    word = text.strip().lower()
    if word[:1] not in ("[", "{"):
        return _WORDS.get(word, text)
    try:
        return _load(text)
    except _NO_YAML:
        return text


def setting_value(name: str, text: str) -> Any:
    """Return the value that a flag's text stands for, by the type that the setting has.

    A text is taken as it was typed, `007` and `0,1` and `True` too; only between quotes, as Python
    writes it, it is what the quotes hold, and None is None where the setting may be that. Another
    setting is read by its look alone, see `parse_value`.
    """
    if name not in TEXTS:
        return parse_value(text)
    if TEXTS[name] and text.strip().lower() in ("none", "null", "~"):
        return None
    quoted = len(text) > 1 and text[0] in "'\"" and text[-1] == text[0]
    value = literal(text) if quoted else text
    return value if isinstance(value, str) else text


def load_settings_file(path: Path) -> dict[str, Any]:
    """Read one yaml file of settings, lines `key: value`; a SettingsError names file and line."""
    try:
        content = deepcopy(_settings_in(path.read_text(encoding="utf-8")))
    except OSError as error:
        message = f"cannot read {path} ({error.strerror}); check the path."
        raise SettingsError(message) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 text; save it as UTF-8.") from error
    except _NO_YAML as error:
        told = (
            f"{path} must be yaml whose values are numbers, texts, lists and mappings; write lines "
            "of the form `key: value`."
        )
        if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
            line = error.problem_mark.line + 1
            told = f"{path}, line {line}: {error.problem}; correct that line."
        raise SettingsError(told) from error
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise SettingsError(f"{path} must hold lines of the form `key: value`.")
    return content


@lru_cache(maxsize=256)
def _settings_in(text: str) -> Any:
    """Return what a file's text says; PyYAML takes tens of milliseconds for a model's."""
    return _load(text, TEXTS)


def _load(text: str, texts: Collection[str] = ()) -> Any:
    if _open_brackets(text) > _MOST_OPEN:  # the time that PyYAML takes grows with their square
        raise ValueError("the value is nested too deeply")
    loader = SettingsLoader(text)
    try:
        node = loader.get_single_node()
        # The numbers, truth values, dates and signs behind these keys are texts, as written.
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode) and key.value in texts:
                value.tag = "tag:yaml.org,2002:str" if value.tag in _LOOK_ALIKES else value.tag
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
        elif isinstance(item, int):
            if item.bit_length() > _LONGEST_INTEGER:
                return False
        elif item is not None and not isinstance(item, str | float):
            return False
    return True
