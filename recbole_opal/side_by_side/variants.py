"""What is compared: `OPAL@num_interests=8@recipe=published`, a model with settings of its own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.own_models import name_of
from recbole_opal.settings.fields import typed
from recbole_opal.settings.values import setting_value

__all__ = ["Variant", "parse_variants"]

_MODEL = re.compile(r"\w+|[^:,@]+:\w+")  # a name, or the place of a class
_NAME = re.compile(r"[A-Za-z_]\w*")
_OPENING, _CLOSING, _QUOTES = "([{", ")]}", "'\""


@dataclass(frozen=True)
class Variant:
    """A model's name, or the place of its class as `file.py:Class`, and settings of its own.

    Examples:
        >>> Variant("OPAL", {"num_interests": 8}).label
        'OPAL num_interests=8'
    """

    model: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the model's class."""
        return name_of(self.model)

    @property
    def label(self) -> str:
        """The name of its rows, as `OPAL num_interests=8`."""
        return " ".join([self.name, *self._pairs()])

    @property
    def text(self) -> str:
        """As it is typed: `OPAL@num_interests=8`."""
        return "@".join([self.model, *self._pairs()])

    def _pairs(self) -> list[str]:
        # A mapping without the quotes of a shell, between which a value would be read as a text.
        values = {n: str(v) if isinstance(v, dict) else typed(v) for n, v in self.settings.items()}
        return [f"{name}={value}" for name, value in values.items()]


def parse_variants(text: str) -> list[Variant]:
    """Read a list of variants, as `OPAL,OPAL@num_interests=8,MIND@topk=[10,20]`.

    A comma or an `@` inside brackets or quotes belongs to a value.
    """
    variants: list[Variant] = []
    for part in _split(text, ","):
        variant = _parse_variant(part.strip(), text)
        if variant in variants:
            raise SettingsError(f"--model={text} names {part.strip()} twice; keep one of them.")
        variants.append(variant)
    return variants


def _parse_variant(part: str, whole: str) -> Variant:
    model, *pairs = _split(part, "@")
    if not _MODEL.fullmatch(model.strip()):
        raise SettingsError(
            f"--model={whole} holds '{part}', which is not a model; write for example "
            "--model=OPAL,MIND or --model=OPAL@num_interests=8."
        )
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.strip().partition("=")
        if not (equals and value and _NAME.fullmatch(name)):
            raise SettingsError(
                f"--model={part}: '{pair}' behind @ is not name=value; write for example "
                f"{model.strip()}@num_interests=8."
            )
        if name in settings:
            raise SettingsError(f"--model={part} gives {name} twice; keep one of them.")
        settings[name] = setting_value(name, value)
    return Variant(model.strip(), settings)


def _split(text: str, separator: str) -> list[str]:
    """Split at each separator that stands outside brackets and quotes."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in _QUOTES:
            quote = letter
        else:
            depth += (letter in _OPENING) - (letter in _CLOSING)
        if letter == separator and depth <= 0 and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
