"""MIND: interests by behaviour-to-interest dynamic routing.

Chao Li, Zhiyuan Liu, Mengmeng Wu, Yuchi Xu, Huan Zhao, Pipei Huang, Guoliang Kang, Qiwei Chen,
Wei Li, Dik Lun Lee: Multi-Interest Network with Dynamic Routing for Recommendation at Tmall.
CIKM 2019, arXiv:1904.08030.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recbole_opal.batches import Histories
from recbole_opal.interests.capsules import (
    coupled_shares,
    route,
    routed_coupling,
)
from recbole_opal.interests.history import History
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.models.recipes import comirec_recipe, search_with
from recbole_opal.settings.models.mind import MINDSettings

__all__ = ["MINDNetwork", "MINDSettings", "MindCapsules"]


@dataclass(frozen=True)
class RoutedHistories:
    """What the routing knows of a batch."""

    # (B, K, D) float; those that a row does not have are copies of its first, so that the
    # best score over them is right
    interests: Tensor
    active: Tensor  # (B, K) bool, which interests a row has


class MindCapsules(nn.Module):
    """MIND's routing: one transform for all items and interests, random starting logits.

    The paper draws the starting logits anew at each forward pass, and the public codes do so even
    when serving; here they are drawn once and kept, so that the same history always gives the same
    interests.
    """

    start: Tensor

    def __init__(self, settings: MINDSettings, longest_history: int) -> None:
        super().__init__()
        self.settings = settings
        self.transform = nn.Linear(settings.hidden_size, settings.hidden_size, bias=False)
        self.register_buffer("start", torch.randn(longest_history, settings.num_interests))

    def forward(self, history: History) -> RoutedHistories:
        """Route the items of each row, of L at most."""
        active = self.active(history.lengths)  # (B, K)
        start, weights = self._start(history, active), history.padded_log_weights()
        interests = route(*start, self.settings, weights)
        interests = torch.where(active.unsqueeze(-1), interests, interests[:, :1])
        return RoutedHistories(interests, active)

    def shares(self, history: History) -> Tensor:
        """Return the part of each row that flows into each interest, (B, K), 0 for copies."""
        start = self._start(history, self.active(history.lengths))
        weights = history.padded_log_weights()
        return coupled_shares(routed_coupling(*start, self.settings, weights), history.mask)

    def _start(self, history: History, active: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        vectors, mask = history.padded()
        batch, length, width = vectors.shape
        count = active.shape[1]
        shared = self.transform(vectors).unsqueeze(2)  # (B, L, 1, D)
        logits = self.start[:length].expand(batch, length, count)
        logits = logits.masked_fill(~active.unsqueeze(1), -torch.inf)
        return shared.expand(batch, length, count, width), logits, mask

    def active(self, lengths: Tensor) -> Tensor:
        """Return which interests rows of (B,) lengths have, (B, K) bool."""
        count = self.settings.num_interests
        numbers = torch.arange(count, device=lengths.device)
        if not self.settings.dynamic_interests:
            return (numbers >= 0).expand(lengths.shape[0], count)
        # Interest k is among the first floor(log2(n)) where n >= 2 ** (k + 1): whole numbers alone.
        least = 2 ** (numbers + 1).clamp_max(62)
        return (lengths.unsqueeze(1) >= least) | (numbers == 0)


class MINDNetwork(MultiInterestNetwork):
    """Interests by MIND's routing: one transform, random starting logits.

    By default with OPAL's loss, with `recipe: published` with sampled softmax and label-aware
    attention for p to infinity, the paper's best; `routing: attention` takes a finite p. Public
    codes differ: they draw the starting logits anew at every call, so that serving is not
    deterministic; torch ports take the softmax over positions; ComiRec's MIND mixes with p = 1,
    then takes the target's best interest alone, so that p has no effect, and for Amazon Books
    has a ReLU layer behind the capsules; TorchEasyRec can squash in the last iteration only. The
    paper's number of interests that grows with the history is `dynamic_interests: True`; its
    profile features and the two ReLU layers that join them are left out.
    """

    Settings = MINDSettings
    weighs_items = True
    trains_in_parts = True
    search = search_with()
    published = comirec_recipe(
        "inner products, label-aware attention, sampled softmax over the next item.",
        routing=(
            "target",
            "label-aware attention for p to infinity, the paper's best and the code's; "
            "`attention` = a finite p [P, A]",
        ),
    )
    encoder: MindCapsules

    def __init__(self, settings: MINDSettings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        self.encoder = MindCapsules(settings, catalogue.longest_history)

    def mixable(self, encoded: RoutedHistories) -> Tensor:
        """Return which interests label-aware attention may mix, (B, K) bool: no copies."""
        return encoded.active

    def active_interests(self, histories: Histories) -> Tensor:
        """Return which interests each history has, (B, K) bool: no copies; nothing is encoded."""
        return self.encoder.active(histories.lengths)

    def interest_shares(self, histories: Histories) -> Tensor:
        """Return the part of each history that flows into each interest, (B, K).

        A coupling that sums to 1 over positions tells nothing of it: then as for other models.
        """
        if self.settings.routing_softmax == "positions":
            return super().interest_shares(histories)
        return self.encoder.shares(self.looked_up(histories))
