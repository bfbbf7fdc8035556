"""Optimisers whose step costs nothing that grows with the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn, optim
from torch.optim import Optimizer

from recbole_opal.distributed.sharded_embedding import sharded_embedding_of
from recbole_opal.training.fused_table import FusedTable
from recbole_opal.training.row_adagrad import RowAdagrad
from recbole_opal.training.row_adam import RowAdam

__all__ = ["JointOptimizer", "build_optimizer", "set_rate", "split_sparse_parameters"]

_LEARNERS: dict[str, Any] = {
    "adam": optim.Adam,
    "adamw": optim.AdamW,
    "sgd": optim.SGD,
    "adagrad": optim.Adagrad,
    "rmsprop": optim.RMSprop,
    "sparse_adam": lambda parameters, lr, weight_decay: RowAdam(parameters, lr=lr),
}

_TABLES: dict[str, Any] = {"adam": RowAdam, "rowwise_adagrad": RowAdagrad}
"""What moves tables whose gradients are sparse, by `item_optimizer`."""


class JointOptimizer:
    """Several optimisers that step together, each with parameters of its own."""

    def __init__(self, optimizers: Sequence[Optimizer | FusedTable]) -> None:
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
        """Take back the states that `state_dict` gave."""
        for optimizer, own in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(own)


def build_optimizer(model: nn.Module, settings: Any) -> Optimizer | JointOptimizer:
    """Return the optimiser of a model, with one of its own for tables whose gradients are sparse.

    `settings` say `learner`, `learning_rate`, `weight_decay`, which does not touch those tables,
    and perhaps `item_optimizer`: theirs. A table in parts moves by itself, see `FusedTable`.
    Under cosines their rows are normalised whenever they are used, so that their length changes
    the step size at most; under inner products the settings' check refuses it. Rows that a batch
    does not look up keep their moments, unlike in dense Adam. A module that says
    `without_decay = True` is spared the decay too.
    """
    rate, make = settings["learning_rate"], _LEARNERS[settings["learner"].lower()]
    sparse, rest = split_sparse_parameters(model)
    groups = _spared_from_decay(model, rest)
    options = {"weight_decay": settings["weight_decay"], **_in_one_pass(make, rest)}
    dense = [make(groups, lr=rate, **options)] if rest else []
    asked = "item_optimizer" in settings and settings["item_optimizer"]
    tables: list[Any] = [_TABLES[asked or "adam"](sparse, lr=rate)] if sparse else []
    shared = sharded_embedding_of(model)
    if shared is not None:
        tables.insert(0, FusedTable(shared, rate))
    return JointOptimizer([*tables, *dense]) if tables else dense[0]


def set_rate(optimizer: Optimizer | JointOptimizer, rate: float) -> None:
    """Let the next step of every part of the optimiser have this learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def split_sparse_parameters(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Return the parameters whose gradients are sparse (tables), and all others."""
    tables = {
        id(module.weight)
        for module in model.modules()
        if isinstance(module, nn.Embedding) and module.sparse
    }
    sparse = [parameter for parameter in model.parameters() if id(parameter) in tables]
    rest = [parameter for parameter in model.parameters() if id(parameter) not in tables]
    return sparse, rest


def _in_one_pass(make: Any, parameters: list[nn.Parameter]) -> dict[str, bool]:
    """Let Adam read each parameter once on a processor; elsewhere torch chooses how."""
    known = make in (optim.Adam, optim.AdamW)
    on_processor = all(p.device.type == "cpu" and p.is_floating_point() for p in parameters)
    return {"fused": True} if known and on_processor else {}


def _spared_from_decay(model: nn.Module, parameters: list[nn.Parameter]) -> list[Any]:
    """Return the parameters, in two groups where some module asks for no weight decay."""
    spared = {
        id(parameter)
        for module in model.modules()
        if getattr(module, "without_decay", False)
        for parameter in module.parameters()
    }
    if not spared:
        return parameters
    decayed = [parameter for parameter in parameters if id(parameter) not in spared]
    free = [parameter for parameter in parameters if id(parameter) in spared]
    return [{"params": decayed}, {"params": free, "weight_decay": 0.0}]
