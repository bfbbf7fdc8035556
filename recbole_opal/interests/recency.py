"""Learned weights of a history's items by how new they are."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from recbole_opal.errors import SettingsError
from recbole_opal.interests.history import History
from recbole_opal.precision import full_precision

__all__ = ["Recency", "reads_ages", "require_weighing"]

_FIRST_STEP = 60.0  # seconds: the age of knot 1; each further knot is about twice as old
_KNOTS = 24  # the last one at 16 years


def reads_ages(recency: str | None) -> bool:
    """Tell whether weights of this kind, a value of the setting `recency`, need times."""
    return recency in ("age", "both")


def require_weighing(network: type, recency: str) -> None:
    """Refuse to weigh the items of histories, as a SettingsError, where a network ignores it."""
    if recency != "none" and not getattr(network, "weighs_items", False):
        raise SettingsError(
            f"--recency={recency}: {network.__name__} does not weigh the items of a history; write "
            "--recency=none, or let its encode() ask History.weigh or History.lift and set "
            "weighs_items = True."
        )


class Recency(nn.Module):
    """One learned weight for each place from the newest item, for each age, or both multiplied.

    A weight is `exp` of a parameter that starts at 0: at first all items count alike. The weights
    of a row are scaled to a mean of 1, so that what is pooled keeps its size; only their ratios
    are learned. An older item never weighs more than a newer one: where a log says so it is its
    order, not its users (on kuairand-pure, whose earlier times are made up, free weights rose with
    age and cost .007 of Recall@50 on validation and test; bound to fall, they stay equal there).
    An age is the time from an item to the newest of its row; its parameter is read
    between knots at 0, 1, 3, 7, ... minutes, linearly in `log2(1 + minutes)`, up to 16 years. There
    is no weight decay on either, which would draw the weights back to equal ones.

    Args:
        by: "place", "age" or "both".
        longest_history: L, so many places have a weight; older items share the last.
    """

    without_decay = True  # see `recbole_opal.training.optimizer`

    def __init__(self, by: str, longest_history: int) -> None:
        super().__init__()
        placed, aged = by in ("place", "both"), reads_ages(by)
        self.places = nn.Parameter(torch.zeros(longest_history)) if placed else None
        self.ages = nn.Parameter(torch.zeros(_KNOTS)) if aged else None

    def forward(self, history: History) -> Tensor:
        """Return the logarithm of each item's weight, (T,) float; finite at padding too."""
        newer = history.newer()  # (T,)
        logits = history.vectors.new_zeros(newer.shape, dtype=torch.float32)
        if self.places is not None:
            logits = logits + _falling(self.places)[newer.clamp(0, self.places.shape[0] - 1)]
        if self.ages is not None:
            # Padding is no item; it takes the newest's weight, so that the highest is an item's.
            ages = _ages(history).masked_fill(newer < 0, 0.0)
            logits = logits + _between_knots(_falling(self.ages), ages)
        return _mean_of_one(logits, history)


def _falling(logits: Tensor) -> Tensor:
    """Return logits that never rise from the newest to the oldest: each is the least so far.

    By doubling, since `cummin` has no ONNX form.
    """
    reach = 1
    while reach < len(logits):
        before = functional.pad(logits[:-reach], (reach, 0), value=torch.inf)
        logits, reach = torch.minimum(logits, before), 2 * reach
    return logits


def _ages(history: History) -> Tensor:
    """Return the seconds from each item to the newest of its row, (T,) float64."""
    if history.times is None:
        raise ValueError("weights by age need History.times.")
    _, newest = history.ends()
    latest = history.sum_by_row(history.times.masked_fill(~newest, 0.0))  # (B,)
    return (latest[history.rows] - history.times).clamp_min(0.0)


def _between_knots(knots: Tensor, ages: Tensor) -> Tensor:
    """Return the knots' values at (T,) ages in seconds, linear between two knots."""
    last = knots.shape[0] - 1
    at = (1.0 + ages / _FIRST_STEP).log2().clamp_max(last)
    below = at.floor().to(torch.int64).clamp_max(last - 1)
    share = (at - below).to(knots.dtype)
    return torch.lerp(knots[below], knots[below + 1], share)


@full_precision
def _mean_of_one(logits: Tensor, history: History) -> Tensor:
    """Return (T,) logits less a number a row, so that `exp` of them has a mean of 1 in each."""
    highest = logits.new_full((history.num_rows,), -torch.inf)
    highest = highest.scatter_reduce(0, history.rows, logits.detach(), "amax")
    lowered = logits - highest[history.rows]
    mean = history.sum_by_row(lowered.exp()) / history.lengths.clamp_min(1)
    return lowered - mean.clamp_min(torch.finfo(mean.dtype).tiny).log()[history.rows]
