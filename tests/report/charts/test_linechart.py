import math
import re
from xml.etree import ElementTree

import pytest

from recbole_opal.report.charts.drawing import NARROW, WIDE
from recbole_opal.report.charts.labels import Box
from recbole_opal.report.charts.linechart import Line, end_labels, line_chart

NAN = math.nan


def line(name, values, **changes):
    given = {"family": "opal", "errors": [NAN] * len(values), "colour": "var(--c1)", "lit": True}
    return Line(name, values=values, **(given | changes))


def chart(*lines):
    """Return the wide picture as a tree."""
    text = line_chart("x", "title", lines, ["a", "b", "c"], ("step", "value"))
    pictures = re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL)
    assert len(pictures) == 2
    return ElementTree.fromstring(pictures[0].replace(' xmlns="http://www.w3.org/2000/svg"', ""))  # noqa: S314


def path_of(tree, number=0):
    return tree.findall(".//path[@class='line']")[number].get("d")


def test_both_widths_are_drawn():
    text = line_chart("x", "t", [line("one", [1.0, 2.0, 3.0])], ["a", "b", "c"], ("s", "v"))
    widths = re.findall(r'viewBox="0 0 (\d+)', text)
    assert widths == [str(WIDE), str(NARROW)]


def test_a_rising_line_rises():
    places = re.findall(r"[ML]([\d.]+) ([\d.]+)", path_of(chart(line("one", [1.0, 2.0, 4.0]))))
    xs, ys = zip(*((float(x), float(y)) for x, y in places), strict=True)
    assert list(xs) == sorted(xs)
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.11)
    assert (ys[0] - ys[1]) * 2 == pytest.approx(ys[1] - ys[2], abs=0.3)


def test_a_gap_breaks_the_line_unless_bridged():
    values = [1.0, NAN, 3.0]
    assert path_of(chart(line("one", values))).count("M") == 2
    bridged = path_of(chart(line("one", values, bridged=True)))
    assert (bridged.count("M"), bridged.count("L")) == (1, 1)


def test_every_value_has_a_mark_that_tells_it():
    tree = chart(line("one", [1.0, NAN, 3.0], errors=[0.5, NAN, NAN]))
    tips = [mark.find("title").text for mark in tree.findall(".//path[@class='point mark']")]
    assert tips == ["one, a: 1.0000 ± 0.5000", "one, c: 3.0000"]
    assert len(tree.findall(".//line[@class='error']")) == 1


def test_error_bars_stay_in_the_frame_and_the_axis_above_zero():
    tree = chart(line("one", [0.1, 0.2, 0.3], errors=[5.0, 0.1, 0.1]))
    (bar, *_) = tree.findall(".//line[@class='error']")
    axis = tree.find(".//line[@class='axis']")
    assert max(float(bar.get("y1")), float(bar.get("y2"))) <= float(axis.get("y1"))
    ticks = [text.text for text in tree.findall(".//text[@class='tick end']")]
    assert not any(tick.startswith("−") for tick in ticks)


def test_quiet_lines_lie_under_lit_ones_and_have_no_label():
    tree = chart(line("lit", [1.0] * 3), line("quiet", [2.0] * 3, lit=False))
    classes = [group.get("class") for group in tree.findall(".//g[@data-series]")]
    assert classes == ["series", "series on"]
    assert [text.text for text in tree.findall(".//text[@class='label']")] == ["lit"]


def test_a_line_without_values_is_no_error():
    tree = chart(line("none", [NAN] * 3), line("one", [1.0, 1.0, 1.0]))
    assert [text.text for text in tree.findall(".//text[@class='label']")] == ["one"]


def test_labels_of_equal_ends_are_apart():
    lines = [line(f"n{i}", [1.0]) for i in range(4)]
    text = end_labels(lines, dict.fromkeys(range(4), (100.0, 50.0)), Box(0, 0, 110, 200))
    heights = sorted(float(y) for y in re.findall(r'<text x="118" y="([\d.]+)"', text))
    assert len(heights) == 4
    assert min(b - a for a, b in zip(heights, heights[1:], strict=False)) >= 15
