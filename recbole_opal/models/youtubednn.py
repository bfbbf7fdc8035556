"""YouTubeDNN: one mean-pooled vector, the control of every multi-interest model.

Paul Covington, Jay Adams, Emre Sargin: Deep Neural Networks for YouTube Recommendations.
RecSys 2016.
"""

from __future__ import annotations

from torch import Tensor

from recbole_opal.interests.history import History
from recbole_opal.interests.pooling import pool_evenly
from recbole_opal.models.base import MultiInterestRecommender

__all__ = ["YouTubeDNN"]


class YouTubeDNN(MultiInterestRecommender):
    """The mean of the history's vectors.

    The paper's side features and layers are left out; ComiRec's baseline of this name has one
    linear layer behind the mean, so its published figures are not to be compared. It is OPAL's
    soft stage with one hyper-category.
    """

    def encode(self, history: History) -> Tensor:
        """Return the mean, (B, 1, D)."""
        return pool_evenly(history)
