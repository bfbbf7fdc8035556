"""One step of the optimiser: losses, gradients, their exchange between processes, the move."""

from __future__ import annotations

import functools
import operator
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from recbole_opal.distributed.gradients import exchange
from recbole_opal.distributed.group import together
from recbole_opal.distributed.joint import share_of_loss
from recbole_opal.distributed.sharded_embedding import sharded_embedding_of
from recbole_opal.training.optimizer import split_sparse_parameters
from recbole_opal.training.step_losses import named_losses

__all__ = ["Step"]


class Step:
    """Takes steps of a model, by its settings `enable_amp` and `clip_grad_norm`.

    Args:
        model: its `calculate_loss(batch)` gives the loss or a tuple of its parts.
        settings: of the run; read by their names.
        device: where batches are moved to.
    """

    def __init__(self, model: Any, settings: Any, device: torch.device) -> None:
        self.model, self.settings, self.device = model, settings, device
        self._tables, self._dense = split_sparse_parameters(model)

    def take(self, batch: Any, optimizer: Any, scaler: Any) -> dict[str, Tensor]:
        """Take one step; return the parts of the loss before it, by name.

        They stay where they were computed: reading them would wait for the step.
        """
        batch = batch.to(self.device)
        optimizer.zero_grad()
        with torch.autocast(self.device.type, enabled=bool(self.settings["enable_amp"])):
            losses = self.model.calculate_loss(batch)
        parts = losses if isinstance(losses, tuple) else (losses,)
        loss = share_of_loss(functools.reduce(operator.add, parts))
        # The rows of a table in parts, which all processes exchange, move in the backward pass.
        with nullcontext() if sharded_embedding_of(self.model) is None else together():
            scaler.scale(loss).backward()
        exchange(self._dense, self._tables)
        if self.settings["clip_grad_norm"]:
            scaler.unscale_(optimizer)
            clip_grad_norm_(self.model.parameters(), **self.settings["clip_grad_norm"])
        scaler.step(optimizer)
        scaler.update()
        return named_losses(self.model, parts)
