"""What is known of items beside who met them: tokens and numbers, as flat arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["FeatureTable"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FeatureTable:
    """The features of N items, the padding item 0 among them, which has none.

    The tokens of all columns share one numbering: those of a column begin where those of the
    columns before it end, and each column's first, of "no token", is met nowhere.

    Attributes:
        columns: names of the columns of tokens, in their order.
        sizes: how many numbers each of them has, that of "no token" among them.
        offsets: (N + 1,) where the tokens of each item begin.
        tokens: (P,) the tokens of item after item, ascending within an item, each once.
        number_columns: names of the columns of numbers.
        numbers: (N, C) float32, NaN where one is missing.
    """

    columns: tuple[str, ...]
    sizes: tuple[int, ...]
    offsets: IntArray
    tokens: IntArray
    number_columns: tuple[str, ...]
    numbers: npt.NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of items, N."""
        return len(self.offsets) - 1

    @property
    def num_tokens(self) -> int:
        """Numbers that the tokens of all columns take."""
        return sum(self.sizes)

    @property
    def starts(self) -> IntArray:
        """(columns,) the number at which the tokens of each column begin."""
        ends = np.cumsum((0, *self.sizes), dtype=np.int64)
        return ends[:-1]

    def weights(self) -> npt.NDArray[np.float32]:
        """Return (P,) one over how many tokens of the same column the item has.

        A column speaks with the mean of its tokens, however many an item has.
        """
        owners = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        columns = np.searchsorted(self.starts, self.tokens, side="right") - 1
        keys = owners * max(len(self.sizes), 1) + columns
        counts = np.bincount(keys, minlength=1)[keys]
        return (1.0 / counts).astype(np.float32)

    def as_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return it as plain arrays, for a file."""
        return {
            "columns": np.array(self.columns, dtype=np.str_),
            "sizes": np.array(self.sizes, dtype=np.int64),
            "offsets": self.offsets,
            "tokens": self.tokens,
            "number_columns": np.array(self.number_columns, dtype=np.str_),
            "numbers": self.numbers,
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> FeatureTable:
        """Return what `as_arrays` gave; a ValueError tells arrays that do not fit together."""
        found = cls(
            tuple(arrays["columns"].tolist()),
            tuple(arrays["sizes"].tolist()),
            arrays["offsets"].astype(np.int64),
            arrays["tokens"].astype(np.int64),
            tuple(arrays["number_columns"].tolist()),
            arrays["numbers"].astype(np.float32),
        )
        ends = found.offsets
        if (
            len(ends) < 1
            or ends[0] != 0
            or ends[-1] != len(found.tokens)
            or (np.diff(ends) < 0).any()
        ):
            raise ValueError("offsets that are no ranges of the tokens")
        inside = (found.tokens >= 0) & (found.tokens < found.num_tokens)
        if not inside.all() or len(found.columns) != len(found.sizes):
            raise ValueError("tokens of no column")
        if found.numbers.shape != (len(found), len(found.number_columns)):
            raise ValueError(f"numbers of shape {found.numbers.shape}")
        return found
