"""Pairs of (row, item id), sorted by id so that a block of items finds its own by slicing."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from recbole_opal.errors import RetrievalError
from recbole_opal.retrieval.types import Pairs

__all__ = ["ExcludedPairs", "ItemBlock", "check_pairs"]


def check_pairs(pairs: Pairs, num_rows: int, num_items: int, device: torch.device) -> Pairs:
    """Return the pairs on the device after checking shapes and ranges.

    Raises:
        RetrievalError: lengths differ, or a row or an id is out of range.
    """
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
class ItemBlock:
    """Some items at a time, with the pairs among them that must not be returned.

    Attributes:
        items: the block's place in the item table.
        rows: of the pairs.
        columns: of the pairs, counted from the block's first item.
    """

    items: slice
    rows: Tensor
    columns: Tensor

    def mask(self, scores: Tensor) -> None:
        """Set the padding and the excluded pairs of `(B, n)` scores to `-inf`, in place."""
        if self.items.start == 0:
            scores[:, 0] = -torch.inf
        scores[self.rows, self.columns] = -torch.inf


@dataclass(frozen=True)
class ExcludedPairs:
    """Pairs that must not be returned, `(P,)` int64 rows and ids, sorted by item id."""

    rows: Tensor
    ids: Tensor

    @classmethod
    def of(
        cls, pairs: Pairs | None, num_rows: int, num_items: int, device: torch.device
    ) -> "ExcludedPairs":
        """Check and sort the pairs; `None` stands for no pairs. Repeats collapse."""
        if pairs is None:
            empty = torch.empty(0, dtype=torch.int64, device=device)
            return cls(empty, empty)
        rows, ids = check_pairs(pairs, num_rows, num_items, device)
        keys = torch.unique(ids * num_rows + rows)  # sorted: by id, then by row
        return cls(keys % max(num_rows, 1), keys // max(num_rows, 1))

    def counts(self, num_rows: int) -> Tensor:
        """Return `(B,)` int64, how many items besides the padding each row excludes."""
        return torch.bincount(self.rows[self.ids > 0], minlength=num_rows)

    def holds(self, rows: Tensor, ids: Tensor, num_rows: int) -> Tensor:
        """Tell which of the pairs are among these."""
        return torch.isin(ids * num_rows + rows, self.ids * num_rows + self.rows)

    def for_rows(self, chosen: Tensor, num_rows: int) -> "ExcludedPairs":
        """Return the pairs of the chosen rows, renumbered by their place in `chosen`."""
        place = torch.full((num_rows,), -1, dtype=torch.int64, device=self.rows.device)
        place[chosen] = torch.arange(len(chosen), device=self.rows.device)
        renumbered = place[self.rows]
        keep = renumbered >= 0
        return ExcludedPairs(renumbered[keep], self.ids[keep])

    def blocks(self, num_items: int, size: int) -> Iterator[ItemBlock]:
        """Yield the items from 0 on, `size` at a time."""
        starts = range(0, num_items, size)
        edges = torch.tensor(starts, dtype=torch.int64, device=self.ids.device)
        cuts = [*torch.searchsorted(self.ids, edges).tolist(), len(self.ids)]
        for start, left, right in zip(starts, cuts, cuts[1:], strict=False):
            items = slice(start, min(start + size, num_items))
            yield ItemBlock(items, self.rows[left:right], self.ids[left:right] - start)
