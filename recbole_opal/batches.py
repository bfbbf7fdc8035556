"""The one layout of a batch: item ids laid end to end, row after row, and the rows' lengths.

An encoder that attends over places pads its vectors once (`History.padded`); RecBole's own models,
which want padded ids, are given them by the package that meets RecBole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from recbole_opal.retrieval.pairs import Pairs

__all__ = ["EvaluationBatch", "Histories", "TrainingBatch"]


@dataclass(frozen=True)
class Histories:
    """What B users met.

    Attributes:
        items: (T,) int64 item ids, row after row, oldest first; none is the padding, 0.
        lengths: (B,) int64, items of each row, >= 0; they sum to T.
        times: (T,) float64 seconds, when each item was met; None for models that do not ask.
    """

    items: Tensor
    lengths: Tensor
    times: Tensor | None = None

    def __len__(self) -> int:
        """Return the number of rows, B."""
        return len(self.lengths)

    @classmethod
    def from_padded(cls, items: Tensor, times: Tensor | None = None) -> Histories:
        """Take the items, and their times, out of (B, L) ids padded with 0 at either end."""
        filled = items > 0
        return cls(items[filled], filled.sum(dim=1), None if times is None else times[filled])

    def rows(self) -> Tensor:
        """Return the row of each item, (T,) int64, ascending."""
        numbers = torch.arange(len(self.lengths), device=self.lengths.device)
        return numbers.repeat_interleave(self.lengths, output_size=len(self.items))

    def to(self, device: torch.device | str) -> Histories:
        """Return the batch on a device; a copy to a GPU is asked for, and not waited for."""
        times = None if self.times is None else _moved(self.times, device)
        return Histories(_moved(self.items, device), _moved(self.lengths, device), times)


@dataclass(frozen=True)
class TrainingBatch:
    """Histories up to a cut, and what came after it.

    Attributes:
        histories: of B rows.
        targets: (B, <= W) int64 item ids, right-padded with 0, nearest first.
    """

    histories: Histories
    targets: Tensor

    def __len__(self) -> int:
        """Return the number of rows, B."""
        return len(self.targets)

    def to(self, device: torch.device | str) -> TrainingBatch:
        """Return the batch on a device, see `Histories.to`."""
        return TrainingBatch(self.histories.to(device), _moved(self.targets, device))


@dataclass(frozen=True)
class EvaluationBatch:
    """Rows with all their targets.

    Attributes:
        users: (B,) int64 internal user ids.
        inputs: what the model is asked with: `Histories`, or an interaction of RecBole's for its
            own models.
        excluded: (rows, ids) of the items to leave out of the lists; None: none.
        targets: (rows, ids) of the targets, each pair once.
    """

    users: Tensor
    inputs: Any
    excluded: Pairs | None
    targets: Pairs


def _moved(tensor: Tensor, device: torch.device | str) -> Tensor:
    """Return a tensor on a device; to a GPU through memory that it can read by itself.

    The host goes on to gather the next batch meanwhile; whatever reads the copy comes after it.
    """
    if torch.device(device).type != "cuda" or tensor.device.type != "cpu":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
