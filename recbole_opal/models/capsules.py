"""What MIND and ComiRec-DR share: interests by dynamic routing."""

from __future__ import annotations

from typing import Any

from recbole_opal.interests.capsules import MindCapsules, PositionCapsules
from recbole_opal.models.base import MultiInterestRecommender

__all__ = ["CapsuleRecommender"]


class CapsuleRecommender(MultiInterestRecommender):
    """A model whose encoder routes items to interests.

    Args:
        config: the settings of the run.
        dataset: the training dataset.

    Attributes:
        capsules: the encoder's class, set by the subclass.
    """

    capsules: type[MindCapsules] | type[PositionCapsules]

    def __init__(self, config: Any, dataset: Any) -> None:
        super().__init__(config, dataset)
        self.encoder = self.capsules(
            config["num_interests"],
            self.hidden_size,
            max_length=self.max_seq_length,
            iterations=config["routing_iterations"],
        )
