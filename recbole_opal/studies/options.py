"""Values of a study's own flags: lists whose numbers are drawn along an axis."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from recbole_opal.errors import SettingsError
from recbole_opal.settings.fields import Numbers
from recbole_opal.settings.model_schemas import MultiInterestSettings

__all__ = ["Counts", "Decimals", "refuse_more_interests_than_dimensions"]


def _ascending(values: list[float]) -> list[float]:
    if not values or len(set(values)) < len(values):
        raise ValueError("write a list that names each number once")
    return sorted(values)


def _counts(values: list[int]) -> list[int]:
    if min(values) < 1:
        raise ValueError("write whole numbers from 1")
    return values


def _decimals(values: Any) -> Any:
    """Let a single number stand for a list of one, and a whole one for a decimal."""
    listed = list(values) if isinstance(values, list | tuple) else [values]
    numbers = [each for each in listed if type(each) in (int, float)]
    if len(numbers) < len(listed) or not all(0 <= each < 1e9 for each in numbers):
        raise ValueError("write a list of numbers from 0")
    return [float(each) for each in numbers]


Counts = Annotated[Numbers, AfterValidator(_ascending), AfterValidator(_counts)]
"""Whole numbers from 1, each once, in ascending order."""

Decimals = Annotated[list[float], BeforeValidator(_decimals), AfterValidator(_ascending)]
"""Numbers from 0, each once, in ascending order."""


def refuse_more_interests_than_dimensions(interests: list[int], width: Any) -> None:
    """Check that K interests can be orthogonal in D dimensions.

    Args:
        interests: the values of K.
        width: D as it was given for all rows, None: the default.

    Raises:
        SettingsError: a K is larger than D.
    """
    wide = MultiInterestSettings.model_fields["hidden_size"].default if width is None else width
    if type(wide) is int and max(interests) > wide:  # what is no number is refused with the rows
        raise SettingsError(
            f"--interests={max(interests)} is more than the vectors have dimensions "
            f"({wide}): no more than {wide} directions are orthogonal; leave it away, or raise "
            "--hidden_size."
        )
