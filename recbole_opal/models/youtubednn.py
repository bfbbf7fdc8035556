"""YouTubeDNN: one mean-pooled vector, the control of every multi-interest model.

Paul Covington, Jay Adams, Emre Sargin: Deep Neural Networks for YouTube Recommendations.
RecSys 2016.
"""

from __future__ import annotations

from torch import Tensor

from recbole_opal.interests.history import History
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.models.recipes import comirec_recipe, search_with
from recbole_opal.settings.models.youtubednn import YouTubeDNNSettings

__all__ = ["YouTubeDNNNetwork", "YouTubeDNNSettings"]


class YouTubeDNNNetwork(MultiInterestNetwork):
    """The mean of the history's vectors.

    The paper's side features and layers are left out; ComiRec's baseline of this name has one
    linear layer behind the mean, so its published figures are not to be compared. It is OPAL's
    soft stage with one hyper-category.
    """

    Settings = YouTubeDNNSettings
    weighs_items = True
    search = search_with()
    published = comirec_recipe(
        "inner products and sampled softmax over the next item, as in ComiRec's baseline of this "
        "name.",
        routing=None,
    )

    def encode(self, history: History) -> Tensor:
        """Return the mean, (B, 1, D), zero for an empty row; weights have a mean of 1."""
        lengths = history.lengths.clamp_min(1).unsqueeze(-1)
        return (history.sum_by_row(history.weigh(history.vectors)) / lengths).unsqueeze(1)
