"""Values of the top-k metrics for each user, which RecBole averages away."""

import inspect
from typing import Any

import numpy as np
import numpy.typing as npt
from recbole.evaluator.base_metric import TopkMetric
from recbole.evaluator.register import metrics_dict

__all__ = ["PER_USER_METRICS", "per_user_values"]

PER_USER_METRICS = ("recall", "hit", "ndcg", "mrr", "map", "precision")


def per_user_values(
    struct: Any, config: Any
) -> tuple[npt.NDArray[np.int64], dict[str, npt.NDArray[np.float64]]]:
    """Compute every top-k metric of the settings by RecBole's own `metric_info`.

    Args:
        struct: the collector's `last_struct`.
        config: RecBole's config; reads `metrics` and `topk`.

    Returns:
        `(E,)` int64 internal user ids in evaluation order, and `name@k` to `(E,)` float64 values
        that are not rounded; their mean, rounded, is the metric that RecBole reports. Metrics over
        all lists together (coverage, Gini, ...) have no value for a user and are left out.
    """
    users = struct.get("rec.users").numpy()
    values: dict[str, npt.NDArray[np.float64]] = {}
    for name in (metric.lower() for metric in config["metrics"]):
        if name not in PER_USER_METRICS:
            continue
        metric: TopkMetric = metrics_dict[name](config)
        hits, num_targets = metric.used_info(struct)
        takes_targets = "pos_len" in inspect.signature(metric.metric_info).parameters
        table = metric.metric_info(hits, num_targets) if takes_targets else metric.metric_info(hits)
        for k in config["topk"]:
            values[f"{name}@{k}"] = np.asarray(table[:, k - 1], dtype=np.float64)
    return users, values
