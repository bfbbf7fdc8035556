"""MIND: interests by behaviour-to-interest dynamic routing.

Chao Li, Zhiyuan Liu, Mengmeng Wu, Yuchi Xu, Huan Zhao, Pipei Huang, Guoliang Kang, Qiwei Chen,
Wei Li, Dik Lun Lee: Multi-Interest Network with Dynamic Routing for Recommendation at Tmall.
CIKM 2019, arXiv:1904.08030.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from recbole_opal.interests.capsules import MindCapsules, RoutedHistories
from recbole_opal.models.base import MultiInterestRecommender
from recbole_opal.models.capsules import routing_rule

__all__ = ["MIND"]


class MIND(MultiInterestRecommender):
    """Interests by MIND's routing: one transform, random starting logits.

    By default with OPAL's loss, with `recipe: published` with sampled softmax and label-aware
    attention for p to infinity, the paper's best; `routing: attention` takes a finite p. Public
    codes differ: they draw the starting logits anew at every call, so that serving is not
    deterministic; torch ports take the softmax over positions; ComiRec's MIND mixes with p = 1,
    then takes the target's best interest alone, so that p has no effect, and for Amazon Books
    has a ReLU layer behind the capsules; TorchEasyRec can squash in the last iteration only. The
    paper's number of interests that grows with the history is `dynamic_interests: True`; its
    profile features and the two ReLU layers that join them are left out.

    Args:
        config: the settings of the run, see `properties/model/MIND.yaml`.
        dataset: the training dataset.
    """

    encoder: MindCapsules

    def __init__(self, config: Any, dataset: Any) -> None:
        super().__init__(config, dataset)
        self.encoder = MindCapsules(
            config["num_interests"],
            self.hidden_size,
            max_length=self.max_seq_length,
            rule=routing_rule(config),
            dynamic=config["dynamic_interests"],
        )

    def queries(self, encoded: RoutedHistories) -> Tensor:
        """Return the interests, (B, K, D); a row's missing ones are copies of its first."""
        return super().queries(encoded.interests)

    def mixable(self, encoded: RoutedHistories) -> Tensor:
        """Return which interests label-aware attention may mix, (B, K) bool: no copies."""
        return encoded.active

    def active_interests(self, interaction: Any) -> Tensor:
        """Return which interests each history has, (B, K) bool: no copies; nothing is encoded."""
        return self.encoder.active(self._padded(interaction) > 0)
