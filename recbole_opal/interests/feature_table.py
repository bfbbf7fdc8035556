"""What is known of items beside who met them: tokens and numbers, as flat arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["FeatureTable", "TokenColumn"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TokenColumn:
    """Which item has which tokens of a column, as pairs.

    Attributes:
        name: of the column.
        several: whether an item may have several.
        size: how many numbers its tokens take, 0, of "no token", among them.
        items: (P,) in [0, N).
        tokens: (P,) in [1, size).
    """

    name: str
    several: bool
    size: int
    items: IntArray
    tokens: IntArray


@dataclass(frozen=True)
class FeatureTable:
    """The features of N items; a padding item has none.

    The tokens of all columns share one numbering: those of a column begin where those of the
    columns before it end, and each column's first, of "no token", is met nowhere.

    Attributes:
        columns: names of the columns of tokens, in their order.
        several: whether an item may have several tokens of a column, for each of them.
        sizes: how many numbers each of them takes, that of "no token" among them.
        offsets: (N + 1,) where the tokens of each item begin.
        tokens: (P,) the tokens of item after item, ascending within an item, each once.
        number_columns: names of the columns of numbers.
        numbers: (N, C) float32, NaN where one is missing.
    """

    columns: tuple[str, ...]
    several: tuple[bool, ...]
    sizes: tuple[int, ...]
    offsets: IntArray
    tokens: IntArray
    number_columns: tuple[str, ...]
    numbers: npt.NDArray[np.float32]

    @classmethod
    def of_columns(
        cls,
        num_items: int,
        columns: Sequence[TokenColumn],
        numbers: Mapping[str, npt.NDArray[np.floating[Any]]],
    ) -> FeatureTable:
        """Return the table of some columns of N items.

        Args:
            num_items: N.
            columns: of tokens, in their order; a pair that is there twice counts once.
            numbers: (N,) of each column of numbers, NaN where one is missing.
        """
        sizes = [column.size for column in columns]
        keys, width = [np.empty(0, dtype=np.int64)], max(sum(sizes), 1)
        for start, column in zip(np.cumsum([0, *sizes]), columns, strict=False):
            keys.append(column.items * width + start + column.tokens)
        items, tokens = np.divmod(np.unique(np.concatenate(keys)), width)
        counts = np.bincount(items, minlength=num_items)
        table = np.full((num_items, len(numbers)), np.nan, dtype=np.float32)
        for place, values in enumerate(numbers.values()):
            table[:, place] = values
        return cls(
            tuple(column.name for column in columns),
            tuple(column.several for column in columns),
            tuple(sizes),
            np.concatenate([[0], counts.cumsum()]).astype(np.int64),
            tokens.astype(np.int64),
            tuple(numbers),
            table,
        )

    def __len__(self) -> int:
        """Return the number of items, N."""
        return len(self.offsets) - 1

    @property
    def num_tokens(self) -> int:
        """Numbers that the tokens of all columns take."""
        return sum(self.sizes)

    def weights(self) -> npt.NDArray[np.float32]:
        """Return (P,) one over how many tokens of the same column the item has.

        A column speaks with the mean of its tokens, however many an item has.
        """
        owners = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        ends = np.cumsum(self.sizes, dtype=np.int64)
        keys = owners * max(len(ends), 1) + np.searchsorted(ends, self.tokens, side="right")
        shares: npt.NDArray[np.float32] = (1.0 / np.bincount(keys)[keys]).astype(np.float32)
        return shares

    def as_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return it as plain arrays, for a file."""
        return {
            "columns": np.array(self.columns, dtype=np.str_),
            "several": np.array(self.several, dtype=np.bool_),
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
            tuple(arrays["several"].tolist()),
            tuple(arrays["sizes"].tolist()),
            arrays["offsets"].astype(np.int64),
            arrays["tokens"].astype(np.int64),
            tuple(arrays["number_columns"].tolist()),
            arrays["numbers"].astype(np.float32),
        )
        bounds = [*found.offsets[:1].tolist(), *found.offsets[-1:].tolist()]
        if bounds != [0, len(found.tokens)] or bool((np.diff(found.offsets) < 0).any()):
            raise ValueError("offsets that are no ranges of the tokens")
        inside = (found.tokens >= 0) & (found.tokens < found.num_tokens)
        same = len(found.columns) == len(found.sizes) == len(found.several)
        if not (same and bool(inside.all())):
            raise ValueError("tokens of no column")
        if found.numbers.shape != (len(found), len(found.number_columns)):
            raise ValueError(f"numbers of shape {found.numbers.shape}")
        return found
