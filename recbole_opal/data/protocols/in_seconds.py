"""Times in the options of a protocol, which count in seconds whatever the file is written in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recbole_opal.data.reading.seconds import near
from recbole_opal.data.reading.time_units import DIGITS, TIME_UNITS, UNITLESS
from recbole_opal.errors import DataError

__all__ = ["rule_in_seconds"]

_DAY = 86_400
_LONGEST_DAY = 366 * _DAY
_LARGEST_OFFSET = 1e6  # seconds: more than a week; an hour in milliseconds is more


def rule_in_seconds(rule: Mapping[str, Any], unit: str) -> Mapping[str, Any]:
    """Return a protocol whose cuts are seconds, as the times that were read are.

    Args:
        rule: `split` of the completed `eval_args`; a cut may be in the unit of the file too.
        unit: of the file, one of `TIME_UNITS`.

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
    if length > _LONGEST_DAY or (unit in DIGITS and length < _DAY):
        name, value, fix = "day_length", length, "86400 for a day"
    elif abs(offset) >= _LARGEST_OFFSET:
        name, value, fix = "offset", offset, "28800 for UTC+8"
    else:
        return
    raise DataError(
        f"--eval_args: last_day: {name}={value:.15g}, but the times, {TIME_UNITS[unit]} in the "
        f"file, are read as seconds; write {name} in seconds, {fix}."
    )
