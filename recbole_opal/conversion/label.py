"""Which rows are positive: a small language of comparisons, parsed here and written as SQL.

condition   = alternative { "or" alternative }
alternative = part { "and" part }
part        = comparison | "(" condition ")"
comparison  = column operator value | column [ "not" ] "in" "(" value { "," value } ")"
column      = a bare name | `a name in backticks`
operator    = == | != | >= | <= | > | <
value       = a number | 'text' | "text" | a bare word
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from recbole_opal.errors import SettingsError
from recbole_opal.sql import literal

__all__ = ["Comparison", "Condition", "comparisons", "in_sql", "parse_label", "short"]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<operator>==|!=|>=|<=|>|<)
      | (?P<mark>[(),])
      | `(?P<column>[^`]+)`
      | '(?P<single>[^']*)' | "(?P<double>[^"]*)"
      | (?P<bare>[^\s=!<>'"`(),]+)
    )""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_TRUTH = ("true", "false")  # words that are compared in any case
_SHOWN = 200  # characters
_DEEPEST = 20  # brackets within brackets


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
    """Several conditions of which one must hold."""

    alternatives: tuple[Condition, ...]


Condition: TypeAlias = tuple[Comparison | Either, ...]
"""What must hold, all of it."""


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Yield the comparisons of a condition, from the left to the right."""
    for one in condition:
        if isinstance(one, Comparison):
            yield one
        else:
            for alternative in one.alternatives:
                yield from comparisons(alternative)


def in_sql(condition: Condition, cell: Callable[[str], str]) -> str:
    """Return a condition in SQL, NULL where it hangs on a cell that should be a number and is none.

    Args:
        condition: what `parse_label` returned.
        cell: from a column's name to the text of its cell in SQL.
    """
    parts = []
    for one in condition:
        if isinstance(one, Either):
            parts.append(f"({' OR '.join(in_sql(part, cell) for part in one.alternatives)})")
        elif isinstance(one.value, float):
            value = literal(repr(one.value))
            parts.append(f"number({cell(one.column)}) {one.operator} CAST({value} AS DOUBLE)")
        else:
            text = f"lower({cell(one.column)})" if one.value in _TRUTH else cell(one.column)
            parts.append(f"{text} {one.operator} {literal(one.value)}")
    return f"({' AND '.join(parts)})"


def short(text: str) -> str:
    """Return a condition as it is shown: one line, and its beginning alone where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."


@dataclass(frozen=True)
class _Token:
    """A piece of the text."""

    kind: str  # operator, mark, column, single, double or bare; end behind the last
    text: str  # without its quotes
    place: int  # of its first character, from 1


def parse_label(text: str) -> Condition:
    """Read a condition, for example `event in (cart, purchase) or rating>=4`.

    Raises:
        SettingsError: it is not of the form above.
    """
    return _Parser(text).whole()


class _Parser:
    """Reads from the left to the right, one method for each part of the grammar."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split()
        self._at = 0

    def whole(self) -> Condition:
        condition = self._condition(0)
        rest = self._next
        if rest.kind == "mark":
            fix = "put a text that holds brackets or commas between quotes"
            raise self._wrong(rest, f"stands where only 'and' or 'or' can ({fix})")
        if rest.kind != "end":
            raise self._wrong(rest, "stands where only 'and' or 'or' can")
        return condition

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += token.kind != "end"
        return token

    def _takes(self, kind: str, word: str) -> bool:
        """Go on behind the next token if it is this word."""
        found = self._next.kind == kind and self._next.text.lower() == word
        self._at += found
        return found

    def _condition(self, depth: int) -> Condition:
        alternatives = [self._alternative(depth)]
        while self._takes("bare", "or"):
            alternatives.append(self._alternative(depth))
        return alternatives[0] if len(alternatives) == 1 else (Either(tuple(alternatives)),)

    def _alternative(self, depth: int) -> Condition:
        parts = self._part(depth)
        while self._takes("bare", "and"):
            parts += self._part(depth)
        return parts

    def _part(self, depth: int) -> Condition:
        start = self._next
        if not self._takes("mark", "("):
            return self._comparison()
        if depth == _DEEPEST:
            raise self._wrong(start, f"opens more than {_DEEPEST} brackets")
        inner = self._condition(depth + 1)
        if not self._takes("mark", ")"):
            raise self._wrong(self._next, f"stands where the ')' of character {start.place} must")
        return inner

    def _comparison(self) -> Condition:
        column = self._take()
        if column.kind not in ("bare", "column"):
            raise self._wrong(column, "stands where a column must")
        sign = self._next
        inverted = self._takes("bare", "not")
        if self._takes("bare", "in"):
            return self._membership(column, inverted)
        if inverted or sign.kind != "operator":
            known = "==, !=, >=, <=, >, <, in or not in"
            raise self._wrong(self._next, f"stands where {known} must, behind '{column.text}'")
        self._take()
        value = self._value()
        if isinstance(value, str) and sign.text not in ("==", "!="):
            raise self._wrong(sign, "needs a number behind it")
        return (Comparison(column.text, sign.text, value),)

    def _membership(self, column: _Token, inverted: bool) -> Condition:
        start = self._next
        if not self._takes("mark", "("):
            raise self._wrong(start, "stands where the '(' of a list must")
        values = [self._value()]
        while self._takes("mark", ","):
            values.append(self._value())
        if not self._takes("mark", ")"):
            raise self._wrong(self._next, "stands where only ',' or ')' can")
        if len({isinstance(value, str) for value in values}) > 1:
            fix = "put quotes around all of them, or around none"
            raise self._wrong(start, f"opens a list of numbers and texts: {fix}")
        if inverted:
            return tuple(Comparison(column.text, "!=", value) for value in values)
        return (Either(tuple((Comparison(column.text, "==", value),) for value in values)),)

    def _value(self) -> float | str:
        token = self._take()
        if token.kind not in ("bare", "single", "double"):
            raise self._wrong(token, "stands where a number or a text must")
        if token.kind != "bare":
            return token.text
        if _NUMBER.fullmatch(token.text):
            return float(token.text)
        word = token.text.lower()
        return word if word in _TRUTH else token.text

    def _split(self) -> list[_Token]:
        tokens = []
        place = 0
        while self._text[place:].strip():
            found = _TOKEN.match(self._text, place)
            if found is None:
                start = len(self._text) - len(self._text[place:].lstrip())
                rest = self._text[start:].strip()[:20]
                raise self._malformed(f"'{rest}' cannot be read, at character {start + 1}")
            kind = str(found.lastgroup)
            quoted = kind in ("column", "single", "double")
            tokens.append(_Token(kind, found[kind], found.start(kind) + 1 - quoted))
            place = found.end()
        return [*tokens, _Token("end", "", len(self._text) + 1)]

    def _wrong(self, token: _Token, what: str) -> SettingsError:
        if token.kind == "end":
            return self._malformed(f"the end {what}")
        return self._malformed(f"'{token.text[:40]}' {what}, at character {token.place}")

    def _malformed(self, reason: str) -> SettingsError:
        return SettingsError(
            f"--label='{short(self._text)}': {reason}; write for example --label='long_view==1 and "
            "play_ms>=7000' or --label='event in (cart, purchase)'."
        )
