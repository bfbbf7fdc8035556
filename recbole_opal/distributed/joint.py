"""Sums and means over the rows of all processes, through which gradients flow.

What is computed of such a sum is then the same in every process, down to the loss. The gradient of
a process's own rows is so that of the joint loss, if each process takes its share of it,
`share_of_loss`, and `gradients.exchange` adds up what comes of it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from recbole_opal.distributed.group import Group, current

__all__ = ["joint_mean", "joint_sum", "share_of_loss"]


class _JointSum(torch.autograd.Function):
    """Adds up by rank, in double precision, so that all processes get the same bits."""

    @staticmethod
    def forward(context: Any, values: Tensor, group: Group) -> Tensor:
        """Gather, then add."""
        context.size = group.size
        found = group.gather(values.detach().to(torch.float64))
        return torch.stack(found).sum(dim=0).to(values.dtype)

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """Each of the others sends the same gradient as this process: no word is exchanged."""
        return gradient * context.size, None


def joint_sum(values: Tensor) -> Tensor:
    """Return the sum over processes of what each has, elementwise; alone, the values themselves.

    The shape is the same in all of them. What is computed of the sum must be computed alike by
    each.
    """
    group = current()
    if group is None:
        return values
    total: Tensor = _JointSum.apply(values, group)  # type: ignore[no-untyped-call]
    return total


def joint_mean(values: Tensor) -> Tensor:
    """Return the mean of (R, ...) values over the R of all processes together; 0 of none."""
    if current() is None:
        return values.mean(dim=0)
    sums = values.sum(dim=0)
    number = sums.new_full((1,), len(values), dtype=torch.float64)
    both = joint_sum(torch.cat([sums.reshape(-1).to(torch.float64), number]))
    return (both[:-1] / both[-1].clamp_min(1)).to(values.dtype).view(sums.shape)


def share_of_loss(loss: Tensor) -> Tensor:
    """Return the part of a loss, the same in all processes, that this one's gradients are of."""
    group = current()
    return loss if group is None else loss / group.size
