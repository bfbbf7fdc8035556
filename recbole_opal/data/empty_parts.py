"""Why a part of the data is empty, and what fills it; only settings that play a part are named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from recbole_opal.data.counts import SplitData
from recbole_opal.data.protocols import Part
from recbole_opal.data.protocols.timeline import day_numbers
from recbole_opal.data.rows import EvalRows
from recbole_opal.errors import DataError

__all__ = ["earlier_cut", "require_targets", "require_training", "why_filtered"]

_REMEDIES = {
    "last_day": "the log's last two days are too thin, or its users too new: cut a thin end off "
    "with --val_interval, shift the days with offset, or lower min_days in --eval_args",
    "time": "move the cuts, or use larger shares, in --eval_args",
    "user": "use more users, or a larger share of them for this part in --eval_args",
}
_FILTERS = {
    "rows_outside_val_interval": "--val_interval={val_interval} dropped, so widen it",
    "rows_without_features": "users and items without a row in their .user or .item file had, so "
    "write --filter_inter_by_user_or_item=False",
    "rows_outside_inter_num_interval": "--user_inter_num_interval={user_inter_num_interval} and "
    "--item_inter_num_interval={item_inter_num_interval} dropped, so widen them",
}


def require_training(config: Any, dataset: SplitData, least: int) -> None:
    """Refuse data of which nothing can be learnt: no user has `least` training interactions."""
    most = int((dataset.split.train_ends - dataset.sequences.starts).max())
    if most >= least:
        return
    name = config["dataset"]
    what = f"no interaction of dataset '{name}' is left for training"
    if most:
        what = f"no user of dataset '{name}' has two training interactions"
    remedy = _longer_users(config, dataset, least)
    raise DataError(f"{what}{remedy or '; give training a larger share in --eval_args'}.")


def require_targets(
    config: Any, dataset: SplitData, parts: Mapping[str, Part], rows: Mapping[str, EvalRows]
) -> None:
    """Refuse data with which nothing can be judged, given parts and their rows by name."""
    for name in (name for name, own in rows.items() if not len(own)):
        what, part = f"no user has a target in the {name} part", parts[name]
        if len(part.rows):
            raise DataError(
                f"{what}, since each of its interactions ({part.num_interactions}) repeats an "
                "item that its user met before; write --mask_history=False, or another split in "
                "--eval_args."
            )
        kind = next(iter(config["eval_args"]["split"]))
        raise DataError(f"{what}{_longer_users(config, dataset, 1) or '; ' + _REMEDIES[kind]}.")


def why_filtered(filtered: Mapping[str, int], config: Any) -> str:
    """Say which filters took how many rows, and how to loosen each."""
    return "; ".join(
        f"{filtered[reason]} rows {fix.format_map(config)}"
        for reason, fix in _FILTERS.items()
        if reason in filtered
    )


def earlier_cut(rule: Mapping[str, Any], times: npt.NDArray[np.float64]) -> str:
    """Say what to change of a protocol, its times in seconds, that leaves nothing to train on."""
    first, last = times.min(), times.max()
    if "time" in rule:
        return (
            f"the times go from {first:.15g} to {last:.15g}, so cut between them, or write "
            + _split_flag({"time": [8, 1, 1]})
        )
    options = rule["last_day"]
    days = day_numbers(np.array([first, last]), options["day_length"], options["offset"])
    count = int(days[1] - days[0]) + 1
    if count >= 3:
        return f"write {_split_flag({'last_day': {**options, 'min_days': 0, 'days': None}})}"
    return (
        f"the log spans {count} of the 3 days that are needed, so shorten day_length, or write "
        + _split_flag({"RS": [8, 1, 1]})
    )


def _longer_users(config: Any, dataset: SplitData, least: int) -> str | None:
    """Return what to do where users have too few interactions, None where that is not it.

    `least` is what a user's training part needs.
    """
    longest = int(dataset.sequences.lengths.max())
    per_user = not {"RS", "LS"}.isdisjoint(config["eval_args"]["split"])
    needed = least + 2 if per_user else 2
    if longest < needed:
        filters = ", and loosen the filters" if dataset.filtered else ""
        return (
            f": its users have {longest} interaction{'s' if longest > 1 else ''} at most, and one "
            f"with {needed} or more is needed, however --eval_args splits; check that "
            f"--USER_ID_FIELD={config['USER_ID_FIELD']} names the users{filters}"
        )
    if not per_user:
        return None
    return (
        f": its users have {longest} interactions at most, which are too few for this split; write "
        f"{_split_flag({'RS': [longest - 2, 1, 1]})}"
    )


def _split_flag(split: Mapping[str, Any]) -> str:
    return f'--eval_args="{dict(split=split)}"'
