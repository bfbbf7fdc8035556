"""Interests by dynamic routing between capsules (MIND and ComiRec-DR)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from recbole_opal.interests.history import History
from recbole_opal.precision import full_precision

__all__ = [
    "MindCapsules",
    "PositionCapsules",
    "RoutedHistories",
    "RoutingRule",
    "couple",
    "route",
    "squash",
]


@full_precision
def squash(vectors: Tensor) -> Tensor:
    """Return `|s|^2 / (1 + |s|^2) * s / |s|` over the last axis: the length becomes < 1."""
    squared = vectors.square().sum(dim=-1, keepdim=True)
    return squared / (1 + squared) * vectors / (squared + torch.finfo(squared.dtype).tiny).sqrt()


@dataclass(frozen=True)
class RoutingRule:
    """How items are routed; the defaults are the papers'.

    Attributes:
        iterations: >= 1; 3 in both papers.
        softmax: "interests", as in the capsule paper and in the authors' code of MIND and
            ComiRec: each item shares itself out. "positions" is what widespread PyTorch ports
            compute (padding, which they include, is left out here): another model.
        gradient: "last", through the last iteration only, as in the authors' code, or "all".
    """

    iterations: int = 3
    softmax: Literal["interests", "positions"] = "interests"
    gradient: Literal["last", "all"] = "last"


def couple(
    logits: Tensor, mask: Tensor, softmax: Literal["interests", "positions"] = "interests"
) -> Tensor:
    """Return the coupling of each item with each interest, (B, L, K), 0 at padding.

    With "interests" it sums to 1 over the last axis elsewhere.

    Args:
        logits: (B, L, K) float; -inf for an interest that a row does not have.
        mask: (B, L) bool, True where there is an item.
        softmax: see `RoutingRule`.
    """
    real = mask.unsqueeze(-1)
    if softmax == "interests":
        return logits.softmax(dim=-1) * real
    floor = torch.finfo(logits.dtype).min
    return logits.clamp_min(floor).masked_fill(~real, floor).softmax(dim=1) * real


def route(
    predictions: Tensor, logits: Tensor, mask: Tensor, rule: RoutingRule = RoutingRule()
) -> Tensor:
    """Route items to interests, (B, K, D), lengths below 1.

    Args:
        predictions: (B, L, K, D) float, what each item says of each interest.
        logits: (B, L, K) float, where routing starts.
        mask: (B, L) bool, True where there is an item.
        rule: iterations and variants.
    """
    said = predictions.detach() if rule.gradient == "last" else predictions
    for _ in range(rule.iterations - 1):
        coupling = couple(logits, mask, rule.softmax)
        interests = squash(torch.einsum("blk,blkd->bkd", coupling, said))
        logits = logits + torch.einsum("blkd,bkd->blk", said, interests)
    coupling = couple(logits, mask, rule.softmax)
    return squash(torch.einsum("blk,blkd->bkd", coupling, predictions))


@dataclass(frozen=True)
class RoutedHistories:
    """What MIND's routing knows of a batch."""

    # (B, K, D) float; those that a row does not have are copies of its first, so that the
    # best score over them is right
    interests: Tensor
    active: Tensor  # (B, K) bool, which interests a row has


class MindCapsules(nn.Module):
    """MIND's routing: one transform for all items and interests, random starting logits.

    Source: Li et al., Multi-Interest Network with Dynamic Routing for Recommendation at Tmall,
    CIKM 2019. The paper draws the starting logits anew at each forward pass, and the public
    codes do so even when serving; here they are drawn once and kept, so that the same history
    always gives the same interests.

    Args:
        dynamic: whether a row has `max(1, min(K, floor(log2 of its length)))` interests, as in
            the paper; ComiRec's MIND and most codes give every row K.
    """

    start: Tensor

    def __init__(
        self,
        num_interests: int,
        width: int,
        *,
        max_length: int,
        rule: RoutingRule,
        dynamic: bool = False,
    ) -> None:
        super().__init__()
        self.transform = nn.Linear(width, width, bias=False)
        self.rule = rule
        self.dynamic = dynamic
        self.register_buffer("start", torch.randn(max_length, num_interests))

    def forward(self, history: History) -> RoutedHistories:
        """Route the items of each row, of L at most."""
        vectors, mask = history.padded()
        batch, length, width = vectors.shape
        num_interests = self.start.shape[1]
        shared = self.transform(vectors).unsqueeze(2)  # (B, L, 1, D)
        predictions = shared.expand(batch, length, num_interests, width)
        active = self.active(history.lengths)  # (B, K)
        logits = self.start[:length].expand(batch, length, num_interests)
        logits = logits.masked_fill(~active.unsqueeze(1), -torch.inf)
        interests = route(predictions, logits, mask, self.rule)
        return RoutedHistories(
            torch.where(active.unsqueeze(-1), interests, interests[:, :1]), active
        )

    def active(self, lengths: Tensor) -> Tensor:
        """Return which interests rows of (B,) lengths have, (B, K) bool."""
        num_interests = self.start.shape[1]
        wanted = torch.full_like(lengths, num_interests)
        if self.dynamic:
            wanted = lengths.clamp_min(1).double().log2().floor().long().clamp(1, num_interests)
        return torch.arange(num_interests, device=lengths.device) < wanted.unsqueeze(1)


class PositionCapsules(nn.Module):
    """ComiRec-DR's routing: a transform for each position and interest, zero starting logits.

    Source: Cen et al., KDD 2020, as in its authors' code: L x K transforms of D x D. (DeepMatch's
    "dr" is MIND's.) Positions count from the oldest item of the window.
    """

    def __init__(
        self, num_interests: int, width: int, *, max_length: int, rule: RoutingRule
    ) -> None:
        super().__init__()
        self.transforms = nn.Parameter(torch.empty(max_length, num_interests, width, width))
        nn.init.normal_(self.transforms, std=width**-0.5)  # keeps lengths; N(0, 1) in the code
        self.rule = rule

    def forward(self, history: History) -> Tensor:
        """Return the interests, (B, K, D), of rows of L items at most."""
        vectors, mask = history.padded()
        transforms = self.transforms[: vectors.shape[1]]
        predictions = torch.einsum("bld,lkde->blke", vectors, transforms)
        logits = predictions.new_zeros(predictions.shape[:3])
        return route(predictions, logits, mask, self.rule)
