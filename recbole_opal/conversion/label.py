"""Which rows are positive: a small language of comparisons, parsed here and written as SQL.

condition  = part { ("and" | "or") part }        "and" binds closer, as in SQL
part       = "(" condition ")" | column operator value | column [ "not" ] "in" list
list       = "(" value { "," value } ")"
column     = a bare name | `a name in backticks`
operator   = == | != | >= | <= | > | <
value      = a number | 'text' | "text" | a bare word
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recbole_opal.conversion.cells import raw
from recbole_opal.conversion.source import Filter
from recbole_opal.errors import SettingsError
from recbole_opal.sql import literal

__all__ = ["parse_label", "short"]

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


def short(text: str) -> str:
    """Return a condition as it is shown: one line, and its beginning alone where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."


def parse_label(text: str, raw: Callable[[str], str] = raw) -> Filter:
    """Read what stands behind `--label`, for example `event in (cart, purchase) or rating>=4`.

    A number is compared as a number (`1.0` equals 1), a text letter by letter, except that `true`
    and `false` are the same in any case. Where the answer hangs on a cell that should be a number
    and is none, it is unknown.

    Args:
        text: of the form above.
        raw: from a column's name to the text of its cell in SQL.

    Raises:
        SettingsError: it is not of that form.
    """
    parser = _Parser(text, raw)
    condition = parser.whole()
    numbers = dict.fromkeys(name for name, is_number in parser.compared if is_number)
    unknown = f"no number in {' or '.join(numbers)}"
    columns = tuple(dict.fromkeys(name for name, _ in parser.compared))
    return Filter(condition, f"not {short(text)}", unknown, columns=columns)


@dataclass(frozen=True)
class _Token:
    """A piece of the text, without its quotes, and the place of its first character, from 1."""

    kind: str  # a group of _TOKEN; end behind the last
    text: str
    place: int

    @property
    def word(self) -> str:
        """What it is to the grammar; a quoted text is nothing."""
        return self.text.lower() if self.kind in ("mark", "operator", "bare") else ""


class _Parser:
    """Reads from the left to the right, one method for each part of the grammar."""

    def __init__(self, text: str, raw: Callable[[str], str]) -> None:
        self._text, self._raw = text, raw
        self._tokens = self._split()
        self.compared: list[tuple[str, bool]] = []  # columns, and whether as numbers

    def whole(self) -> str:
        sql = self._condition(0)
        if (rest := self._take()).kind != "end":
            brackets = " (put a text that holds brackets or commas between quotes)"
            fix = brackets if rest.kind == "mark" else ""
            raise self._wrong(rest, f"stands where only 'and' or 'or' can{fix}")
        return sql

    def _take(self) -> _Token:
        return self._tokens.pop(0) if len(self._tokens) > 1 else self._tokens[0]

    def _condition(self, depth: int) -> str:
        sql = self._part(depth)
        while self._tokens[0].word in ("and", "or"):
            sql += f" {self._take().word.upper()} {self._part(depth)}"
        return f"({sql})"

    def _part(self, depth: int) -> str:
        start = self._take()
        if start.word != "(":
            return self._comparison(start)
        if depth == _DEEPEST:
            raise self._wrong(start, f"opens more than {_DEEPEST} brackets")
        inner = self._condition(depth + 1)
        if (end := self._take()).word != ")":
            raise self._wrong(end, f"stands where the ')' of character {start.place} must")
        return inner

    def _comparison(self, column: _Token) -> str:
        if column.kind not in ("bare", "column"):
            raise self._wrong(column, "stands where a column must")
        sign = self._take()
        inverted = sign.word == "not"
        last = self._take() if inverted else sign
        if last.word == "in":
            return self._compared(column.text, "NOT IN" if inverted else "IN", self._list())
        if last.kind != "operator" or inverted:
            known = "==, !=, >=, <=, >, <, in or not in"
            raise self._wrong(last, f"stands where {known} must, behind '{column.text}'")
        value = self._value()
        if isinstance(value, str) and sign.text not in ("==", "!="):
            raise self._wrong(sign, "needs a number behind it")
        return self._compared(column.text, sign.text, [value])

    def _list(self) -> list[float | str]:
        if (start := self._take()).word != "(":
            raise self._wrong(start, "stands where the '(' of a list must")
        values = [self._value()]
        while (end := self._take()).word == ",":
            values.append(self._value())
        if end.word != ")":
            raise self._wrong(end, "stands where only ',' or ')' can")
        if len({isinstance(value, str) for value in values}) > 1:
            fix = "put quotes around all of them, or around none"
            raise self._wrong(start, f"opens a list of numbers and texts: {fix}")
        return values

    def _value(self) -> float | str:
        token = self._take()
        if token.kind not in ("bare", "single", "double"):
            raise self._wrong(token, "stands where a number or a text must")
        if token.kind == "bare" and _NUMBER.fullmatch(token.text):
            return float(token.text)
        return token.word if token.word in _TRUTH else token.text

    def _compared(self, column: str, sign: str, values: Sequence[float | str]) -> str:
        cell, is_number = self._raw(column), isinstance(values[0], float)
        self.compared.append((column, is_number))
        if is_number:
            cell = f"number({cell})"
        elif set(values) & set(_TRUTH):
            cell = f"CASE WHEN lower({cell}) IN {_TRUTH} THEN lower({cell}) ELSE {cell} END"
        known = (f"CAST('{one!r}' AS DOUBLE)" if is_number else literal(str(one)) for one in values)
        return f"{cell} {sign} ({', '.join(known)})"

    def _split(self) -> list[_Token]:
        tokens, place, text = [], 0, self._text.rstrip()
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None:
                rest = text[place:].lstrip()
                start = len(text) - len(rest) + 1
                raise self._malformed(f"'{rest[:20]}' cannot be read, at character {start}")
            kind = str(found.lastgroup)
            quoted = kind in ("column", "single", "double")
            tokens.append(_Token(kind, found[kind], found.start(kind) + 1 - quoted))
            place = found.end()
        return [*tokens, _Token("end", "", len(text) + 1)]

    def _wrong(self, token: _Token, what: str) -> SettingsError:
        if token.kind == "end":
            return self._malformed(f"the end {what}")
        return self._malformed(f"'{token.text[:40]}' {what}, at character {token.place}")

    def _malformed(self, reason: str) -> SettingsError:
        return SettingsError(
            f"--label='{short(self._text)}': {reason}; write for example --label='long_view==1 and "
            "play_ms>=7000' or --label='event in (cart, purchase)'."
        )
