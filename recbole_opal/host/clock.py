"""Models that read when each item was met, and the times that are no clock's."""

from __future__ import annotations

from typing import Any

from recbole_opal.data.atomic_files.time_units import TIME_UNITS, UNITLESS
from recbole_opal.errors import SettingsError
from recbole_opal.interests.recency import reads_ages

__all__ = ["reads_times", "require_clock"]

_FIX = "or, if the times are of a clock, name their unit, as --time_unit=seconds"


def reads_times(model_class: type, recency: str | None) -> bool:
    """Tell whether a model with this `recency` (None: it has none) is to be given times."""
    return bool(getattr(model_class, "needs_times", False)) or reads_ages(recency)


def require_clock(model_class: type[Any], recency: str | None, time_unit: str | None) -> None:
    """Refuse a model whose times are no clock's, as a SettingsError.

    Args:
        model_class: as RecBole knows it.
        recency: the setting; None: the model has none.
        time_unit: of the data set's times, one of `TIME_UNITS`; None: not known yet.
    """
    if time_unit == "order" and getattr(model_class, "needs_times", False):
        raise SettingsError(
            f"--model={model_class.__name__} learns from the time between two interactions, and "
            "the times of this data set are an order alone (time_unit: order); use another model, "
            f"{_FIX}."
        )
    if time_unit in UNITLESS and reads_ages(recency):
        known, _, _ = TIME_UNITS[time_unit].partition(",")
        raise SettingsError(
            f"--recency={recency} weighs items by their age, and the times of this data set are "
            f"{known} (time_unit: {time_unit}); write --recency=place, {_FIX}."
        )
