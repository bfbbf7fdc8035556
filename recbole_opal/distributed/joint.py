"""Sums, means and rows of all processes, through which gradients flow.

What is computed of such a sum is then the same in every process, down to the loss. The gradient of
a process's own rows is so that of the joint loss, if each process takes its share of it,
`share_of_loss`, and `gradients.exchange` adds up what comes of it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from recbole_opal.distributed.group import Group, current
from recbole_opal.distributed.rows import gather_rows, greatest, place_of_rows

__all__ = [
    "joint_mean",
    "joint_means",
    "joint_previous",
    "joint_ratio",
    "joint_rows",
    "joint_sum",
    "share_of_loss",
]


class _JointSum(torch.autograd.Function):
    """Adds up in double precision, which one of the processes does for each number."""

    @staticmethod
    def forward(context: Any, values: Tensor, group: Group) -> Tensor:
        """Return the same bits in all processes."""
        context.size = group.size
        total = values.detach().to(torch.float64, copy=True)
        group.add(total)
        return total.to(values.dtype)

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


class _JointRows(torch.autograd.Function):
    """What all processes owe to a row is added up where the row came from."""

    @staticmethod
    def forward(context: Any, rows: Tensor, group: Group) -> Tensor:
        """Return the same rows in all processes."""
        parts = gather_rows(rows)
        before = sum(len(part) for part in parts[: group.rank])
        context.group, context.own = group, slice(before, before + len(rows))
        return torch.cat(parts)

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """Each process may have made something else of the rows: all gradients are exchanged."""
        total = gradient.clone(memory_format=torch.contiguous_format)
        context.group.add(total)
        return total[context.own], None


def joint_rows(rows: Tensor) -> Tensor:
    """Return the rows of all processes, (R, ...), one process after the other.

    For losses in which rows meet. Each process may compute of them what it likes, so long as all
    of them ask for the same rows in the same order: the way back is an exchange too.
    """
    group = current()
    if group is None:
        return rows
    every: Tensor = _JointRows.apply(rows, group)  # type: ignore[no-untyped-call]
    return every


def joint_previous(rows: Tensor) -> Tensor:
    """Return the row before each of the joint batch; before the first is the last one.

    Of (R, L, ...) rows, (R, L', ...): as wide as those of the widest process, padded with zeros.
    """
    if current() is None:
        return rows.roll(1, dims=0)
    missing = greatest(rows.shape[1]) - rows.shape[1]
    rows = functional.pad(rows, (0, 0) * (rows.dim() - 2) + (0, missing))
    lasts = joint_rows(rows[-1:])  # of the processes that have any
    before, _ = place_of_rows(min(len(rows), 1))
    return torch.cat([lasts[before - 1].unsqueeze(0), rows])[:-1]


def joint_mean(values: Tensor) -> Tensor:
    """Return the mean of (R, ...) values over the R of all processes together; 0 of none."""
    return joint_means(values)[0]


def joint_means(*columns: Tensor) -> tuple[Tensor, ...]:
    """Return the mean of each of several (R, ...) columns, with the same R, in one exchange."""
    if current() is None:
        return tuple(values.mean(dim=0) for values in columns)
    sums = [values.sum(dim=0) for values in columns]
    means = joint_ratio(torch.cat([each.reshape(-1) for each in sums]), len(columns[0]))
    parts = torch.split(means, [each.numel() for each in sums])
    return tuple(part.view(each.shape) for part, each in zip(parts, sums, strict=True))


def joint_ratio(sums: Tensor, number: Tensor | int) -> Tensor:
    """Return (S,) or () sums over a number, a count or (), each added up over all processes.

    A number of 0 counts as 1.
    """
    if current() is None:
        return sums / torch.as_tensor(number).clamp_min(1)
    flat = sums.reshape(-1).to(torch.float64)
    both = joint_sum(torch.cat([flat, torch.as_tensor(number).to(flat).reshape(1)]))
    return (both[:-1] / both[-1].clamp_min(1)).to(sums.dtype).view(sums.shape)


def share_of_loss(loss: Tensor) -> Tensor:
    """Return the part of a loss, the same in all processes, that this one's gradients are of."""
    group = current()
    return loss if group is None else loss / group.size
