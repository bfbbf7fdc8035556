from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.report.charts.labels import Box, place_labels, spread, text_width

FRAME = Box(0, 0, 800, 400)


def boxes(placed, widths):
    return [
        Box(p.x, p.y - 10, p.x + width, p.y + 3) for p, width in zip(placed, widths, strict=True)
    ]


def test_overlap_by_hand():
    assert Box(0, 0, 4, 4).overlap(Box(2, 1, 9, 9)) == 6
    assert Box(0, 0, 4, 4).overlap(Box(5, 0, 9, 4)) == 0
    assert Box(-2, 0, 2, 4).outside(FRAME) == 8


def test_a_lone_label_stands_to_the_right():
    (label,) = place_labels([(100, 100)], [50.0], FRAME)
    assert (label.x, label.y, label.far) == (109, 104, False)


def test_at_the_right_edge_it_stands_to_the_left():
    (label,) = place_labels([(795, 100)], [50.0], FRAME)
    assert label.x + 50 <= 795


def test_twenty_crowded_labels_do_not_overlap():
    points = [(300 + 23 * (i % 5), 150 + 17 * (i // 5)) for i in range(20)]
    widths = [70.0] * 20
    found = boxes(place_labels(points, widths, FRAME), widths)
    for i, box in enumerate(found):
        assert box.outside(FRAME) == 0
        assert all(box.overlap(other) == 0 for other in found[:i])


def test_obstacles_are_avoided():
    obstacle = Box(105, 80, 300, 120)
    placed = place_labels([(100, 100)], [50.0], FRAME, [obstacle])
    assert boxes(placed, [50.0])[0].overlap(obstacle) == 0


@given(st.lists(st.floats(0, 300), max_size=15))
@settings(max_examples=60)
def test_spread_keeps_order_gap_and_bounds(wanted):
    places = spread(wanted, 14.0, 10.0, 290.0)
    ordered = [place for _, place in sorted(zip(wanted, places, strict=True))]
    assert all(10 - 1e-6 <= place <= 290 + 1e-6 for place in places)
    assert all(
        b - a >= 14 - 1e-6 for a, b in zip(sorted(ordered), sorted(ordered)[1:], strict=False)
    )


def test_spread_leaves_alone_what_is_far_apart():
    assert spread([10.0, 50.0, 30.0], 14.0, 0.0, 100.0) == [10.0, 50.0, 30.0]


def test_widths_grow_with_text_and_weight():
    assert text_width("OPAL") < text_width("OPAL K=8")
    assert text_width("OPAL", bold=True) > text_width("OPAL")
