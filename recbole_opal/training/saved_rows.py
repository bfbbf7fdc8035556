"""Which rows of a table must be written, so that its files say what it is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from recbole_opal.runs.parts import Assembled, Place, Rows

__all__ = ["SavedRows"]

_COLUMNS = ("weights", "exp_avg", "exp_avg_sq")
_MOST_WRITTEN = 3
"""Times the rows that ever moved: beyond, all of them are written anew, so that the files stay
small. With a third of them moved each time, that is every seventh time: 1.17 times the rows."""


@dataclass
class SavedRows:
    """What the files of a run hold of a table and its moments, which move row by row together.

    Attributes:
        base: where the weights lie as they were at the start, when all moments were 0.
        changes: the rows written since, of each column.
        moved: (N,) bool, the rows that ever changed since the start.
        prints: (N,) int64, a sum of the bits of each row when it was last written.
    """

    base: Place
    moved: Tensor
    prints: Tensor
    changes: dict[str, tuple[Rows, ...]] = field(default_factory=dict)
    written: int = 0

    @classmethod
    def starting_at(cls, base: Place, table: Tensor) -> SavedRows:
        """Return what is known of a table that is written down at a place, without moments."""
        moved = torch.zeros(len(table), dtype=torch.bool, device=table.device)
        return cls(base, moved, _prints(table), dict.fromkeys(_COLUMNS, ()))

    def assembled(self) -> dict[str, Assembled]:
        """Return what stands for the weights and both moments."""
        return {
            name: Assembled(self.base, self.changes[name], zero=name != "weights")
            for name in _COLUMNS
        }

    def write(
        self, part: str, columns: Mapping[str, Tensor], marked: Tensor
    ) -> tuple[dict[str, Tensor], bool]:
        """Return what a new part must hold, and whether it stands for all parts before it.

        `columns` are the (N, D) weights and moments, `marked`, (N,) bool, the rows that the
        optimiser has moved since the last time. Rows that something else changed, as a model's own
        class may, show by the sum of their bits.
        """
        prints = _prints(columns["weights"])
        now = marked | (prints != self.prints)
        self.prints, self.moved = prints, self.moved | now
        ids, ever = now.nonzero().flatten(), int(self.moved.sum())
        if not len(ids):
            return {}, False
        anew = self.written + len(ids) > _MOST_WRITTEN * ever
        if anew:
            ids, self.written = self.moved.nonzero().flatten(), 0
            self.changes = dict.fromkeys(_COLUMNS, ())
        self.written += len(ids)
        for name in _COLUMNS:
            more = Rows(Place(part, "ids"), Place(part, name))
            self.changes[name] = (*self.changes[name], more)
        return {"ids": ids, **{name: columns[name][ids] for name in _COLUMNS}}, anew


def _prints(table: Tensor) -> Tensor:
    """Return a sum of the bits of each row, (N,) int64: rows whose sums differ are not the same."""
    kind = {4: torch.int32, 8: torch.int64}.get(table.element_size(), torch.uint8)
    return table.detach().contiguous().view(kind).sum(dim=1, dtype=torch.int64)
