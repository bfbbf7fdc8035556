"""The parts of HTML that sections share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recbole_opal.report.markup import Child, Markup, join, node

__all__ = [
    "Section",
    "chips",
    "figure",
    "legend",
    "number_table",
    "reading",
    "scroll_box",
    "table",
    "tabs",
]


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Attributes:
        anchor: its id.
        title: its heading.
        body: what it holds.
    """

    anchor: str
    title: str
    body: Markup

    def render(self) -> Markup:
        """Return the section with a heading that can be linked to."""
        link = node("a", "#", href=f"#{self.anchor}", class_="anchor", aria_label="link to here")
        heading = node("h2", self.title, " ", link, id=f"{self.anchor}-heading")
        return node(
            "section",
            heading,
            self.body,
            id=self.anchor,
            aria_labelledby=f"{self.anchor}-heading",
        )


def reading(*sentences: str | None) -> Markup | None:
    """Return the plain reading under a picture; None where there is nothing to say."""
    said = [sentence for sentence in sentences if sentence]
    return node("p", " ".join(said), class_="reading") if said else None


def figure(picture: Child, *under: Child) -> Markup:
    """Return a picture with what stands under it."""
    return node("figure", picture, *under)


def legend(entries: Sequence[tuple[str, str]]) -> Markup:
    """Return a line of (CSS class of the swatch, name)."""
    return node(
        "p",
        [node("span", node("i", class_=kind), name, class_="key") for kind, name in entries],
        class_="legend",
    )


def chips(entries: Sequence[tuple[str, str, bool]]) -> Markup:
    """Return buttons that light up a series of the picture beside them.

    Args:
        entries: name, colour, and whether it is lit at first.
    """
    return node(
        "div",
        [
            node(
                "button",
                node("i"),
                name,
                type="button",
                class_="chip on" if lit else "chip",
                data_colour=colour,
                aria_pressed="true" if lit else "false",
                data_series=str(index),
            )
            for index, (name, colour, lit) in enumerate(entries)
        ],
        class_="chips",
    )


def number_table(
    header: Sequence[str], rows: Sequence[Sequence[Child]], *, title: str = "The numbers"
) -> Markup:
    """Return a table behind a fold, in a box of its own that scrolls."""
    return node("details", node("summary", title), scroll_box(table(header, rows), title))


def scroll_box(content: Child, name: str) -> Markup:
    """Return a box that scrolls by itself, by keyboard too, so that the page never does.

    Args:
        content: what may be wider than the page.
        name: what a screen reader calls it.
    """
    return node("div", content, class_="scroll", tabindex="0", role="region", aria_label=name)


def table(
    header: Sequence[Child], rows: Sequence[Sequence[Child]], *, class_: str | None = None
) -> Markup:
    """Return a table whose first column names the row; a cell may bring its own `td` or `th`."""
    head = node("tr", [_cell(name, "th", scope="col") for name in header])
    body = [node("tr", node("th", row[0], scope="row"), map(_cell, row[1:])) for row in rows]
    return node("table", node("thead", head), node("tbody", body), class_=class_)


def _cell(content: Child, tag: str = "td", **attributes: str) -> Markup:
    if isinstance(content, Markup) and content.startswith(f"<{tag}"):
        return content
    return node(tag, content, **attributes)


def tabs(name: str, panels: Mapping[str, Child]) -> Markup:
    """Return panels of which one is shown; by radio buttons, so that no script is needed.

    Args:
        name: unique in the page.
        panels: title to content; at most four.
    """
    if len(panels) == 1:
        return join(*panels.values())
    heads, bodies = [], []
    for index, (title, content) in enumerate(panels.items()):
        key = f"{name}-{index}"
        radio = node("input", type="radio", name=name, id=key, checked=index == 0)
        heads.append(join(radio, node("label", title, for_=key)))
        bodies.append(node("div", content, class_="panel"))
    return node("div", heads, bodies, class_="tabs")
