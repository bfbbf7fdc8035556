"""The settings that a converted data set brings along: which of its columns holds categories."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recbole_opal.conversion.source import Column
from recbole_opal.runs.encoding import encode_yaml

__all__ = ["category_column", "settings_yaml"]

_CATEGORY = re.compile("tag|categor|class|genre|topic", re.IGNORECASE)
_HEAD = b"# Settings of this data set; flags and --config_files win over them.\n"


def category_column(columns: Sequence[Column]) -> str | None:
    """Return the first `token` or `token_seq` column whose name tells that it holds categories.

    Args:
        columns: of the items, without their id.
    """
    tokens = [one.name for one in columns if one.type in ("token", "token_seq")]
    return next(filter(_CATEGORY.search, tokens), None)


def settings_yaml(category: str, *, every_item_described: bool) -> bytes:
    """Return the content of `NAME.yaml`, which every run on the data set reads.

    Args:
        category: name of the column.
        every_item_described: whether each item of the log has a row in the table of the items.
    """
    settings: dict[str, object] = {"category_field": category}
    if not every_item_described:
        # RecBole would leave out the interactions with an item that has no row.
        settings["filter_inter_by_user_or_item"] = False
    return _HEAD + encode_yaml(settings)
