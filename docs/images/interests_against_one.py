"""Draw README's picture from the pages in results/: four interests against one vector.

`python docs/images/interests_against_one.py` writes the picture beside this file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from recbole_opal.report.charts.scale import Linear
from recbole_opal.report.markup import Markup, join, node

ROOT = Path(__file__).resolve().parents[2]
PICTURE = Path(__file__).with_name("interests-against-one.svg")

LOGS = {  # name in the picture: page, and the part of it
    "ml-100k": ("ml-100k.md", ""),
    "kuairand-pure": ("kuairand-pure.md", ""),
    "kuairand-27k-like15": ("kuairand-27k-like15.md", ""),
    "planted, 4 interests a user": ("planted.md", "## Four interests a user"),
    "planted, 1 interest a user": ("planted.md", "## One interest a user"),
}
MANY = "OPAL next"
SAME = "OPAL hard"  # what a table names where no epoch of the last stage was kept
ONES = {  # name in the picture: row of the tables
    "OPAL with one interest": r"OPAL (?:num_interests|K)=1 next",
    "one mean vector (YouTubeDNN)": r"YouTubeDNN",
}
_WIDTH, _LEFT, _RIGHT, _TOP, _ROW = 860, 210, 640, 92, 56
_STYLE = """
text{font:14px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#1f2328}
.title{font-size:17px;font-weight:600}.soft{fill:#59636e;font-size:12px}.end{text-anchor:end}
.middle{text-anchor:middle}.grid{stroke:#d1d9e0}.zero{stroke:#59636e;stroke-width:1.5}
.bar{stroke-width:2.5;stroke-linecap:round}
.a{stroke:#0b6bcb;fill:#0b6bcb}.b{stroke:#b35900;fill:#b35900}
text.a,text.b{stroke:none}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.soft{fill:#9198a1}.grid{stroke:#3d444d}
.zero{stroke:#9198a1}.a{stroke:#6cb6ff;fill:#6cb6ff}.b{stroke:#f0a04b;fill:#f0a04b}}
"""


class Difference(NamedTuple):
    """How much four interests have more than one vector, with its 95 % interval."""

    value: float
    low: float
    high: float
    marked: bool  # the interval excludes 0, and Holm's p over the table is below 0.05

    @property
    def told(self) -> str:
        """The difference in points of Recall@50, with its sign."""
        return f"{100 * self.value:+.2f}".replace("-", "−")


def difference(text: str, one: str) -> Difference | None:
    """Read Recall@50 of four interests less that of `one`, from the table of either of the two."""
    for reference, other, sign in ((MANY, one, -1), (one, MANY, 1), (SAME, one, -1)):
        table = re.search(
            rf"^#+ Recall@50 less that of {reference}$(.*?)(?=^#|\Z)", text, re.S | re.M
        )
        number = r"([-+−]?[\d.]+)"
        row = rf"^\| {other} \| {number}([ *\\]*)\| \[{number}, {number}\]"
        found = table and re.search(row, table[1], re.M)
        if found:
            value, star, *ends = found.groups()
            low, high = sorted(sign * _number(end) for end in ends)
            return Difference(sign * _number(value), low, high, "*" in star)
    return None


def _number(text: str) -> float:
    return float(text.replace("−", "-"))


def differences() -> Iterator[tuple[str, list[Difference | None]]]:
    """Yield each log with its differences, one for each of `ONES`."""
    for log, (page, part) in LOGS.items():
        text = (ROOT / "results" / page).read_text(encoding="utf-8")
        _, _, text = text.partition(part) if part else ("", "", text)
        text = re.split(r"^## (?=One interest)", text, flags=re.M)[0] if part else text
        yield log, [difference(text, one) for one in ONES.values()]


def picture() -> str:
    """Return the picture as the text of its file."""
    rows = list(differences())
    ends = [end for _, marks in rows for mark in marks if mark for end in (mark.low, mark.high)]
    scale = Linear.over([*ends, 0.0], _LEFT, _RIGHT)
    bottom = _TOP + _ROW * len(rows)
    parts: list[Markup] = [
        node("text", "Do four interests find more than one vector?", x=16, y=28, class_="title"),
        node(
            "text",
            "Test Recall@50 of OPAL (K = 4, all stages) less that of one vector, in points, "
            "with 95 % intervals over users.",
            x=16,
            y=50,
            class_="soft",
        ),
    ]
    for value, _ in scale.ticks(6):
        x, kind = scale.at(value), "zero" if abs(value) < 1e-12 else "grid"
        top = _TOP - (22 if kind == "zero" else 4)
        parts.append(node("line", x1=x, x2=x, y1=top, y2=bottom, class_=kind))
        name = f"{100 * value:+.1f}".replace("-", "−") if abs(value) > 1e-12 else "0"
        parts.append(node("text", name, x=x, y=bottom + 18, class_="soft middle"))
    parts.append(_words(scale.at(0) - 8, _TOP - 12, "one vector has more", "soft end"))
    parts.append(_words(scale.at(0) + 8, _TOP - 12, "four interests have more", "soft"))
    for index, (log, marks) in enumerate(rows):
        y = _TOP + _ROW * index + 22
        parts.append(_words(_LEFT - 14, y + 5, log, "end"))
        there = [(mark, kind) for mark, kind in zip(marks, "ab", strict=True) if mark]
        for place, (mark, kind) in enumerate(there):
            parts.append(_drawn(mark, kind, scale, y + 18 * (place - (len(there) - 1) / 2)))
    for number, (name, kind) in enumerate(zip(ONES, "ab", strict=True)):
        x = 21.0 + 210 * number
        parts.append(node("circle", cx=x, cy=bottom + 41, r=5, class_=kind))
        parts.append(_words(x + 11, bottom + 46, f"less {name}", "soft"))
    filled = "filled: holds after Holm's correction"
    parts.append(_words(_WIDTH - 16, bottom + 46, filled, "soft end"))
    return (
        node(
            "svg",
            node("title", "Four interests against one vector on five logs"),
            node("desc", "; ".join(f"{log}: {_told(marks)}" for log, marks in rows)),
            node("style", Markup(_STYLE)),
            join(parts),
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {_WIDTH} {bottom + 62}",
            role="img",
        )
        + "\n"
    )


def _drawn(mark: Difference, kind: str, scale: Linear, y: float) -> Markup:
    """Draw an interval and its middle: filled where it is marked, and the numbers beside it."""
    bar = node("line", x1=scale.at(mark.low), x2=scale.at(mark.high), y1=y, y2=y)
    fill = None if mark.marked else "fill-opacity:0.12"
    point = node("circle", cx=scale.at(mark.value), cy=y, r=5, style=fill)
    interval = f"{mark.told}  [{100 * mark.low:+.2f}, {100 * mark.high:+.2f}]".replace("-", "−")
    words = _words(_RIGHT + 24, y + 4, interval, f"soft {kind}")
    return join(node("g", bar, point, class_=f"bar {kind}"), words)


def _words(x: float, y: float, text: str, kind: str) -> Markup:
    return node("text", text, x=float(x), y=float(y), class_=kind)


def _told(marks: list[Difference | None]) -> str:
    named = zip(ONES, marks, strict=True)
    return ", ".join(f"{mark.told} less {name}" for name, mark in named if mark)


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
    print(PICTURE.relative_to(ROOT))
