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
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recbole_opal.conversion.cells import raw
from recbole_opal.errors import SettingsError
from recbole_opal.sql import literal

__all__ = ["Label", "parse_label", "short"]

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
class Label:
    """A condition as SQL, NULL where it hangs on a cell that should be a number and is none.

    A number is compared as a number (`1.0` equals 1), a text letter by letter, except that `true`
    and `false` are the same in any case.

    Attributes:
        text: as it was typed.
        sql: over the texts of the cells, a column's by `raw`.
        columns: that it looks at.
        numbers: those of them that are compared as numbers.
    """

    text: str
    sql: str
    columns: tuple[str, ...]
    numbers: tuple[str, ...]


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


def parse_label(text: str, raw: Callable[[str], str] = raw) -> Label:
    """Read a condition, for example `event in (cart, purchase) or rating>=4`.

    Args:
        text: what stands behind `--label`.
        raw: from a column's name to the text of its cell in SQL.

    Raises:
        SettingsError: it is not of the form above.
    """
    parser = _Parser(text, raw)
    sql = parser.whole()
    columns = tuple(dict.fromkeys(name for name, _ in parser.compared))
    numbers = tuple(dict.fromkeys(name for name, number in parser.compared if number))
    return Label(text, sql, columns, numbers)


class _Parser:
    """Reads from the left to the right, one method for each part of the grammar."""

    def __init__(self, text: str, raw: Callable[[str], str]) -> None:
        self._text, self._raw = text, raw
        self._tokens = self._split()
        self._at = 0
        self.compared: list[tuple[str, bool]] = []  # columns, and whether as numbers

    def whole(self) -> str:
        sql = self._condition(0)
        rest = self._next
        if rest.kind == "mark":
            fix = "put a text that holds brackets or commas between quotes"
            raise self._wrong(rest, f"stands where only 'and' or 'or' can ({fix})")
        if rest.kind != "end":
            raise self._wrong(rest, "stands where only 'and' or 'or' can")
        return sql

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

    def _condition(self, depth: int) -> str:
        sql = self._alternative(depth)
        while self._takes("bare", "or"):
            sql += f" OR {self._alternative(depth)}"
        return f"({sql})"

    def _alternative(self, depth: int) -> str:
        sql = self._part(depth)
        while self._takes("bare", "and"):
            sql += f" AND {self._part(depth)}"
        return sql

    def _part(self, depth: int) -> str:
        start = self._next
        if not self._takes("mark", "("):
            return self._comparison()
        if depth == _DEEPEST:
            raise self._wrong(start, f"opens more than {_DEEPEST} brackets")
        inner = self._condition(depth + 1)
        if not self._takes("mark", ")"):
            raise self._wrong(self._next, f"stands where the ')' of character {start.place} must")
        return inner

    def _comparison(self) -> str:
        column = self._take()
        if column.kind not in ("bare", "column"):
            raise self._wrong(column, "stands where a column must")
        sign = self._next
        inverted = self._takes("bare", "not")
        if self._takes("bare", "in"):
            return self._compared(column.text, "NOT IN" if inverted else "IN", self._list())
        if inverted or sign.kind != "operator":
            known = "==, !=, >=, <=, >, <, in or not in"
            raise self._wrong(self._next, f"stands where {known} must, behind '{column.text}'")
        self._take()
        value = self._value()
        if isinstance(value, str) and sign.text not in ("==", "!="):
            raise self._wrong(sign, "needs a number behind it")
        return self._compared(column.text, sign.text, [value])

    def _list(self) -> list[float | str]:
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
        return values

    def _compared(self, column: str, sign: str, values: Sequence[float | str]) -> str:
        cell, is_number = self._raw(column), isinstance(values[0], float)
        self.compared.append((column, is_number))
        if is_number:
            cell = f"number({cell})"
        elif set(values) & set(_TRUTH):
            cell = f"CASE WHEN lower({cell}) IN {_TRUTH} THEN lower({cell}) ELSE {cell} END"
        known = ", ".join(f"CAST('{one!r}' AS DOUBLE)" if is_number else literal(str(one))
                          for one in values)  # fmt: skip
        return f"{cell} {sign} ({known})"

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
