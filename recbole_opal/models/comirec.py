"""ComiRec: interests by self-attention (SA) or by dynamic routing (DR).

Yukuo Cen, Jianwei Zhang, Xu Zou, Chang Zhou, Hongxia Yang, Jie Tang: Controllable
Multi-Interest Framework for Recommendation. KDD 2020, arXiv:2005.09347.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recbole_opal.batches import Histories
from recbole_opal.interests.capsules import (
    coupled_shares,
    route,
    routed_coupling,
)
from recbole_opal.interests.history import History
from recbole_opal.interests.self_attention import SelfAttentiveInterests
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.models.recipes import comirec_recipe, search_with
from recbole_opal.settings.models.comirec import ComiRecDRSettings, ComiRecSASettings

__all__ = [
    "ComiRecDRNetwork",
    "ComiRecDRSettings",
    "ComiRecSANetwork",
    "ComiRecSASettings",
    "PositionCapsules",
]

_WHAT = (
    "inner products, the target's interest for its negatives, sampled softmax over the next item."
)


class ComiRecSANetwork(MultiInterestNetwork):
    """Interests by self-attention.

    By default with OPAL's loss, with `recipe: published` with the paper's: inner products, the
    target's interest for its negatives, sampled softmax. The TensorFlow sampler of the authors'
    code takes ids for popularity ranks; here items are ranked by their training counts. Torch
    ports leave out the sampler (full softmax), or the biases of the attention.
    """

    Settings = ComiRecSASettings
    weighs_items = True
    trains_in_parts = True
    published = comirec_recipe(_WHAT)
    search = search_with()

    def __init__(self, settings: ComiRecSASettings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        self.encoder = SelfAttentiveInterests(
            settings, catalogue.longest_history, placed_values=settings.placed_values
        )


class PositionCapsules(nn.Module):
    """ComiRec-DR's routing: L x K transforms of D x D, zero starting logits, as in its code.

    Positions count from the oldest item of the window.
    """

    def __init__(self, settings: ComiRecDRSettings, longest_history: int) -> None:
        super().__init__()
        self.settings, width = settings, settings.hidden_size
        shape = (longest_history, settings.num_interests, width, width)
        self.transforms = nn.Parameter(torch.empty(shape))
        nn.init.normal_(self.transforms, std=width**-0.5)  # keeps lengths; N(0, 1) in the code

    def forward(self, history: History) -> Tensor:
        """Return the interests, (B, K, D), of rows of L items at most."""
        return route(*self._start(history), self.settings, history.padded_log_weights())

    def shares(self, history: History) -> Tensor:
        """Return the part of each row that flows into each interest, (B, K)."""
        start, weights = self._start(history), history.padded_log_weights()
        return coupled_shares(routed_coupling(*start, self.settings, weights), history.mask)

    def _start(self, history: History) -> tuple[Tensor, Tensor, Tensor]:
        vectors, mask = history.padded()
        transforms = self.transforms[: vectors.shape[1]]
        predictions = torch.einsum("bld,lkde->blke", vectors, transforms)
        return predictions, predictions.new_zeros(predictions.shape[:3]), mask


class ComiRecDRNetwork(MultiInterestNetwork):
    """Interests by dynamic routing with a transform for each position and interest.

    Recipes as for `ComiRecSANetwork`. Public codes differ: torch ports take the softmax of the
    routing over positions, padding included, instead of over interests, and DeepMatch's "dr" is
    MIND's.
    """

    Settings = ComiRecDRSettings
    weighs_items = True
    trains_in_parts = True
    published = comirec_recipe(_WHAT, learning_rate=(0.005, "[A]"))
    search = search_with()
    encoder: PositionCapsules

    def __init__(self, settings: ComiRecDRSettings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        self.encoder = PositionCapsules(settings, catalogue.longest_history)

    def interest_shares(self, histories: Histories) -> Tensor:
        """Return the part of each history that flows into each interest, (B, K).

        A coupling that sums to 1 over positions tells nothing of it: then as for other models.
        """
        if self.settings.routing_softmax == "positions":
            return super().interest_shares(histories)
        return self.encoder.shares(self.looked_up(histories))
