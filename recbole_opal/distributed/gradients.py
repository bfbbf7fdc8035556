"""Gradients added up over processes: weights in one piece, tables by the rows that were met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from recbole_opal.distributed.group import Group, current
from recbole_opal.distributed.rows import gather_rows

__all__ = ["distinct_rows", "exchange"]


def exchange(weights: Iterable[nn.Parameter], tables: Iterable[nn.Parameter]) -> None:
    """Give every parameter the sum of its gradients in all processes; alone, change nothing.

    A parameter that no process has a gradient of keeps none. All processes end with the same bits.

    Args:
        weights: parameters with dense gradients, in the same order everywhere.
        tables: those with sparse ones, whose cost does not grow with their length.
    """
    group = current()
    if group is None:
        return
    _exchange_dense([each for each in weights if each.requires_grad], group)
    for table in tables:
        _exchange_rows(table)


def distinct_rows(gradient: Tensor) -> tuple[Tensor, Tensor]:
    """Return the ids of a sparse gradient of a table, ascending, each once, and their rows."""
    ids = gradient._indices()[0]
    if not bool((ids[1:] > ids[:-1]).all()):
        gradient = gradient.coalesce()
    return gradient._indices()[0], gradient._values()


def _exchange_dense(weights: Sequence[nn.Parameter], group: Group) -> None:
    """Send all gradients of a type as one vector, with a number each that tells who has any."""
    for dtype in dict.fromkeys(weight.dtype for weight in weights):
        own = [weight for weight in weights if weight.dtype == dtype]
        pieces = [
            weight.new_zeros(weight.numel()) if weight.grad is None else weight.grad.reshape(-1)
            for weight in own
        ]
        there = pieces[0].new_tensor([weight.grad is not None for weight in own])
        vector = torch.cat([*pieces, there])
        group.add(vector)
        *sums, met = torch.split(vector, [*(len(piece) for piece in pieces), len(own)])
        for weight, total, number in zip(own, sums, met.tolist(), strict=True):
            weight.grad = total.view_as(weight) if number > 0 else None


def _exchange_rows(table: nn.Parameter) -> None:
    """Gather the ids and rows that each process met, and add up the rows of equal ids.

    One process's ids differ, so that no order of additions is left open on any device.
    """
    width = table.shape[1:]
    if table.grad is None:
        own = torch.empty(0, dtype=torch.int64, device=table.device), table.new_empty(0, *width)
    else:
        own = distinct_rows(table.grad)
    parts = gather_rows(*own)
    ids, places = torch.unique(torch.cat([part for part, _ in parts]), return_inverse=True)
    total = table.new_zeros(len(ids), *width)
    for (_, rows), where in zip(parts, places.split([len(part) for part, _ in parts]), strict=True):
        total.index_add_(0, where, rows)
    table.grad = torch.sparse_coo_tensor(
        ids.unsqueeze(0), total, table.shape, is_coalesced=True, check_invariants=False
    )
