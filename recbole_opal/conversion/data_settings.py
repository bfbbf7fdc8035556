"""The settings that a converted data set brings along: `NAME.yaml`, which every run on it reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from recbole_opal.conversion.columns import Column
from recbole_opal.data.generated_settings import generated_yaml
from recbole_opal.errors import DataError
from recbole_opal.sql import Engine

__all__ = ["category_column", "protocol_of", "settings_yaml"]

_WORDS = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")  # of first_category, videoCategory, TAG2
_CATEGORY = re.compile("(sub|hash)?(tag|categor(y|ie)|class|genre|topic)(e?s)?(ids?)?", re.I)


def settings_yaml(
    category: str | None,
    *,
    every_item_described: bool,
    time_unit: str | None = None,
    split: Mapping[str, object] | None = None,
) -> bytes:
    """Return the content of `NAME.yaml`; empty where nothing must be said.

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


def category_column(columns: Sequence[Column]) -> str | None:
    """Return the first `token` or `token_seq` column whose name tells that it holds categories."""
    tokens = [one.name for one in columns if one.type in ("token", "token_seq")]
    return next(
        (name for name in tokens if any(map(_CATEGORY.fullmatch, _WORDS.findall(name)))), None
    )


def protocol_of(engine: Engine, parts: Sequence[int]) -> dict[str, Any]:
    """Return the `split` of `eval_args` by which a run divides the log as its files are divided.

    It is a cut in time, or each user's last two interactions.

    Args:
        engine: with the table `kept` of the log.
        parts: of each of its files: 0 training, 1 validation, 2 test.

    Raises:
        DataError: no protocol makes these parts.
    """
    number = f"[{', '.join(map(str, parts))}][part + 1]"
    divided = f"(SELECT *, {number} AS own FROM kept)"
    rows = engine.rows(f"SELECT own, min(seconds), max(seconds) FROM {divided} GROUP BY own")
    bounds = {own: (first, last) for own, first, last in rows}
    for own, name in enumerate(("training", "validation", "test")):
        if own not in bounds:
            raise DataError(
                f"nothing is left of the {name} file; check it, or convert the files as one log."
            )
    if bounds[0][1] < bounds[1][0] and bounds[1][1] < bounds[2][0]:
        return {"time": {"cuts": [bounds[1][0], bounds[2][0]]}}
    (others,) = engine.row(
        "SELECT count(*) FROM (SELECT own, row_number() OVER (PARTITION BY u ORDER BY seconds DESC,"
        f" nr DESC) AS back, count(*) OVER (PARTITION BY u) AS length FROM {divided}) WHERE own <> "
        "CASE WHEN back = 1 AND length >= 3 THEN 2 WHEN back = 2 AND length >= 4 THEN 1 ELSE 0 END"
    )
    if not others:
        return {"LS": "valid_and_test"}
    raise DataError(
        f"no run can divide the log as its files are divided: they overlap in time, and for "
        f"{others:,} interactions they are not each user's last two ones; name the files as one "
        "log, and choose how a run divides it by --eval_args."
    )
