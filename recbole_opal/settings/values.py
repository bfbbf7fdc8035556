"""Text to typed values, from a flag or from a yaml file, without ever running what was typed."""

import ast
import re
from pathlib import Path
from typing import Any

import yaml

from recbole_opal.errors import SettingsError

__all__ = ["SettingsLoader", "load_settings_file", "parse_value"]


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
    return value if _is_plain(value) else text


def load_settings_file(path: Path) -> dict[str, Any]:
    """Read one yaml file of settings.

    Args:
        path: a file that holds `key: value` lines.

    Raises:
        SettingsError: the file is missing, not UTF-8, not yaml, or not a mapping of names to
            values.
    """
    try:
        content = _load(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"--config_files: cannot read {path} ({error.strerror}); check the path."
        raise SettingsError(message) from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"--config_files: {path} is not UTF-8 text; save it as UTF-8."
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SettingsError(_where(path, error)) from error
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise SettingsError(f"--config_files: {path} must hold lines of the form `key: value`.")
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


def _load(text: str) -> Any:
    value = yaml.load(text, Loader=SettingsLoader)  # noqa: S506, it is a SafeLoader
    if not _is_plain(value):
        raise ValueError("yaml dates, sets and bytes are no settings")
    return value


def _is_plain(value: Any) -> bool:
    """Tell whether yaml knows such values too; it does not know bytes, sets, complex numbers."""
    if isinstance(value, dict):
        return all(isinstance(key, str | int) and _is_plain(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(_is_plain(item) for item in value)
    return value is None or isinstance(value, str | int | float)


def _where(path: Path, error: Exception) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return (
            f"--config_files: {path} must be yaml whose values are numbers, texts, lists and "
            "mappings; write lines of the form `key: value`."
        )
    line = error.problem_mark.line + 1
    return f"--config_files: {path}, line {line}: {error.problem}; correct that line."
