"""What a synthetic log can be asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from recbole_opal.errors import DataError

__all__ = ["check_synthetic"]

_MOST_ROWS = 2_000_000_000  # 160 GB of memory
_BOUNDS = {
    "num_users": (1, 10**9),
    "num_items": (1, 10**9),
    "num_categories": (1, 10**9),
    "interests_per_user": (1, 1000),
    "mean_length": (1, 10**6),
    "drift": (0, 1),
    "popularity_skew": (0, 100),
    "session_length": (1, 10**6),
    "noise": (0, 1),
}


def check_synthetic(
    values: Mapping[str, float], name: Callable[[str], str] = "synthesize: {}".format
) -> None:
    """Refuse arguments of `synthesize` that no log can have.

    Args:
        values: all of its numbers but the seed, by name.
        name: from an argument's name to what messages call it.

    Raises:
        DataError: an argument is out of range, or two do not fit together.
    """
    for argument, (low, high) in _BOUNDS.items():
        value = values[argument]
        if not low <= value <= high or not math.isfinite(value):
            raise DataError(f"{name(argument)}={value:g}; give a number in [{low:g}, {high:g}].")
    _check_categories(values, name)
    rows = values["num_users"] * values["mean_length"]
    if rows > _MOST_ROWS:
        raise DataError(
            f"{name('num_users')}={values['num_users']} and mean_length={values['mean_length']:g} "
            f"are {rows:.0f} interactions; give {_MOST_ROWS} or fewer."
        )


def _check_categories(values: Mapping[str, float], name: Callable[[str], str]) -> None:
    categories, interests = values["num_categories"], values["interests_per_user"]
    drifts = values["drift"] > 0
    needed = 2 * interests if drifts else interests
    if categories < needed:
        raise DataError(
            f"{name('num_categories')}={categories} is too small: {interests} interests a user "
            f"{'that may drift ' if drifts else ''}need {needed} categories; give {needed} or more"
            f"{' or no drift' if drifts else ''}."
        )
    if values["num_items"] < categories:
        raise DataError(
            f"{name('num_items')}={values['num_items']} leaves categories empty; give "
            f"{categories} or more."
        )
