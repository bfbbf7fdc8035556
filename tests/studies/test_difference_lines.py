"""Differences over steps: whole intervals, on both sides of 0."""

import re
from xml.etree import ElementTree

import pytest

from recbole_opal.comparison.row import Difference
from recbole_opal.studies.pictures.difference_lines import difference_lines


def bars(svg):
    """Return (top, bottom) of each bar, and the frame's bottom."""
    root = ElementTree.fromstring(svg)  # noqa: S314
    lines = [each for each in root.iter() if each.tag.endswith("line")]
    found = [
        sorted((float(each.get("y1")), float(each.get("y2"))))
        for each in lines
        if each.get("class") == "error"
    ]
    (axis,) = {
        float(each.get("y1"))
        for each in lines
        if each.get("class") == "axis" and each.get("y1") == each.get("y2")
    }
    return found, axis


@pytest.mark.parametrize("shift", [-0.2, 0.0, 0.2])
def test_intervals_are_drawn_whole_wherever_they_lie(shift):
    told = [
        Difference(difference=shift + d, low=shift + d - 0.05, high=shift + d + 0.05)
        for d in (-0.01, 0.0, 0.02)
    ]
    svg = difference_lines("Gain", {"soft": [*told, None]}, list("abcd"), ("D", "gain"))
    found, axis = bars(svg)
    heights = [bottom - top for top, bottom in found]
    assert len(found) == 3
    assert heights == pytest.approx([heights[0]] * 3, abs=0.2)
    assert max(bottom for _, bottom in found) < axis
    assert re.search(r">no difference</text>", svg)
