"""What must hold of a row, and for which rows of a chunk it does."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.conversion.numbers import to_numbers

__all__ = ["TRUTH", "Comparison", "Condition", "Either", "comparisons", "positives"]

BoolArray = npt.NDArray[np.bool_]

TRUTH = frozenset(["true", "false"])
"""Words that are compared in any case."""
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True)
class Comparison:
    """One comparison of a column with a value.

    Attributes:
        column: a column's name.
        operator: `==`, `!=`, `>=`, `<=`, `>` or `<`.
        value: a number is compared as a number (`1.0` equals 1), a text letter by letter, except
            that `true` and `false` are the same in any case.
    """

    column: str
    operator: str
    value: float | str


@dataclass(frozen=True)
class Either:
    """Several conditions of which one must hold.

    Attributes:
        alternatives: the conditions.
    """

    alternatives: tuple[Condition, ...]


Condition: TypeAlias = tuple[Comparison | Either, ...]
"""What must hold, all of it."""


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Yield the comparisons of a condition, from the left to the right.

    Args:
        condition: what `parse_label` returned.
    """
    for one in condition:
        if isinstance(one, Comparison):
            yield one
        else:
            for alternative in one.alternatives:
                yield from comparisons(alternative)


def positives(frame: pd.DataFrame, condition: Condition) -> tuple[BoolArray, BoolArray]:
    """Tell which rows are positive, and of which that cannot be told.

    Args:
        frame: n rows of text columns.
        condition: what must hold.

    Returns:
        (n,) True where the condition holds, (n,) True where that hangs on a cell that is compared
        with a number and is none (empty, `nan`, text); such a row is not positive.
    """
    holds = np.ones(len(frame), dtype=bool)
    unknown = np.zeros(len(frame), dtype=bool)
    for one in condition:
        if isinstance(one, Comparison):
            part, doubtful = _compared(frame, one)
        else:
            part, doubtful = _any_of(frame, one)
        holds &= part
        unknown |= doubtful
    return holds & ~unknown, unknown


def _any_of(frame: pd.DataFrame, either: Either) -> tuple[BoolArray, BoolArray]:
    parts = [positives(frame, alternative) for alternative in either.alternatives]
    holds: BoolArray = np.logical_or.reduce([part for part, _ in parts])
    unknown: BoolArray = np.logical_or.reduce([doubtful for _, doubtful in parts])
    return holds, unknown & ~holds


def _compared(frame: pd.DataFrame, one: Comparison) -> tuple[BoolArray, BoolArray]:
    compare = _OPERATORS[one.operator]
    if isinstance(one.value, str):
        cells = frame[one.column].str.lower() if one.value in TRUTH else frame[one.column]
        return compare(cells, one.value).to_numpy(bool), np.zeros(len(frame), dtype=bool)
    numbers = to_numbers(frame[one.column])
    return compare(numbers, one.value), np.isnan(numbers)
