"""The settings that a converted data set brings along: which of its columns holds categories."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from recbole_opal.conversion.columns import Column
from recbole_opal.data.generated_settings import generated_yaml

__all__ = ["category_column", "settings_yaml"]

_WORDS = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")  # of first_category, videoCategory, TAG2
_CATEGORY = re.compile("(sub|hash)?(tag|categor(y|ie)|class|genre|topic)(e?s)?(ids?)?", re.I)


def category_column(columns: Sequence[Column]) -> str | None:
    """Return the first `token` or `token_seq` column whose name tells that it holds categories.

    Args:
        columns: of the items, without their id.
    """
    tokens = [one.name for one in columns if one.type in ("token", "token_seq")]
    return next((name for name in tokens if _names_categories(name)), None)


def settings_yaml(
    category: str | None,
    *,
    every_item_described: bool,
    time_unit: str | None = None,
    split: Mapping[str, object] | None = None,
) -> bytes:
    """Return the content of `NAME.yaml`, which every run on the data set reads; empty without any.

    Args:
        category: name of the column of categories, or None.
        every_item_described: whether each item of the log has a row in the table of the items.
        time_unit: what every run must take the times for; None: it judges them itself.
        split: the protocol of every run; None: what the run says.
    """
    settings: dict[str, object] = {} if category is None else {"category_field": category}
    if category is not None and not every_item_described:
        # RecBole would leave out the interactions with an item that has no row.
        settings["filter_inter_by_user_or_item"] = False
    if time_unit is not None:
        settings["time_unit"] = time_unit
    if split is not None:
        settings["eval_args"] = {"split": dict(split)}
    return generated_yaml(settings)


def _names_categories(name: str) -> bool:
    return any(map(_CATEGORY.fullmatch, _WORDS.findall(name)))
