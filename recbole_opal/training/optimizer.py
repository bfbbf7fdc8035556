"""Optimisers whose step costs nothing that grows with the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import nn
from torch.optim import Optimizer, SparseAdam

__all__ = ["JointOptimizer", "split_sparse_parameters", "with_sparse_tables"]


class JointOptimizer:
    """Several optimisers that step together, with the interface RecBole's loop uses.

    Args:
        optimizers: each with parameters of its own.
    """

    def __init__(self, optimizers: Sequence[Optimizer]) -> None:
        self.optimizers = list(optimizers)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The parameter groups of all optimisers."""
        return [group for optimizer in self.optimizers for group in optimizer.param_groups]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=set_to_none)

    def step(self) -> None:
        """Take one step with each."""
        for optimizer in self.optimizers:
            optimizer.step()

    def state_dict(self) -> dict[str, Any]:
        """Return the states in order."""
        return {"optimizers": [optimizer.state_dict() for optimizer in self.optimizers]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take the states back.

        Args:
            state: what `state_dict` gave.
        """
        for optimizer, own in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(own)


def split_sparse_parameters(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Return the parameters whose gradients are sparse (tables), and all others.

    Args:
        model: any module.
    """
    tables = {
        id(module.weight)
        for module in model.modules()
        if isinstance(module, nn.Embedding) and module.sparse
    }
    sparse = [parameter for parameter in model.parameters() if id(parameter) in tables]
    rest = [parameter for parameter in model.parameters() if id(parameter) not in tables]
    return sparse, rest


def with_sparse_tables(
    model: nn.Module, learning_rate: float, dense: Callable[..., Optimizer], **kwargs: Any
) -> Any:
    """Return the optimiser of a model, with SparseAdam for tables whose gradients are sparse.

    `weight_decay` does not touch those tables. Under cosines their rows are normalised whenever
    they are used, so that their length changes the step size at most; under inner products the
    settings' check refuses it. Rows that a batch does not look up keep their moments, unlike in
    dense Adam.

    Args:
        model: any module.
        learning_rate: of the tables.
        dense: makes the optimiser of the other parameters, or of all where there is no such table.
        **kwargs: what it takes.
    """
    sparse, rest = split_sparse_parameters(model)
    if not sparse:
        return dense(**kwargs)
    optimizers: list[Optimizer] = [SparseAdam(sparse, lr=learning_rate)]
    if rest:
        optimizers.append(dense(params=rest, **kwargs))
    return JointOptimizer(optimizers)
