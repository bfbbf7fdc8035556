"""Evaluation protocols: which interactions are training, which are asked for, and whose."""

from recbole_opal.data.protocols.apply import apply_protocol, looks_at_time, place_in_time
from recbole_opal.data.protocols.days import last_day
from recbole_opal.data.protocols.in_seconds import rule_in_seconds
from recbole_opal.data.protocols.parts import Part, Split
from recbole_opal.data.protocols.per_user import Rounding, split_by_ratio, split_leave_one_out
from recbole_opal.data.protocols.timeline import Timeline, cuts_by_ratio, split_by_time, timeline
from recbole_opal.data.protocols.users import split_by_users

__all__ = [
    "Part",
    "Rounding",
    "Split",
    "Timeline",
    "apply_protocol",
    "cuts_by_ratio",
    "last_day",
    "looks_at_time",
    "place_in_time",
    "rule_in_seconds",
    "split_by_ratio",
    "split_by_time",
    "split_by_users",
    "split_leave_one_out",
    "timeline",
]
