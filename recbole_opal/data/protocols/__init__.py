"""Evaluation protocols: which interactions are training, which are asked for, and whose.

A rule is `split` of the completed `eval_args`; its times count in seconds, whatever the file is
written in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recbole_opal.data.atomic_files.time_units import DIGITS, TIME_UNITS, UNITLESS, near
from recbole_opal.data.protocols.cold_items import hold_out_items
from recbole_opal.data.protocols.parts import Part, Split
from recbole_opal.data.protocols.per_user import (
    Rounding,
    split_by_ratio,
    split_by_users,
    split_leave_one_out,
)
from recbole_opal.data.protocols.timeline import (
    DAY,
    FloatArray,
    Timeline,
    cuts_by_ratio,
    last_day,
    split_by_time,
    timeline,
)
from recbole_opal.data.user_sequences import IntArray, UserSequences
from recbole_opal.errors import DataError

__all__ = [
    "Part",
    "Split",
    "apply_protocol",
    "hold_out_items",
    "looks_at_time",
    "place_in_time",
    "rule_in_seconds",
]

Rule = Mapping[str, Any]

_HALVING_SEED = 1230
_LARGEST_OFFSET = 1e6  # seconds: more than a week; an hour in milliseconds is more


def looks_at_time(rule: Rule) -> bool:
    """Tell whether a protocol cuts the log as a whole, by `place_in_time`."""
    return "last_day" in rule or "time" in rule


def rule_in_seconds(rule: Rule, unit: str) -> Rule:
    """Return a protocol with its cuts in seconds; they may be in the unit of the file too.

    Raises:
        DataError: the length of a day, or the offset, is meant in the unit of the file.
    """
    if unit in ("seconds", *UNITLESS):
        return rule
    if "last_day" in rule:
        _check_day(rule["last_day"], unit)
    options = rule.get("time")
    if not options or not options["cuts"]:
        return rule
    return {"time": {**options, "cuts": [near(cut, unit) for cut in options["cuts"]]}}


def _check_day(options: Mapping[str, Any], unit: str) -> None:
    length, offset = options["day_length"], options["offset"]
    if length > 366 * DAY or (unit in DIGITS and length < DAY):
        name, value, fix = "day_length", length, "86400 for a day"
    elif abs(offset) >= _LARGEST_OFFSET:
        name, value, fix = "offset", offset, "28800 for UTC+8"
    else:
        return
    raise DataError(
        f"--eval_args: last_day: {name}={value:.15g}, but the times, {TIME_UNITS[unit]} in the "
        f"file, are read as seconds; write {name} in seconds, {fix}."
    )


def place_in_time(rule: Rule, users: IntArray, items: IntArray, times: FloatArray) -> Timeline:
    """Apply a protocol that looks at the log as a whole, before ids are given; (R,) each."""
    if "last_day" in rule:
        return last_day(users, items, times, **rule["last_day"])
    options = rule["time"]
    cuts = options["cuts"] or cuts_by_ratio(times, options["ratios"])
    return timeline(items, times, cuts, drop=options["unseen_items"] == "drop")


def apply_protocol(
    rule: Rule, rounding: Rounding, sequences: UserSequences, counts: IntArray | None
) -> Split:
    """Split all users' sequences.

    Where `place_in_time` was asked, the counts are of each user's interactions in each part of
    time, (parts, U).
    """
    if counts is not None:
        return split_by_time(sequences, counts, rule.get("time", {}).get("seed", _HALVING_SEED))
    if "LS" in rule:
        return split_leave_one_out(sequences)
    if "RS" in rule:
        return split_by_ratio(sequences, rule["RS"], rounding)
    return split_by_users(sequences, **rule["user"])
