"""Interests drawn towards the user's mean by items of nobody's: what few items cannot tell."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from recbole_opal.interests.history import History
from recbole_opal.precision import full_precision

__all__ = ["Shrinkage"]


class Shrinkage(nn.Module):
    """Give each interest `s` more items that stand at the user's mean.

    `u_j = normalize(sum_t p_tj x_t + s mean_t x_t)`, the mean of a user's interests under a prior
    worth s items (empirical Bayes; Efron & Morris 1975): an interest of many items stays where it
    is, one of few is drawn to the mean, which does without assignment. s = 0 leaves all as it is;
    towards infinity the K interests become one, the mean of the history.

    A learned s is `softplus` of a parameter, without weight decay.

    Args:
        strength: s, > 0; where it is learned, at the start.
    """

    without_decay = True  # see `recbole_opal.training.optimizer`

    def __init__(self, strength: float, *, learned: bool) -> None:
        super().__init__()
        self.strength = strength
        # softplus(log(e^s - 1)) = s; the form for a large s
        start = torch.tensor(strength + math.log(-math.expm1(-strength)))
        self.raw = nn.Parameter(start) if learned else None

    @full_precision
    def forward(self, history: History, assignment: Tensor) -> Tensor:
        """Return what each item counts in each interest, (T, K), from its assignment."""
        strength = self.strength if self.raw is None else functional.softplus(self.raw)
        share = strength / history.lengths.clamp_min(1)  # (B,) of s items in each of the row's
        return assignment + share[history.rows].unsqueeze(-1)
