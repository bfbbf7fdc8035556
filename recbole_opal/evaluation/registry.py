"""Puts our faster metrics into RecBole's registry under RecBole's names."""

from recbole.evaluator import register as recbole_register

from recbole_opal.evaluation import metrics
from recbole_opal.host import set_numpy_aliases

__all__ = ["register_metrics"]


def register_metrics() -> None:
    """Register the metrics; call before a RecBole `Config` is built. Safe to repeat."""
    set_numpy_aliases()  # upstream's NDCG, MAP and GAUC still write np.float and np.bool
    smaller, needs, types, classes = recbole_register.cluster_info(metrics.__name__)
    recbole_register.metric_information.update(needs)
    recbole_register.metric_types.update(types)
    recbole_register.metrics_dict.update(classes)
    known = recbole_register.smaller_metrics
    known.extend(name for name in smaller if name not in known)
