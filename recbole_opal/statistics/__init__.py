"""Which differences between runs can be trusted."""

from recbole_opal.statistics.gini import gini
from recbole_opal.statistics.holm import adjust
from recbole_opal.statistics.matching import match_users
from recbole_opal.statistics.paired import PairedDifference, paired_difference, paired_differences

__all__ = [
    "PairedDifference",
    "adjust",
    "gini",
    "match_users",
    "paired_difference",
    "paired_differences",
]
