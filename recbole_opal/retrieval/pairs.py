"""Pairs of (row, item id), sorted by id so that a block of items finds its own by slicing."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from recbole_opal.errors import RetrievalError
from recbole_opal.retrieval.types import Pairs

__all__ = ["ExcludedPairs", "check_pairs"]


def check_pairs(pairs: Pairs, num_rows: int, num_items: int, device: torch.device) -> Pairs:
    """Return the pairs on the device after checking shapes and ranges.

    Args:
        pairs: `(rows, ids)`, both `(P,)` int64.
        num_rows: rows must lie in `[0, num_rows)`.
        num_items: ids must lie in `[0, num_items)`.
        device: where the result lies.

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
class ExcludedPairs:
    """Pairs that must not be returned, sorted by item id.

    Attributes:
        rows: `(P,)` int64.
        ids: `(P,)` int64, ascending.
    """

    rows: Tensor
    ids: Tensor

    @classmethod
    def of(
        cls, pairs: Pairs | None, num_rows: int, num_items: int, device: torch.device
    ) -> "ExcludedPairs":
        """Check and sorts the pairs; `None` stands for no pairs. Repeats collapse."""
        if pairs is None:
            empty = torch.empty(0, dtype=torch.int64, device=device)
            return cls(empty, empty)
        rows, ids = check_pairs(pairs, num_rows, num_items, device)
        keys = torch.unique(ids * num_rows + rows)  # sorted: by id, then by row
        return cls(keys % max(num_rows, 1), keys // max(num_rows, 1))

    def counts(self, num_rows: int) -> Tensor:
        """Return `(B,)` int64, how many items besides the padding each row excludes."""
        return torch.bincount(self.rows[self.ids > 0], minlength=num_rows)

    def for_rows(self, chosen: Tensor, num_rows: int) -> "ExcludedPairs":
        """Return the pairs of the chosen rows, renumbered by their place in `chosen`."""
        place = torch.full((num_rows,), -1, dtype=torch.int64, device=self.rows.device)
        place[chosen] = torch.arange(len(chosen), device=self.rows.device)
        renumbered = place[self.rows]
        keep = renumbered >= 0
        return ExcludedPairs(renumbered[keep], self.ids[keep])

    def slices(self, starts: Sequence[int]) -> list[Pairs]:
        """Return for each block the pairs inside it, as (row, column of the block).

        Args:
            starts: first item of each block, ascending, from 0.
        """
        edges = torch.tensor(starts, dtype=torch.int64, device=self.ids.device)
        cuts = [*torch.searchsorted(self.ids, edges).tolist(), len(self.ids)]
        return [
            (self.rows[left:right], self.ids[left:right] - start)
            for start, left, right in zip(starts, cuts, cuts[1:], strict=False)
        ]
