"""Full-sort evaluation: models to lists, lists to metrics."""

from recbole_opal.evaluation.evaluator import Measured, judge, measure
from recbole_opal.evaluation.full_sort import FullSortRetriever, InterestModel, from_scores
from recbole_opal.evaluation.judged import Judged, TrainingFacts
from recbole_opal.evaluation.metric import Metric

__all__ = [
    "FullSortRetriever",
    "InterestModel",
    "Judged",
    "Measured",
    "Metric",
    "TrainingFacts",
    "from_scores",
    "judge",
    "measure",
]
