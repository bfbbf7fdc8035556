"""DSSRec's encoder: transformer states sorted by intention."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recbole_opal.interests.history import History, group_by_length
from recbole_opal.interests.transformer import CausalTransformer

__all__ = ["IntentHistories", "IntentionEncoder"]

_ROWS_TOGETHER = 128  # few enough that histories of a group are about equally long


@dataclass(frozen=True)
class IntentHistories:
    """Interests and how they came about."""

    interests: Tensor  # (B, K, D) float, `phi`
    assignment: Tensor  # (T, K) float, of every item of the batch, rows sum to 1
    importance: Tensor  # (T,) float, sums to 1 over the items of a history


class IntentionEncoder(nn.Module):
    """`phi_k = norm(beta_k + sum_t p_(k|t) p_t z_t)` of transformer states z.

    Source: Ma et al., Disentangled Self-Supervision in Sequential Recommenders, KDD 2020. With
    `norm` layer normalisations of their own and a_t learnt positions:
    `p_(k|t) = softmax_k(norm(z_t) . norm(c_k) / sqrt(D))` sorts items by K prototypes c;
    `p_t = softmax_t(key_t . query / sqrt(D))` weighs them, with
    `key_t = x + relu(W x + b)` of `x = norm(a_t + z_t)` and
    `query = norm(b' + a_n + z_n)` of the last item n. A public unofficial code lets padding
    take its share of `p_t`.

    Args:
        states: gives the states z, (B, L, D) of (B, L, D).
    """

    def __init__(
        self, num_interests: int, width: int, *, states: CausalTransformer, max_length: int
    ) -> None:
        super().__init__()
        self.states = states
        self.scale = width**-0.5
        self.prototypes = nn.Parameter(torch.empty(num_interests, width))
        self.priors = nn.Parameter(torch.empty(num_interests, width))
        self.positions = nn.Parameter(torch.empty(max_length, width))
        for parameter in (self.prototypes, self.priors, self.positions):
            nn.init.normal_(parameter, std=self.scale)
        self.query_bias = nn.Parameter(torch.zeros(width))
        self.key = nn.Linear(width, width)
        self.state_norm, self.prototype_norm, self.key_norm, self.query_norm, self.output_norm = (
            nn.LayerNorm(width) for _ in range(5)
        )

    def forward(self, history: History) -> IntentHistories:
        """Encode histories of 1 to L items."""
        parts, owners, places = [], [], []
        for group in group_by_length(history, _ROWS_TOGETHER):
            parts.append(self._encode_padded(*group.history.padded()))
            owners.append(group.rows)
            places.append(group.positions)
        rows, positions = torch.cat(owners).argsort(), torch.cat(places).argsort()
        interests, assignment, importance = (torch.cat(each) for each in zip(*parts, strict=True))
        return IntentHistories(interests[rows], assignment[positions], importance[positions])

    def assign(self, states: Tensor) -> Tensor:
        """Return `p_(k|t)`, (B, L, K), of states (B, L, D)."""
        prototypes = self.prototype_norm(self.prototypes)  # (K, D)
        logits: Tensor = self.state_norm(states) @ prototypes.T * self.scale
        return logits.softmax(dim=-1)

    def weigh(self, states: Tensor, mask: Tensor) -> Tensor:
        """Return `p_t`, (B, L), of states (B, L, D) where the (B, L) bool mask holds."""
        placed = states + self.positions[: states.shape[1]]
        inputs = self.key_norm(placed)
        keys = inputs + self.key(inputs).relu()  # (B, L, D)
        last = (mask.sum(dim=1) - 1).clamp_min(0)  # (B,)
        newest = placed[torch.arange(len(last), device=last.device), last]  # (B, D)
        query = self.query_norm(self.query_bias + newest)
        logits: Tensor = torch.einsum("bld,bd->bl", keys, query) * self.scale
        floor = torch.finfo(logits.dtype).min
        importance: Tensor = logits.masked_fill(~mask, floor).softmax(dim=-1) * mask
        return importance

    def _encode_padded(self, vectors: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return interests (B, K, D), assignment (T, K) and importance (T,) of (B, L, D)."""
        states = self.states(vectors)  # (B, L, D)
        assignment = self.assign(states)  # (B, L, K)
        importance = self.weigh(states, mask)  # (B, L), 0 for padding
        weighted = assignment * importance.unsqueeze(-1)
        pooled = torch.einsum("blk,bld->bkd", weighted, states)
        return self.output_norm(self.priors + pooled), assignment[mask], importance[mask]
