"""Adagrad with one sum a row, on the rows of a table that a batch looked up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from recbole_opal.distributed.sharded_embedding import EPSILON
from recbole_opal.training.row_adam import distinct_rows

__all__ = ["RowAdagrad"]


class RowAdagrad(Optimizer):
    """Adagrad whose sum of squares is the row's mean over columns: a number a row, not two vectors.

    With G the sum of a row, g its gradient and D its columns, G <- G + |g|^2 / D and
    row <- row - lr g / (sqrt(G) + eps). Rows that a batch does not look up stay as they are.

    Source: Duchi et al. 2011; by rows as in FBGEMM's `EXACT_ROWWISE_ADAGRAD`, which moves a table
    in parts.

    Args:
        parameters: (N, D) tables with sparse gradients.
        lr: learning rate.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float) -> None:
        super().__init__(parameters, {"lr": lr})

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take a state; of a table that was cut by columns, the mean of its parts' sums."""
        super().load_state_dict(state_dict)
        for state in self.state.values():
            state["sum"] = state["sum"].mean(dim=1, keepdim=True)

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
                    state = self.state[table]
                    if not state:
                        state["sum"] = table.new_zeros(len(table), 1)
                    _move(table, *distinct_rows(table.grad), state["sum"], float(group["lr"]))
        return loss


def _move(table: Tensor, ids: Tensor, rows: Tensor, sums: Tensor, rate: float) -> None:
    total = sums[ids] + rows.square().mean(dim=1, keepdim=True)
    sums.index_copy_(0, ids, total)
    table.index_add_(0, ids, rows / (total.sqrt() + EPSILON), alpha=-rate)
