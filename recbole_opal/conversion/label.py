"""Which rows are positive: a small language of comparisons, parsed here and never evaluated.

condition  = comparison { "and" comparison }
comparison = column operator value
column     = a bare name | `a name in backticks`
operator   = == | != | >= | <= | > | <
value      = a number | 'text' | "text" | a bare word
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.conversion.numbers import to_numbers
from recbole_opal.errors import SettingsError

__all__ = ["Comparison", "parse_label", "positives"]

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<operator>==|!=|>=|<=|>|<)
      | `(?P<column>[^`]+)`
      | '(?P<single>[^']*)' | "(?P<double>[^"]*)"
      | (?P<bare>[^\s=!<>'"`]+)
    )""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_TRUTH = {"true", "false"}


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


def parse_label(text: str) -> tuple[Comparison, ...]:
    """Read a condition, for example `long_view==1 and play_time_ms>=7000`.

    Args:
        text: what was typed; all comparisons must hold.

    Raises:
        SettingsError: it is not of the form above.
    """
    tokens = _tokens(text)
    comparisons = []
    for start in range(0, len(tokens) + 1, 4):
        part = tokens[start : start + 3]
        joint = tokens[start + 3 : start + 4]
        if [kind for kind, _ in part[1:2]] != ["operator"] or len(part) < 3:
            raise _malformed(text, "a comparison is a column, an operator and a value")
        if joint and joint != [("bare", "and")]:
            raise _malformed(text, f"'{joint[0][1]}' stands where only 'and' can")
        comparisons.append(_comparison(text, part))
        if not joint:
            break
    return tuple(comparisons)


def positives(
    frame: pd.DataFrame, comparisons: tuple[Comparison, ...]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Tell which rows are positive, and of which that cannot be told.

    Args:
        frame: n rows of text columns.
        comparisons: what must hold.

    Returns:
        (n,) True where all comparisons hold, (n,) True where a cell that is compared with a number
        is none (empty, `nan`, text); such a row is not positive.
    """
    holds = np.ones(len(frame), dtype=bool)
    unknown = np.zeros(len(frame), dtype=bool)
    for one in comparisons:
        compare = _OPERATORS[one.operator]
        if isinstance(one.value, str):
            cells = frame[one.column].str.lower() if one.value in _TRUTH else frame[one.column]
            holds &= compare(cells, one.value).to_numpy(bool)
            continue
        numbers = to_numbers(frame[one.column])
        unknown |= np.isnan(numbers)
        holds &= compare(numbers, one.value)
    return holds & ~unknown, unknown


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens = []
    place = 0
    while text[place:].strip():
        found = _TOKEN.match(text, place)
        if found is None:
            raise _malformed(text, f"'{text[place:].strip()[:20]}' cannot be read")
        kind = str(found.lastgroup)
        tokens.append((kind, found[kind]))
        place = found.end()
    return tokens


def _comparison(text: str, part: list[tuple[str, str]]) -> Comparison:
    (kind, column), (_, sign), (value_kind, value) = part
    if kind not in ("bare", "column"):
        raise _malformed(text, f"'{column}' stands where a column must")
    if value_kind in ("operator", "column"):
        raise _malformed(text, f"'{value}' stands where a number or a text must")
    if value_kind == "bare" and _NUMBER.fullmatch(value):
        return Comparison(column, sign, float(value))
    if sign not in ("==", "!="):
        raise _malformed(text, f"'{sign}' needs a number behind it")
    word = value.lower() if value_kind == "bare" and value.lower() in _TRUTH else value
    return Comparison(column, sign, word)


def _malformed(text: str, reason: str) -> SettingsError:
    return SettingsError(
        f"--label='{text}': {reason}; write for example --label='long_view==1 and play_ms>=7000'."
    )
