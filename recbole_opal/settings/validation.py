"""The one place where all settings of a run are checked, before any data is read."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import ValidationError

from recbole_opal.data.kinds import general_batches
from recbole_opal.data.unmet_users import why_not_for_unmet_users
from recbole_opal.errors import SettingsError
from recbole_opal.host import supported_models
from recbole_opal.process.program import command
from recbole_opal.settings.checks import check_together, following_fields
from recbole_opal.settings.fields import Section, allowed, told_kind, typed
from recbole_opal.settings.foreign import check_foreign_values, foreign_kinds, upstream_name
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.settings.refused import REFUSED_KEYS, refuse_foreign_settings
from recbole_opal.settings.schema import SHARED_SECTIONS
from recbole_opal.suggest import did_you_mean

__all__ = [
    "COMMAND_FLAGS",
    "checked_settings",
    "known_settings",
    "known_to_any_model",
    "refuse_unknown",
    "upstream_names",
]

# Keys of a config file that name the run itself.
_IDENTITY = {"model", "dataset"}
COMMAND_FLAGS = {"config_files", "jobs", "resume", "seeds", "tune", "tune_seconds"}
"""Flags that are no settings, but may be what a misspelt name meant."""


def checked_settings(
    final: Mapping[str, Any], given: Mapping[str, Any], model_class: type
) -> dict[str, Any]:
    """Check all settings of a run.

    Args:
        final: every setting, defaults included.
        given: those that the user gave, by flag, argument or config file; only these can be
            misspelt.
        model_class: the class of the model.

    Returns:
        `final` with checked and completed values, for example `stages` as a list.

    Raises:
        SettingsError: the first setting found that is unknown, refused, of a wrong type or out of
            range.
    """
    sections = _sections(model_class)
    ours = {name for section in sections for name in section.model_fields}
    kinds = _upstream_kinds(model_class)
    refuse_unknown(given, known_settings(model_class), [model_class.__name__])
    refuse_foreign_settings(final)
    check_foreign_values({name: value for name, value in given.items() if name not in ours}, kinds)
    checked = dict(final)
    for section in sections:
        checked |= _check_section(section, final)
    if "load_col" not in given:
        checked["load_col"] = following_fields(checked)
    checked |= check_together(
        checked | {"samples_negatives": _samples_negatives(final, model_class)}
    )
    if "user" in checked["eval_args"]["split"]:
        _refuse_user_vectors(checked, model_class)
    if checked["time_unit"] == "order":
        _refuse_clock(checked, model_class)
    return checked


def _refuse_clock(settings: Mapping[str, Any], model_class: type) -> None:
    """Refuse what takes times for more than an order."""
    split = next(iter(settings["eval_args"]["split"]))
    fix = "or, if the times are of a clock, name their unit, as --time_unit=seconds"
    if split in ("last_day", "time"):
        raise SettingsError(
            f"--eval_args: the split '{split}' needs times of a clock, and those of this data set "
            "are an order alone (time_unit: order); write for example "
            f"--eval_args=\"{{'split': {{'RS': [8, 1, 1]}}}}\", {fix}."
        )
    if getattr(model_class, "needs_times", False):
        raise SettingsError(
            f"--model={model_class.__name__} learns from the time between two interactions, and "
            "the times of this data set are an order alone (time_unit: order); use another model, "
            f"{fix}."
        )


def _refuse_user_vectors(settings: Mapping[str, Any], model_class: type) -> None:
    reason = why_not_for_unmet_users(model_class, settings)
    if reason:
        raise SettingsError(
            f"--model={model_class.__name__} has nothing to say of the users that the split 'user' "
            f"of --eval_args holds out: {reason}; use a model that reads histories (OPAL, SASRec, "
            "ItemKNN, MultiVAE, ...), or another split."
        )


def known_settings(model_class: type) -> set[str]:
    """Return the names that a user may give for a model; those with a refusal are among them.

    Args:
        model_class: the model's class.
    """
    ours = {name for section in _sections(model_class) for name in section.model_fields}
    return ours | set(_upstream_kinds(model_class)) | set(REFUSED_KEYS) | _IDENTITY


def upstream_names(model_class: type) -> set[str]:
    """Return the settings of a model that only RecBole reads, whose values nobody checks for sense.

    Args:
        model_class: the model's class.
    """
    ours = {name for section in _sections(model_class) for name in section.model_fields}
    return set(_upstream_kinds(model_class)) - ours


@cache
def known_to_any_model() -> frozenset[str]:
    """Return the names that at least one model that runs here knows."""
    from recbole_opal.models import MODELS

    upstream = (set(foreign_kinds(name)) for name in supported_models())
    sections = [*SHARED_SECTIONS, *filter(None, map(section_of, MODELS.values()))]
    own = (set(section.model_fields) for section in sections)
    return frozenset().union(*upstream, *own)


def _upstream_kinds(model_class: type) -> Mapping[str, set[str]]:
    """Return what RecBole reads for a model; one derived from a model of RecBole's has its."""
    return foreign_kinds(upstream_name(model_class))


def _sections(model_class: type) -> list[type[Section]]:
    own = section_of(model_class)
    return [*SHARED_SECTIONS, *([own] if own else [])]


def refuse_unknown(given: Mapping[str, Any], known: set[str], models: Sequence[str]) -> None:
    """Refuse names that are no settings, each with the name that may have been meant.

    Args:
        given: settings, of which the names count.
        known: the names of all settings.
        models: whose settings they are, for the message.

    Raises:
        SettingsError: a name is unknown.
    """
    for name, value in given.items():
        if name in known:
            continue
        nobody = f"{models[0]} has no" if len(models) == 1 else f"none of {', '.join(models)} has a"
        hint = did_you_mean(name, (known | COMMAND_FLAGS) - set(REFUSED_KEYS), "--")
        hint = hint or f"; `{command('--help')}` lists the settings."
        if name in COMMAND_FLAGS:
            hint = (
                ", it is a flag of the command and an argument of recbole_opal.compare; give it "
                "to one of these."
            )
        raise SettingsError(f"--{name}={value}: {nobody} setting {name}{hint}")


def _check_section(section: type[Section], final: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: final[name] for name in section.model_fields if name in final}
    try:
        return section.model_validate(values).model_dump()
    except ValidationError as error:
        raise SettingsError(_one_line(section, error)) from error


def _one_line(section: type[Section], error: ValidationError) -> str:
    """Tell the first thing that is wrong: flag, value, what is allowed, what it means."""
    detail = error.errors(include_url=False)[0]
    name = str(detail["loc"][0])
    field = section.model_fields[name]
    given = detail["input"]
    if detail["type"] == "value_error":
        wanted = str(detail["ctx"]["error"])
    else:
        wanted = f"write {allowed(field)}"
    default = f"--{name}={typed(field.default)}"
    place = f" ({given!r} in the list)" if len(detail["loc"]) > 1 else f"={given}"
    return (
        f"--{name}{place} is not valid{told_kind(given)}; {wanted}, for example {default} "
        f"({field.description or name})."
    )


def _samples_negatives(final: Mapping[str, Any], model_class: type) -> bool:
    """Tell whether a RecBole model learns from items that RecBole samples as negatives."""
    if section_of(model_class) is not None:
        return False
    general = general_batches(model_class)
    if general is not None:
        return general in ("pairs", "points")
    if "loss_type" in final:
        return bool(final["loss_type"] == "BPR")
    input_type = getattr(model_class, "input_type", None)
    return getattr(input_type, "name", "") == "PAIRWISE"
