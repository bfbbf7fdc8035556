"""The elements of HTML that sections share: texts, legends, tables, tabs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from recbole_opal.report.charts.curvechart import Curve
from recbole_opal.report.charts.linechart import Line
from recbole_opal.report.markup import Child, Markup, join, node

Rows = Sequence[Sequence[Child]]


@dataclass(frozen=True)
class Section:
    """A section of the page: its id, its heading and what it holds."""

    anchor: str
    title: str
    body: Markup

    def render(self) -> Markup:
        """Return the section with a heading that can be linked to."""
        name = f"{self.anchor}-heading"
        link = node("a", "#", href=f"#{self.anchor}", class_="anchor", aria_label="link to here")
        heading = node("h2", self.title, " ", link, id=name)
        return node("section", heading, self.body, id=self.anchor, aria_labelledby=name)


def note(text: str) -> Markup:
    """Return a remark in small grey type."""
    return node("p", text, class_="note")


def reading(*sentences: str | None) -> Markup | None:
    """Return the plain reading under a picture; None where there is nothing to say."""
    said = [sentence for sentence in sentences if sentence]
    return node("p", " ".join(said), class_="reading") if said else None


def failures(title: Child, items: Iterable[Child]) -> Markup:
    """Return what went wrong, under a title."""
    return node("div", title, node("ul", [node("li", item) for item in items]), class_="failures")


def banner(text: str | None) -> Markup | None:
    """Return what a reader must know before anything else, in a box; None where it is nothing."""
    return node("p", text, class_="banner", role="note") if text else None


def figure(picture: Child, *beside: Child, below: Child = None) -> Markup:
    """Return a picture with what tells of it: beside it where the page is wide, else below."""
    told = node("div", *beside, class_="beside")
    return node("figure", node("div", picture, class_="drawn"), told, below)


def legend(entries: Sequence[tuple[str, str]]) -> Markup | None:
    """Return a line of (CSS class of the swatch, name); None where there is nothing to tell."""
    if not entries:
        return None
    names = [node("span", node("i", class_=kind), name, class_="key") for kind, name in entries]
    return node("p", names, class_="legend")


def chips(series: Sequence[Line | Curve]) -> Markup:
    """Return buttons that light up the lines of a picture, in their order."""
    buttons = []
    for index, line in enumerate(series):
        look = {"class_": "chip on" if line.lit else "chip", "data_colour": line.colour}
        state = {"aria_pressed": str(line.lit).lower(), "data_series": str(index)}
        swatch = node("i", class_="dashed" if line.dashed else "solid")
        buttons.append(node("button", swatch, line.name, type="button", **look, **state))
    return node("div", buttons, class_="chips")


def folded_table(header: Sequence[Child], rows: Rows, title: str = "The numbers") -> Markup:
    """Return a table behind a fold, as a rule the numbers behind a picture."""
    return node("details", node("summary", title), table(header, rows, title))


def table(header: Sequence[Child], rows: Rows, name: str, class_: str | None = None) -> Markup:
    """Return a table whose first column names the row; a cell may bring its own `td` or `th`.

    It scrolls by itself, by keyboard too, so that the page never does; the style sheet shades the
    edge behind which there is more. Its name is what a screen reader calls it.
    """
    head = node("tr", [_cell(title, "th", scope="col") for title in header])
    body = [node("tr", node("th", row[0], scope="row"), map(_cell, row[1:])) for row in rows]
    content = node("table", node("thead", head), node("tbody", body), class_=class_)
    return node("div", content, class_="scroll", tabindex="0", role="region", aria_label=name)


def _cell(content: Child, tag: str = "td", **attributes: str) -> Markup:
    if isinstance(content, Markup) and content.startswith(f"<{tag}"):
        return content
    return node(tag, content, **attributes)


def tabs(name: str, panels: Mapping[str, Child]) -> Markup:
    """Return panels, by title, of which one is shown; it works without a script.

    The name is unique in the page.
    """
    if len(panels) == 1:
        return join(*panels.values())
    parts: list[Child] = []
    for index, (title, content) in enumerate(panels.items()):
        key = f"{name}-{index}"
        parts.append(node("input", type="radio", name=name, id=key, checked=index == 0))
        parts += [node("label", title, for_=key), node("div", content, class_="panel")]
    return node("div", parts, class_="tabs")
