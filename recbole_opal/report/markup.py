"""HTML and SVG as text that is escaped by construction.

Every string that is not `Markup` is data, and is escaped where it enters the page: a token of a
data set can never become an element. No template language: pictures are computed, not filled in.
"""

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

    `class_` becomes `class`, `data_tip` becomes `data-tip`; None and False leave an attribute out,
    True writes its name alone, floats keep two digits.
    """
    start = name
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        start += f" {key.rstrip('_').replace('_', '-')}"
        if isinstance(value, float):
            value = f"{value:.2f}".rstrip("0").rstrip(".")
        start += "" if value is True else f'="{escape(str(value))}"'
    return Markup(f"<{start}>" if name in _VOID else f"<{start}>{join(children)}</{name}>")


def join(*children: Child) -> Markup:
    """Return children one after the other, each escaped unless it is markup."""
    return Markup("".join(_flat(children)))


def _flat(child: Child) -> Iterable[str]:
    if isinstance(child, str):
        yield child if isinstance(child, Markup) else escape(child)
    elif child is not None:
        for part in child:
            yield from _flat(part)
