"""Full-sort evaluation of multi-interest models on RecBole's metrics."""

from recbole_opal.evaluation.collector import TopKCollector
from recbole_opal.evaluation.full_sort import (
    FullSortRetriever,
    InterestModel,
    RankSums,
    Retrieved,
    from_scores,
)
from recbole_opal.evaluation.mixin import TopKEvaluation
from recbole_opal.evaluation.per_user import per_user_values
from recbole_opal.evaluation.registry import register_metrics

__all__ = [
    "FullSortRetriever",
    "InterestModel",
    "RankSums",
    "Retrieved",
    "TopKCollector",
    "TopKEvaluation",
    "from_scores",
    "per_user_values",
    "register_metrics",
]
