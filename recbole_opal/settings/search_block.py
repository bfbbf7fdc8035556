"""How a `search:` block is read and checked, line by line."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from recbole_opal.errors import SettingsError
from recbole_opal.host.upstream_settings import check_foreign_values, foreign_kinds, upstream_name
from recbole_opal.settings.fields import Section, allowed
from recbole_opal.settings.knobs import Choices, Knob, Range
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.settings.schema import (
    DataSettings,
    EnvironmentSettings,
    EvaluationSettings,
    TrainingSettings,
)
from recbole_opal.suggest import did_you_mean

__all__ = ["BlockReader"]

# What all models of one table must share, or what only bounds the training.
_PROTOCOL = {
    name
    for section in (EnvironmentSettings, EvaluationSettings, DataSettings)
    for name in section.model_fields
} | {"epochs", "epoch_rows", "max_train_seconds", "stopping_step", "eval_step", "recipe"}
_RANGE_KEYS = {"low", "high", "log"}


@dataclass(frozen=True)
class BlockReader:
    """Reads the `search:` block of one file; a refusal names the file, the setting and the fix.

    Attributes:
        path: the file, for messages.
        model: the model's class.
        defaults: the model's settings, by name.
        fixed: names that are not searched, whose defaults may lie outside what the block allows.
    """

    path: Path
    model: type
    defaults: Mapping[str, Any]
    fixed: Collection[str]

    def read(self, block: Any) -> dict[str, Knob]:
        """Return the knob of each name in the block, in its order.

        Args:
            block: what stands behind `search:`; None if the file has no such line.

        Raises:
            SettingsError: see `search_space`.
        """
        if block is None:
            return {}
        if not isinstance(block, Mapping):
            raise SettingsError(
                f"{self.path}: search must hold lines of the form "
                "`name: {low: 0.1, high: 0.5, log: False}` or `name: {choices: [0, 1]}`."
            )
        return {name: self._knob(str(name), content) for name, content in block.items()}

    def _knob(self, name: str, content: Any) -> Knob:
        self._check_name(name)
        if not isinstance(content, Mapping):
            raise self._error(name, f"{content} is no range", "write {low: ..., high: ...}")
        if set(content) == {"choices"}:
            knob: Knob = self._choices(name, content["choices"])
        elif {"low", "high"} <= set(content) <= _RANGE_KEYS:
            knob = self._range(name, content)
        else:
            raise self._error(
                name,
                f"it has the keys {', '.join(map(str, content)) or 'none'}",
                "write {low: ..., high: ..., log: True} or {choices: [...]}",
            )
        if name not in self.fixed and not knob.holds(self.defaults[name]):
            raise self._error(
                name,
                f"the default {self.defaults[name]} is not among what may be tried",
                "widen the range, since the first trial is the defaults",
            )
        return knob

    def _check_name(self, name: str) -> None:
        if name in _PROTOCOL:
            raise self._error(name, "all models of a comparison share it", "take the line out")
        own = section_of(self.model)
        known = {
            *TrainingSettings.model_fields,
            *(own.model_fields if own else ()),
            *foreign_kinds(upstream_name(self.model)),
        }
        if name not in known or name not in self.defaults:
            hint = did_you_mean(name, known - _PROTOCOL) or "; take the line out."
            raise SettingsError(
                f"{self.path}, search: {self.model.__name__} has no setting {name}{hint}"
            )

    def _choices(self, name: str, values: Any) -> Choices:
        if not isinstance(values, Sequence) or isinstance(values, str) or len(values) < 2:
            raise self._error(name, f"choices is {values}", "list two values or more")
        for position, value in enumerate(values):
            self._check_value(name, value)
            if value in values[:position]:
                raise self._error(name, f"{value} is listed twice", "keep one of them")
        return Choices(tuple(values))

    def _range(self, name: str, content: Mapping[str, Any]) -> Range:
        low, high, log = content["low"], content["high"], content.get("log", False)
        default = self.defaults[name]
        if isinstance(default, bool) or not isinstance(default, int | float):
            raise self._error(name, f"{default} is no number", "write {choices: [...]}")
        for bound in (low, high):
            self._check_value(name, bound)
        if not isinstance(log, bool):
            raise self._error(name, f"log is {log}", "write log: True or log: False")
        if low >= high:
            raise self._error(name, f"low {low} is not below high {high}", "exchange them")
        if log and low <= 0:
            raise self._error(name, f"low {low} has no logarithm", "write log: False")
        if isinstance(default, float):
            return Range(float(low), float(high), log)
        return Range(low, high, log)

    def _check_value(self, name: str, value: Any) -> None:
        """Check one value against the type and range that a flag of this name has."""
        for section in (TrainingSettings, section_of(self.model)):
            if section is not None and name in section.model_fields:
                return self._check_field(section, name, value)
        numbers = isinstance(value, int | float) and not isinstance(value, bool)
        try:
            check_foreign_values({name: value}, foreign_kinds(upstream_name(self.model)))
        except SettingsError as error:
            raise self._error(name, f"{value} has the wrong type", "correct it") from error
        if isinstance(self.defaults[name], int | float) != (numbers or isinstance(value, bool)):
            raise self._error(name, f"{value} has the wrong type", "correct it")
        return None

    def _check_field(self, section: type[Section], name: str, value: Any) -> None:
        try:
            section.model_validate({name: value})
        except ValidationError as error:
            wanted = allowed(section.model_fields[name])
            raise self._error(name, f"{value} is not valid", f"write {wanted}") from error

    def _error(self, name: str, problem: str, fix: str) -> SettingsError:
        return SettingsError(f"{self.path}, search: {name}: {problem}; {fix}.")
