"""A table in parts, whose rows move in the backward pass, in the place of an optimiser."""

from __future__ import annotations

from typing import Any

from recbole_opal.distributed.sharded_embedding import ShardedEmbedding

__all__ = ["FusedTable"]


class FusedTable:
    """Tells a `ShardedEmbedding` its learning rate, and keeps the state of its row-wise Adagrad.

    It begins with sums of zero. Its state has the form of `RowAdagrad`'s of a table in one piece,
    so that a run goes on with any number of processes.
    """

    def __init__(self, table: ShardedEmbedding, rate: float) -> None:
        self.table = table
        self.param_groups: list[dict[str, Any]] = [{"lr": rate}]
        table.sums.zero_()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Hand the rate on before the backward pass, which forgets its gradients by itself."""
        self.table.set_rate(float(self.param_groups[0]["lr"]))

    def step(self) -> None:
        """Do nothing: the backward pass has moved the rows."""

    def state_dict(self) -> dict[str, Any]:
        """Return the sums of this process's part."""
        groups = [{**self.param_groups[0], "params": [0]}]
        return {"state": {0: {"sum": self.table.sums.clone()}}, "param_groups": groups}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what `state_dict` gave."""
        (given,) = state["param_groups"]
        self.param_groups[0]["lr"] = given["lr"]
        found = state["state"].get(0)
        self.table.sums.copy_(found["sum"]) if found else self.table.sums.zero_()
