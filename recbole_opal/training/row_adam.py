"""Adam on the rows of a table that a batch looked up."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.optim import SparseAdam

__all__ = ["RowAdam", "distinct_rows"]


class RowAdam(SparseAdam):
    """torch's `SparseAdam`, its formula and state, written with the rows themselves.

    Rows that a batch does not look up keep their values and moments. Ids that ascend differ, and
    their gradients are taken as they are: to add up the gradients of equal ids, which torch does
    first, costs more than all the rest.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._moved: dict[Tensor, Tensor] = {}  # not in the state: what is saved is moved no more

    def take_moved(self, table: Tensor) -> Tensor:
        """Return which rows of a table have moved since this was asked last, (N,) bool."""
        nothing = torch.zeros(len(table), dtype=torch.bool, device=table.device)
        return self._moved.pop(table, nothing)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Take one step; see `torch.optim.Optimizer.step`."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for table in group["params"]:
                if table.grad is not None:
                    state = self.state[table] or self._begun(table)
                    state["step"] += 1
                    ids, rows = distinct_rows(table.grad)
                    self._mark(table, ids)
                    _move(table, ids, rows, state, group)
        return loss

    def _mark(self, table: Tensor, ids: Tensor) -> None:
        if table not in self._moved:
            self._moved[table] = torch.zeros(len(table), dtype=torch.bool, device=table.device)
        self._moved[table].index_fill_(0, ids, True)

    def _begun(self, table: Tensor) -> dict[str, Any]:
        """Give a table moments of zero."""
        moments = {name: torch.zeros_like(table) for name in ("exp_avg", "exp_avg_sq")}
        self.state[table] = {"step": 0, **moments}
        state: dict[str, Any] = self.state[table]
        return state


def distinct_rows(gradient: Tensor) -> tuple[Tensor, Tensor]:
    """Return the ids of a sparse gradient, each once, and their rows."""
    if not gradient.is_sparse:
        raise RuntimeError("rows are moved of tables with sparse gradients only; take Adam.")
    ids = gradient._indices()[0]
    if not bool((ids[1:] > ids[:-1]).all()):
        gradient = gradient.coalesce()
    return gradient._indices()[0], gradient._values()


def _move(
    table: Tensor, ids: Tensor, rows: Tensor, state: dict[str, Any], group: dict[str, Any]
) -> None:
    """Update the moments of the rows, and the rows by them (Kingma & Ba 2015, algorithm 1)."""
    rows = -rows if group["maximize"] else rows
    first, second = group["betas"]
    mean = state["exp_avg"][ids].lerp_(rows, 1 - first)
    square = state["exp_avg_sq"][ids].mul_(second).addcmul_(rows, rows, value=1 - second)
    state["exp_avg"].index_copy_(0, ids, mean)
    state["exp_avg_sq"].index_copy_(0, ids, square)
    unbiased = math.sqrt(1 - second ** state["step"]) / (1 - first ** state["step"])
    size = float(group["lr"]) * unbiased
    table.index_add_(0, ids, mean.div_(square.sqrt_().add_(group["eps"])), alpha=-size)
