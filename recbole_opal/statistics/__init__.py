"""Which differences between runs can be trusted, and how unevenly something is shared out."""

from recbole_opal.statistics.gini import gini
from recbole_opal.statistics.paired import PairedDifference, adjust, paired_differences

__all__ = ["PairedDifference", "adjust", "gini", "paired_differences"]
