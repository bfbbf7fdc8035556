import math
import re

import pytest

from recbole_opal.studies.page import page
from recbole_opal.studies.pictures.landscape import Landscape, landscape_picture
from recbole_opal.studies.registry import STUDIES

FLAGS = {
    "losses": {},
    "future-items": {"windows": [1, 5, 20, 50]},
    "sensitivity": {"grid": "full"},
    "number-of-interests": {"models": "OPAL,MIND,ComiRecSA@recipe=published"},
}
AXES, STEPS = ("temperature", "K"), (["0.1", "0.2"], ["1", "4"])


def uneven(variant, stage, metric):
    return 0.1 + sum(map(ord, variant.text + stage)) % 17 / 50


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize("stages", [("soft", "hard"), ("train",)])
def test_every_picture_is_whole_and_stays_in_its_frame(outside, outcome_maker, name, stages):
    study, outcome = outcome_maker(name, uneven, stages=stages, **FLAGS[name])
    figures = study.figures(outcome)
    assert figures
    for figure in figures:
        assert outside(figure.svg) == []
        assert "var(" not in figure.svg  # no style sheet gives a value to it
    assert len({figure.name for figure in figures}) == len(figures)


@pytest.mark.parametrize("name", FLAGS)
def test_a_page_without_any_run_has_no_picture_and_says_so(outcome_maker, name):
    study, outcome = outcome_maker(name, **FLAGS[name])
    for result in outcome.results.values():
        for row in result.rows:
            row.test, row.valid, row.error = {}, {}, "seed 1: killed"
    text = page(study, outcome, "python ...", [], "x")
    assert "No run was done" in text
    assert "seed 1: killed" in text


@pytest.mark.parametrize("name", FLAGS)
def test_a_failed_row_leaves_a_gap(outside, outcome_maker, name):
    study, outcome = outcome_maker(name, uneven, **FLAGS[name])
    for result in outcome.results.values():
        for row in [row for row in result.rows if row.variant == result.rows[-1].variant]:
            row.test, row.valid, row.error = {}, {}, "seed 1: killed"
    for figure in study.figures(outcome):
        assert outside(figure.svg) == []
    assert study.tables(outcome)
    study.readings(outcome)


def test_a_part_that_failed_leaves_the_others(outside, outcome_maker):
    study, outcome = outcome_maker("sensitivity", uneven, seeds=(1,), grid="small")
    for row in outcome.main.rows:
        row.test, row.valid, row.error = {}, {}, "seed 1: killed"
    text = page(study, outcome, "python ...", study.figures(outcome), "x")
    assert [outside(figure.svg) for figure in study.figures(outcome)] == [[], [], []]
    assert "lambda_o by lambda_f (soft): Recall@50 on test spans" in text
    assert "K by temperature (soft)" not in text
    assert "seed 1: killed" in text


def picture(values, **changes):
    return landscape_picture("x", "t", [Landscape("Recall", values, **changes)], AXES, STEPS)


def fills(svg):
    return re.findall(r'<rect x="[\d.]+" y="[\d.]+" fill="(#\w{6})"', svg)


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_better_cells_are_darker_in_grey_too():
    values = [[0.1, 0.2], [0.3, 0.4]]
    light = [luminance(fill) for fill in fills(picture(values))[:4]]
    assert light == sorted(light, reverse=True)
    light = [luminance(fill) for fill in fills(picture(values, bigger=False))[:4]]
    assert light == sorted(light)


def test_numbers_can_be_read_on_every_shade():
    for step in range(101):
        svg = picture([[0.0, 1.0], [step / 100, 0.5]])
        cells = re.findall(r'fill="(#\w{6})".*?<text[^>]*class="(cell[^"]*)"', svg)
        ground, kind = cells[2]
        ink = 1.0 if "on-dark" in kind else 0.0
        light, dark = sorted((luminance(ground), ink), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_cells_without_a_run_and_equal_cells_are_drawn(outside):
    svg = picture([[math.nan, 0.2], [0.2, 0.2]], chosen=(0, 1), centre=(1, 1))
    assert outside(svg) == []
    assert ">–<" in svg
    assert svg.count('class="chosen"') == svg.count('class="centre"') == 1
    assert outside(picture([[math.nan] * 2] * 2)) == []


def test_each_study_has_a_picture_test():
    assert set(FLAGS) <= set(STUDIES)
