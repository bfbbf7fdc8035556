"""Gradients added up over processes: weights in one piece, tables by the rows that were met."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from recbole_opal.distributed.group import Group, current
from recbole_opal.distributed.rows import gather_rows

__all__ = ["exchange"]


def exchange(weights: Sequence[nn.Parameter], tables: Sequence[nn.Parameter]) -> None:
    """Give every parameter the sum of its gradients in all processes; alone, change nothing.

    A parameter that no process has a gradient of keeps none. All processes end with the same bits.
    Two exchanges are made: of one vector that holds all weights, and of the rows of the table.

    Args:
        weights: parameters with dense gradients, in the same order everywhere.
        tables: those with sparse ones, (N, D); the cost does not grow with N.
    """
    group = current()
    if group is None:
        return
    rows = [_own_rows(table) for table in tables]
    counts = torch.zeros(len(rows), group.size)
    counts[:, group.rank] = torch.tensor([float(len(ids)) for ids, _ in rows])
    sizes = _add_up([each for each in weights if each.requires_grad], counts, group)
    for table, own, of_each in zip(tables, rows, sizes, strict=True):
        table.grad = _joined(table, own, of_each)


def _add_up(
    weights: Sequence[nn.Parameter], counts: Tensor, group: Group
) -> Sequence[Sequence[int]]:
    """Add up gradients, as one vector a type, and the counts of the processes; return these.

    A number each tells who has a gradient at all; counts are below 2^24, exact as float32.
    """
    for dtype in dict.fromkeys([torch.float32, *(weight.dtype for weight in weights)]):
        own = [weight for weight in weights if weight.dtype == dtype]
        pieces = [
            weight.new_zeros(weight.numel()) if weight.grad is None else weight.grad.reshape(-1)
            for weight in own
        ]
        there = torch.tensor([weight.grad is not None for weight in own], dtype=dtype)
        told = torch.cat([there, counts.flatten()]) if dtype == counts.dtype else there
        device = own[0].device if own else told.device
        vector = torch.cat([*pieces, told.to(device)])
        if len(vector) > 0:
            group.add(vector)
        *sums, told = torch.split(vector, [*(len(piece) for piece in pieces), len(told)])
        told = told.cpu()
        for weight, total, number in zip(own, sums, told.tolist(), strict=False):
            weight.grad = total.view_as(weight) if number > 0 else None
        if dtype == counts.dtype:
            counts = told[len(own) :].view(counts.shape)
    sizes: Sequence[Sequence[int]] = counts.int().tolist()
    return sizes


def _own_rows(table: nn.Parameter) -> tuple[Tensor, Tensor]:
    """Return the ids of a table's sparse gradient, ascending, each once, and their rows."""
    gradient = table.grad
    if gradient is None:
        ids = torch.empty(0, dtype=torch.int64, device=table.device)
        return ids, table.new_empty(0, table.shape[1])
    ids = gradient._indices()[0]
    if not bool((ids[1:] > ids[:-1]).all()):
        gradient = gradient.coalesce()
    return gradient._indices()[0], gradient._values()


def _joined(table: nn.Parameter, own: tuple[Tensor, Tensor], sizes: Sequence[int]) -> Tensor:
    """Gather the ids and rows that each process met, and add up the rows of equal ids.

    One process's ids differ, so that no order of additions is left open on any device.
    """
    ids, rows = own
    both = torch.cat([ids.unsqueeze(1).view(rows.dtype), rows], dim=1)  # ids as they lie in memory
    width = rows.shape[1]
    parts = gather_rows(both, sizes)
    every = [part[:, :-width].contiguous().view(torch.int64).squeeze(1) for part in parts]
    distinct, places = torch.unique(torch.cat(every), return_inverse=True)
    total = rows.new_zeros(len(distinct), width)
    for part, where in zip(parts, torch.split(places, list(sizes)), strict=True):
        total.index_add_(0, where, part[:, -width:])
    return torch.sparse_coo_tensor(
        distinct.unsqueeze(0), total, table.shape, is_coalesced=True, check_invariants=False
    )
