"""Pairs of (row, item id), sorted by id so that a block of items finds its own by slicing."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from recbole_opal.errors import RetrievalError

__all__ = ["ExcludedPairs", "Pairs", "check_pairs"]

Pairs = tuple[Tensor, Tensor]
"""`(rows, ids)`: two int64 tensors of shape `(P,)`, a row of the batch and an item id each."""


def check_pairs(pairs: Pairs, num_rows: int, num_items: int, device: torch.device) -> Pairs:
    """Return the pairs on the device; shapes and ranges that do not fit are a RetrievalError."""
    rows, ids = (part.to(device=device, dtype=torch.int64) for part in pairs)
    if rows.ndim != 1 or rows.shape != ids.shape:
        raise RetrievalError(
            f"pairs need two flat tensors of one length, got shapes {tuple(rows.shape)} and "
            f"{tuple(ids.shape)}; pass (rows, ids)"
        )
    for name, part, bound in (("row", rows, num_rows), ("item id", ids, num_items)):
        if part.numel() and (int(part.min()) < 0 or int(part.max()) >= bound):
            raise RetrievalError(
                f"{name} {int(part.min())}..{int(part.max())} of a pair lies outside 0..{bound - 1}"
                "; build the pairs from this batch and these items"
            )
    return rows, ids


@dataclass(frozen=True)
class ExcludedPairs:
    """What must not be returned, the padding too: `(P,)` int64 rows and ids, sorted by id."""

    rows: Tensor
    ids: Tensor
    num_rows: int

    @classmethod
    def of(
        cls, pairs: Pairs | None, num_rows: int, num_items: int, device: torch.device
    ) -> "ExcludedPairs":
        """Check and sort the pairs; `None` stands for no pairs. Repeats collapse."""
        keys = torch.arange(num_rows, device=device)  # of the padding
        if pairs is not None:
            rows, ids = check_pairs(pairs, num_rows, num_items, device)
            keys = torch.unique(torch.cat((keys, ids * num_rows + rows)))  # sorted by id, then row
        return cls(keys % max(num_rows, 1), keys // max(num_rows, 1), num_rows)

    def counts(self) -> Tensor:
        """Return `(B,)` int64, how many items each row excludes, the padding among them."""
        return torch.bincount(self.rows, minlength=self.num_rows)

    def holds(self, rows: Tensor, ids: Tensor) -> Tensor:
        """Tell which of the pairs are among these."""
        return torch.isin(ids * self.num_rows + rows, self.ids * self.num_rows + self.rows)

    def for_rows(self, chosen: Tensor) -> "ExcludedPairs":
        """Return the pairs of the chosen rows, renumbered by their place in `chosen`."""
        place = torch.full((self.num_rows,), -1, dtype=torch.int64, device=self.rows.device)
        place[chosen] = torch.arange(len(chosen), device=self.rows.device)
        renumbered = place[self.rows]
        keep = renumbered >= 0
        return ExcludedPairs(renumbered[keep], self.ids[keep], len(chosen))

    def blocks(self, table: Tensor, size: int) -> Iterator[tuple[int, Tensor, Pairs]]:
        """Yield some items at a time: the first one's id, vectors, rows and columns of pairs."""
        starts = range(0, len(table), size)
        edges = torch.tensor([*starts, len(table)], device=self.ids.device)
        counts = torch.searchsorted(self.ids, edges).diff().tolist()
        parts = zip(torch.split(self.rows, counts), torch.split(self.ids, counts), strict=True)
        for start, (rows, ids) in zip(starts, parts, strict=True):
            yield start, table[start : start + size], (rows, ids - start)
