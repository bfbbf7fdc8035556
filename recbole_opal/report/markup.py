"""HTML and SVG as text that is escaped by construction.

Every string that is not `Markup` is data, and is escaped where it enters the page: a token of a
data set can never become an element. No template language: pictures are computed, not filled in.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Union

__all__ = ["Child", "Markup", "join", "node"]

_VOID = ("br", "col", "input", "meta")


class Markup(str):
    """Text that is HTML or SVG already; only this module and constants of the code make it."""

    __slots__ = ()


Child = Union[str, "Iterable[Child]", None]
"""What an element may hold: text, which is escaped, markup, or any nesting of both."""


def node(name: str, /, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """Return an element.

    Args:
        name: its tag, a constant of the code.
        *children: what it holds.
        **attributes: `class_` becomes `class`, `data_tip` becomes `data-tip`; None and False leave
            an attribute out, True writes its name alone, floats keep two digits.
    """
    words = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        plain = key.rstrip("_").replace("_", "-")
        words.append(plain if value is True else f'{plain}="{escape(_short(value))}"')
    start = " ".join(words)
    if name in _VOID:
        return Markup(f"<{start}>")
    return Markup(f"<{start}>{join(children)}</{name}>")


def join(*children: Child) -> Markup:
    """Return children one after the other, each escaped unless it is markup."""
    return Markup("".join(_flat(children)))


def _flat(child: Child) -> Iterable[str]:
    if child is None:
        return
    if isinstance(child, Markup):
        yield child
    elif isinstance(child, str):
        yield escape(child)
    else:
        for part in child:
            yield from _flat(part)


def _short(value: str | float) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)
