"""From `eval_args` to the rows that stay and the split of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recbole_opal.data.protocols.days import last_day
from recbole_opal.data.protocols.parts import Split
from recbole_opal.data.protocols.per_user import Rounding, split_by_ratio, split_leave_one_out
from recbole_opal.data.protocols.timeline import (
    FloatArray,
    Timeline,
    cuts_by_ratio,
    split_by_time,
    timeline,
)
from recbole_opal.data.protocols.users import split_by_users
from recbole_opal.data.sequences import IntArray, UserSequences

__all__ = ["apply_protocol", "looks_at_time", "place_in_time"]

_HALVING_SEED = 1230


def looks_at_time(rule: Mapping[str, Any]) -> bool:
    """Tell whether a protocol cuts the log as a whole, by `place_in_time`.

    Args:
        rule: `split` of the completed `eval_args`.
    """
    return "last_day" in rule or "time" in rule


def place_in_time(
    rule: Mapping[str, Any], users: IntArray, items: IntArray, times: FloatArray
) -> Timeline:
    """Apply the part of a protocol that looks at the log as a whole; it comes before numbering.

    Args:
        rule: `split` of the completed `eval_args`, one that `looks_at_time`.
        users: (R,) numbers of the users, from 0.
        items: (R,) numbers of the items, from 0.
        times: (R,) finite times.

    Raises:
        DataError: the times cannot be days of the length given.
    """
    if "last_day" in rule:
        return last_day(users, items, times, **rule["last_day"])
    options = rule["time"]
    cuts = options["cuts"] or cuts_by_ratio(times, options["ratios"])
    return timeline(items, times, cuts, drop=options["unseen_items"] == "drop")


def apply_protocol(
    rule: Mapping[str, Any], rounding: Rounding, sequences: UserSequences, counts: IntArray | None
) -> Split:
    """Split all users' sequences.

    Args:
        rule: `split` of the completed `eval_args`.
        rounding: how RS rounds.
        sequences: all users.
        counts: (parts, U) int64, number of each user's interactions in each part of time, where
            `place_in_time` made some.
    """
    if "LS" in rule:
        return split_leave_one_out(sequences)
    if "RS" in rule:
        return split_by_ratio(sequences, rule["RS"], rounding)
    if "user" in rule:
        return split_by_users(sequences, **rule["user"])
    if counts is None:
        raise ValueError("a protocol over time needs the parts of time")
    return split_by_time(sequences, counts, rule.get("time", {}).get("seed", _HALVING_SEED))
