"""Interests by dynamic routing between capsules (MIND and ComiRec-DR)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recbole_opal.interests.history import History

__all__ = ["MindCapsules", "PositionCapsules", "couple", "route", "squash"]


def squash(vectors: Tensor) -> Tensor:
    """Return `|s|^2 / (1 + |s|^2) * s / |s|` over the last axis: the length becomes < 1."""
    squared = vectors.square().sum(dim=-1, keepdim=True)
    return squared / (1 + squared) * vectors / (squared + torch.finfo(squared.dtype).tiny).sqrt()


def couple(logits: Tensor, mask: Tensor) -> Tensor:
    """Return the coupling of each item with each interest.

    The softmax runs over the interests, as in the capsule paper and in the authors' code of
    MIND and ComiRec; widespread PyTorch ports run it over positions, padding included, which
    is another model.

    Args:
        logits: (B, L, K) float.
        mask: (B, L) bool, True where there is an item.

    Returns:
        (B, L, K) float, sums to 1 over the last axis where mask holds, else 0.
    """
    return logits.softmax(dim=-1) * mask.unsqueeze(-1)


def route(predictions: Tensor, logits: Tensor, mask: Tensor, iterations: int) -> Tensor:
    """Route items to interests.

    Gradients flow through the last iteration only, as in the authors' code.

    Args:
        predictions: (B, L, K, D) float, what each item says of each interest.
        logits: (B, L, K) float, where routing starts.
        mask: (B, L) bool, True where there is an item.
        iterations: >= 1; 3 in both papers.

    Returns:
        (B, K, D) float, lengths below 1.
    """
    fixed = predictions.detach()
    for _ in range(iterations - 1):
        interests = squash(torch.einsum("blk,blkd->bkd", couple(logits, mask), fixed))
        logits = logits + torch.einsum("blkd,bkd->blk", fixed, interests)
    return squash(torch.einsum("blk,blkd->bkd", couple(logits, mask), predictions))


class MindCapsules(nn.Module):
    """MIND's routing: one transform for all items and interests, random starting logits.

    Source: Li et al., Multi-Interest Network with Dynamic Routing for Recommendation at Tmall,
    CIKM 2019. The paper draws the starting logits anew at each forward pass, and the public
    codes do so even when serving; here they are drawn once and kept, so that the same history
    always gives the same interests. K is fixed (the paper's `dynamic interest number` is not
    built).

    Args:
        num_interests: K.
        width: D.
        max_length: L, the longest history.
        iterations: of the routing.
    """

    start: Tensor

    def __init__(self, num_interests: int, width: int, *, max_length: int, iterations: int) -> None:
        super().__init__()
        self.transform = nn.Linear(width, width, bias=False)
        self.iterations = iterations
        self.register_buffer("start", torch.randn(max_length, num_interests))

    def forward(self, history: History) -> Tensor:
        """Return the interests, (B, K, D) float.

        Args:
            history: T items of B rows, rows no longer than L.
        """
        vectors, mask = history.padded()
        batch, length, width = vectors.shape
        num_interests = self.start.shape[1]
        shared = self.transform(vectors).unsqueeze(2)  # (B, L, 1, D)
        predictions = shared.expand(batch, length, num_interests, width)
        logits = self.start[:length].expand(batch, length, num_interests)
        return route(predictions, logits, mask, self.iterations)


class PositionCapsules(nn.Module):
    """ComiRec-DR's routing: a transform for each position and interest, zero starting logits.

    Source: Cen et al., KDD 2020, as in its authors' code: L x K transforms of D x D. (DeepMatch's
    "dr" is MIND's.) Positions count from the oldest item of the window.

    Args:
        num_interests: K.
        width: D.
        max_length: L, the longest history.
        iterations: of the routing.
    """

    def __init__(self, num_interests: int, width: int, *, max_length: int, iterations: int) -> None:
        super().__init__()
        self.transforms = nn.Parameter(torch.empty(max_length, num_interests, width, width))
        nn.init.normal_(self.transforms, std=width**-0.5)  # keeps lengths; N(0, 1) in the code
        self.iterations = iterations

    def forward(self, history: History) -> Tensor:
        """Return the interests, (B, K, D) float.

        Args:
            history: T items of B rows, rows no longer than L.
        """
        vectors, mask = history.padded()
        transforms = self.transforms[: vectors.shape[1]]
        predictions = torch.einsum("bld,lkde->blke", vectors, transforms)
        logits = predictions.new_zeros(predictions.shape[:3])
        return route(predictions, logits, mask, self.iterations)
