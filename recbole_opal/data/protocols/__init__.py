"""Evaluation protocols: which interactions are training, which are asked for, and whose."""

from recbole_opal.data.protocols.apply import (
    apply_protocol,
    looks_at_time,
    place_in_time,
    rule_in_seconds,
)
from recbole_opal.data.protocols.parts import Part, Split
from recbole_opal.data.protocols.per_user import Rounding, split_by_ratio, split_leave_one_out

__all__ = [
    "Part",
    "Rounding",
    "Split",
    "apply_protocol",
    "looks_at_time",
    "place_in_time",
    "rule_in_seconds",
    "split_by_ratio",
    "split_leave_one_out",
]
