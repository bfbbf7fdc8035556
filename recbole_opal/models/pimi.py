"""PIMI: interests by self-attention over items that know of time gaps and of each other.

Gaode Chen, Xinghua Zhang, Yanyan Zhao, Cong Xue, Ji Xiang: Exploring Periodicity and
Interactivity in Multi-Interest Framework for Sequential Recommendation. IJCAI 2021,
arXiv:2106.04415.
"""

from __future__ import annotations

from typing import Any

from recbole_opal.interests.pimi import PeriodicInterests
from recbole_opal.models.base import MultiInterestRecommender

__all__ = ["PIMI"]


class PIMI(MultiInterestRecommender):
    """Self-attentive interests over encoded time gaps and a graph of the history.

    Public codes: the authors' has no licence, and only facts of it were used. It differs: four
    attention heads in the graph with an output map and dropout 0.1, no layer norm; the item's own
    input there lacks the time gaps; gaps are differences of days rounded since the user's first,
    while here a difference is rounded down. REMI's repository names PIMI and builds its tables of
    times and neighbours for every sample, but ships no such model. What of the graph is taken
    from Star-Transformer is said in `StarGraph`.

    Args:
        config: the settings of the run, see `properties/model/PIMI.yaml`.
        dataset: the training dataset.
    """

    needs_times = True

    def __init__(self, config: Any, dataset: Any) -> None:
        super().__init__(config, dataset)
        self.encoder = PeriodicInterests(
            config["num_interests"],
            self.hidden_size,
            attention_width=config["attention_size"],
            max_length=self.max_seq_length,
            time_unit=config["time_unit_seconds"],
            time_span=config["time_span"],
            graph_layers=config["graph_layers"],
        )
