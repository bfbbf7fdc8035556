"""What `--tune` may try for a model: the block `search` of its yaml file or of its class."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from recbole_opal.errors import SettingsError
from recbole_opal.host import find_model_class
from recbole_opal.host.yaml_settings import (
    check_foreign_values,
    default_settings,
    foreign_kinds,
    upstream_name,
)
from recbole_opal.own_models import is_ours, name_of
from recbole_opal.settings.fields import Section, allowed
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.settings.properties import model_yaml, own_yaml
from recbole_opal.settings.schema import (
    DataSettings,
    EnvironmentSettings,
    EvaluationSettings,
    TrainingSettings,
)
from recbole_opal.settings.values import load_settings_file
from recbole_opal.suggest import did_you_mean
from recbole_opal.tuning.knobs import Choices, Knob, Range

__all__ = ["search_space"]

# The one number of a published recipe that depends on the data more than on the method.
_TUNED_ANYWAY = {"learning_rate"}
# What all models of one table must share, or what only bounds the training.
_PROTOCOL = {
    *(EnvironmentSettings.model_fields | EvaluationSettings.model_fields),
    *DataSettings.model_fields,
    *("epochs", "epoch_rows", "schedule_steps", "stage_steps", "max_train_seconds"),
    *("stopping_step", "eval_step", "recipe"),
}


def search_space(model: str, given: Mapping[str, Any] | None = None) -> dict[str, Knob]:
    """Read what may be tried for a model; empty if neither its yaml nor its class has a `search`.

    Settings that the user gave are not searched over, nor, with `recipe=published`, those that the
    recipe sets, except for the learning rate. The defaults lie inside the space, so that a search
    can begin with them.

    Raises:
        SettingsError: the block is malformed, names a setting that the model does not have or that
            all models must share, or a bound is out of the setting's range.
    """
    model_class = find_model_class(model)
    path = model_yaml(model) if is_ours(model_class) else own_yaml(model_class)
    written = load_settings_file(path) if path else {}
    # What a class of the user's says itself wins over the file of an ancestor.
    own = [name for name in ("search", "published") if hasattr(model_class, name)]
    written |= {name: getattr(model_class, name) for name in own}
    recipe, fixed = (given or {}).get("recipe", "default"), set(given or {})
    if recipe == "published":
        fixed |= set(written.get("published") or {}) - _TUNED_ANYWAY
    block = written.get("search")
    if block is None:
        return {}
    place = path or Path(name_of(model))
    if not isinstance(block, Mapping):
        raise SettingsError(
            f"{place}: search must hold lines of the form "
            "`name: {low: 0.1, high: 0.5, log: False}` or `name: {choices: [0, 1]}`."
        )
    reader = _Reader(place, model_class, default_settings(model, recipe), fixed)
    space = {str(name): reader.knob(str(name), content) for name, content in block.items()}
    return {name: knob for name, knob in space.items() if name not in fixed}


@dataclass(frozen=True)
class _Reader:
    """Reads the lines of one block; a refusal names the file, the setting and the fix."""

    path: Path
    model: type
    defaults: Mapping[str, Any]
    fixed: Collection[str]  # not searched; their defaults may lie outside of what is allowed

    def knob(self, name: str, content: Any) -> Knob:
        self._check_name(name)
        if not isinstance(content, Mapping):
            raise self._error(name, f"{content} is no range", "write {low: ..., high: ...}")
        if set(content) == {"choices"}:
            knob: Knob = self._choices(name, content["choices"])
        elif {"low", "high"} <= set(content) <= {"low", "high", "log"}:
            knob = self._range(name, **content)
        else:
            keys = ", ".join(map(str, content)) or "none"
            fix = "write {low: ..., high: ..., log: True} or {choices: [...]}"
            raise self._error(name, f"it has the keys {keys}", fix)
        default = self.defaults[name]
        if name not in self.fixed and not knob.holds(default):
            fix = "widen the range, since the first trial is the defaults"
            raise self._error(name, f"the default {default} is not among what may be tried", fix)
        return knob

    def _check_name(self, name: str) -> None:
        if name in _PROTOCOL:
            raise self._error(name, "all models of a comparison share it", "take the line out")
        fields = (section.model_fields for section in self._sections())
        known = set(foreign_kinds(upstream_name(self.model))).union(*fields)
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

    def _range(self, name: str, low: Any, high: Any, log: Any = False) -> Range:
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
        whole = not isinstance(default, float)
        return Range(low, high, log) if whole else Range(float(low), float(high), log)

    def _check_value(self, name: str, value: Any) -> None:
        """Check one value against the type and range that a flag of this name has."""
        for section in self._sections():
            if name in section.model_fields:
                try:
                    section.model_validate({name: value})
                except ValidationError as error:
                    fix = f"write {allowed(section.model_fields[name])}"
                    raise self._error(name, f"{value} is not valid", fix) from error
                return
        wrong = self._error(name, f"{value} has the wrong type", "correct it")
        try:
            check_foreign_values({name: value}, foreign_kinds(upstream_name(self.model)))
        except SettingsError as error:
            raise wrong from error
        if isinstance(self.defaults[name], int | float) != isinstance(value, int | float):
            raise wrong

    def _sections(self) -> list[type[Section]]:
        own = section_of(self.model)
        return [TrainingSettings, *([own] if own else [])]

    def _error(self, name: str, problem: str, fix: str) -> SettingsError:
        return SettingsError(f"{self.path}, search: {name}: {problem}; {fix}.")
