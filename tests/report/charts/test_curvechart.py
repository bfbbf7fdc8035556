import re

from recbole_opal.report.charts.curvechart import Curve, curve_chart
from recbole_opal.report.charts.drawing import NARROW, WIDE


def chart(*curves):
    return curve_chart("x", "title", curves, ("diversity", "accuracy"))


def curve(name="one", **changes):
    given = {"xs": [0.1, 0.4, 0.5], "ys": [0.3, 0.2, 0.0], "tips": ["a", "b", "<c>"]}
    return Curve(**({"name": name, "family": "opal", "colour": "c1"} | given | changes))


def test_both_widths_are_drawn():
    assert re.findall(r'viewBox="0 0 (\d+)', chart(curve())) == [str(WIDE), str(NARROW)]


def test_points_stand_where_their_numbers_are():
    way = re.search(r'<path d="([^"]+)" class="line"', chart(curve()))[1]
    xs, ys = zip(*((float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", way)),
                 strict=True)  # fmt: skip
    assert list(xs) == sorted(xs)
    assert list(ys) == sorted(ys)  # downwards
    assert abs((xs[1] - xs[0]) / (xs[2] - xs[0]) - 0.75) < 0.01


def test_points_tell_and_are_told():
    text = chart(curve(), curve("quiet", lit=False, tips=["x", "y", "z"]))
    assert text.count("<title>&lt;c&gt;</title>") == 2
    assert ">a to &lt;c&gt;</desc>" in text  # of the lit ones alone, their ends
    assert text.index('class="series"') < text.index('class="series on"')  # which lie on top


def test_a_control_is_dashed():
    assert 'class="line dashed"' in chart(curve(dashed=True))
