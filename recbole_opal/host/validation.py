"""The one place where all settings of a run are checked, before any data is read."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.evaluation.registry import checked_metrics
from recbole_opal.host import find_model_class, supported_models
from recbole_opal.host.clock import require_clock
from recbole_opal.host.stored_dataset import check_stored
from recbole_opal.host.upstream_models import trained_on, why_not_for_unmet_users
from recbole_opal.host.yaml_settings import check_foreign_values, foreign_kinds, upstream_name
from recbole_opal.interests.recency import require_weighing
from recbole_opal.models import MODELS
from recbole_opal.settings.checks import check_stages, check_together, following_fields
from recbole_opal.settings.fields import check_section
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.settings.refused import REFUSED_KEYS, refuse_foreign_settings, refuse_unknown
from recbole_opal.settings.schema import SHARED_FIELDS, SHARED_SECTIONS

__all__ = ["checked_settings", "known_settings", "known_to_any_model", "upstream_names"]


def checked_settings(
    final: Mapping[str, Any], given: Mapping[str, Any], model_class: type
) -> dict[str, Any]:
    """Return all settings of a run, checked and completed; a SettingsError tells the first problem.

    `final` holds every setting, defaults included, `given` what the user gave by flag, argument or
    config file: only that can be misspelt.
    """
    refuse_unknown(given, known_settings(model_class), [model_class.__name__])
    refuse_foreign_settings(final)
    kinds = foreign_kinds(upstream_name(model_class))
    foreign = given.keys() - _own_names(model_class)
    check_foreign_values({name: given[name] for name in given if name in foreign}, kinds)
    checked = dict(final)
    own = section_of(model_class)
    for section in (*SHARED_SECTIONS, *filter(None, [own])):
        checked |= check_section(section, final)
    if "load_col" not in given:
        checked["load_col"] = following_fields(checked)
    checked["metrics"] = checked_metrics(checked)
    # RecBole's models have one stage, which is called as that of most of ours.
    ours = (stage for network in MODELS.values() for stage in network.stages)
    check_stages(checked, getattr(model_class, "stages", ("train",)), ours)
    checked |= check_together(checked, _samples_negatives(final, model_class), given)
    check_stored(checked, model_class)
    _check_protocol(checked, model_class)
    return checked


def known_settings(model_class: type) -> set[str]:
    """Return the names that a user may give for a model; those with a refusal are among them."""
    upstream = foreign_kinds(upstream_name(model_class))
    return _own_names(model_class) | {*upstream, *REFUSED_KEYS, "model", "dataset"}


def upstream_names(model_class: type) -> set[str]:
    """Return a model's settings that only RecBole reads, whose values nobody checks for sense."""
    return set(foreign_kinds(upstream_name(model_class))) - _own_names(model_class)


@cache
def known_to_any_model() -> frozenset[str]:
    """Return the names that at least one model that runs here knows."""
    models = map(find_model_class, supported_models())
    return frozenset().union(*map(known_settings, models))


def _own_names(model_class: type) -> set[str]:
    own = section_of(model_class)
    return {*SHARED_FIELDS, *(own.model_fields if own else ())}


def _check_protocol(settings: Mapping[str, Any], model_class: type) -> None:
    """Refuse a protocol that the model has nothing to say of, and what needs a clock."""
    recency = settings.get("recency") if section_of(model_class) else None
    require_weighing(getattr(model_class, "network_class", model_class), recency or "none")
    require_clock(model_class, recency, settings["time_unit"])
    split = next(iter(settings["eval_args"]["split"]))
    reason = why_not_for_unmet_users(model_class, settings) if split == "user" else None
    if reason:
        raise SettingsError(
            f"--model={model_class.__name__} has nothing to say of the users that the split 'user' "
            f"of --eval_args holds out: {reason}; use a model that reads histories (OPAL, SASRec, "
            "ItemKNN, MultiVAE, ...), or another split."
        )
    if settings["time_unit"] == "order" and split in ("last_day", "time"):
        raise SettingsError(
            f"--eval_args: the split '{split}' needs times of a clock, and those of this data set "
            "are an order alone (time_unit: order); write for example "
            "--eval_args=\"{'split': {'RS': [8, 1, 1]}}\", or, if the times are of a clock, name "
            "their unit, as --time_unit=seconds."
        )


def _samples_negatives(final: Mapping[str, Any], model_class: type) -> bool:
    """Tell whether a RecBole model learns from items that RecBole samples as negatives."""
    if section_of(model_class) is not None:
        return False
    kind = trained_on(model_class)
    if kind != "histories":
        return kind in ("pairs", "points")
    if "loss_type" in final:
        return bool(final["loss_type"] == "BPR")
    input_type = getattr(model_class, "input_type", None)
    return getattr(input_type, "name", "") == "PAIRWISE"
