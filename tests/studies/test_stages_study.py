"""Study 2: its rows cost the same, its sentences and pictures follow the numbers."""

import numpy as np
import pytest

from recbole_opal.errors import SettingsError
from recbole_opal.side_by_side.variants import Variant, parse_variants
from recbole_opal.studies.page import page
from recbole_opal.studies.stages import Stages
from recbole_opal.studies.ways import StagesOptions
from tests.studies.planted_runs import planted_outcome

STUDY = Stages()
BOTH = {"stages": ["soft", "hard"]}
THREE = {"stages": ["soft", "hard", "next"], "stage_windows": {"next": 1}}
FALLING = {"learning_rate_schedule": "linear", "schedule_steps": 600}


def rows(settings=FALLING, **options):
    (part,) = STUDY.parts(StagesOptions(**options), (), settings)
    return [dict(variant.settings) for variant in part.variants]


def test_with_a_schedule_every_way_has_the_same_number_of_steps():
    whole, soft, hard, three, *switches = rows(switch=[10, 90])
    assert whole == BOTH  # each stage has its 600
    assert soft == {"stages": ["soft"], "stage_steps": {"soft": 1200}}
    assert hard == {"stages": ["hard"], "stage_steps": {"hard": 1200}}
    assert three == {**THREE, "stage_steps": {"soft": 400, "hard": 400, "next": 400}}
    steps = [each["stage_steps"] for each in switches]
    assert steps == [{"soft": 120, "hard": 1080}, {"soft": 1080, "hard": 120}]


def test_steps_of_the_user_s_are_shared_out_and_no_way_is_there_twice():
    whole, soft, _, three, *switches = rows({}, steps=101, switch=[1, 50, 99])
    assert whole["stage_steps"] == {"soft": 50, "hard": 51}
    assert soft["stage_steps"] == {"soft": 101}
    assert three["stage_steps"] == {"soft": 33, "hard": 33, "next": 35}
    steps = [each["stage_steps"] for each in switches]
    assert steps == [{"soft": 1, "hard": 100}, {"soft": 100, "hard": 1}]


def test_a_schedule_that_does_not_say_its_steps_gets_2000_for_both():
    whole, soft, *_ = rows({"learning_rate_schedule": "cosine", "schedule_steps": None})
    assert whole["stage_steps"] == {"soft": 1000, "hard": 1000}
    assert soft["stage_steps"] == {"soft": 2000}


def test_without_a_schedule_stages_end_by_themselves_but_for_the_switch():
    constant = {"learning_rate_schedule": "constant", "schedule_steps": 600}
    whole, soft, hard, three, *switches = rows(constant, switch=[10])
    assert (whole, soft, hard) == (BOTH, {"stages": ["soft"]}, {"stages": ["hard"]})
    assert three == THREE
    assert switches == [{**BOTH, "stage_steps": {"soft": 200}}]


def test_a_switch_that_leaves_no_steps_is_refused():
    with pytest.raises(SettingsError, match="--switch=100 leaves the hard stage no steps"):
        rows(switch=[10, 100])


def test_a_mapping_survives_the_way_through_the_command_line():
    variant = Variant("OPAL", {"stages": ["soft"], "stage_steps": {"soft": 5, "hard": 7}})
    assert variant.text == "OPAL@stages=[soft]@stage_steps={'soft': 5, 'hard': 7}"
    assert parse_variants(f"{variant.text},MIND")[0] == variant


@pytest.fixture
def outcome(tmp_path):
    """Planted: the hard stage gains .1, the next item nothing, an early switch costs .2."""
    random = np.random.default_rng(0)
    base = random.uniform(0.3, 0.6, size=200)

    def users(gain):
        noise = random.normal(0, 0.02, size=(2, 200))
        noise -= noise.mean(axis=1, keepdims=True)
        return {"recall@10": base + gain + noise[0], "ndcg@10": base + noise[1]}

    both = "OPAL@stages=[soft,hard]"
    three = "OPAL@stages=[soft,hard,next]@stage_windows={'next': 1}"
    equally = "@stage_steps={'soft': 400, 'hard': 400, 'next': 400}"
    values = {
        both: {"soft": users(0.0), "hard": users(0.1)},
        "OPAL@stages=[soft]@stage_steps={'soft': 1200}": {"soft": users(0.0)},
        "OPAL@stages=[hard]@stage_steps={'hard': 1200}": {"hard": users(-0.1)},
        three + equally: {"soft": users(0), "hard": users(0.1), "next": users(0.1)},
        f"{both}@stage_steps={{'soft': 120, 'hard': 1080}}": {
            "soft": users(0),
            "hard": users(-0.1),
        },
        f"{both}@stage_steps={{'soft': 1080, 'hard': 120}}": {"soft": users(0), "hard": users(0.1)},
    }
    return planted_outcome(tmp_path, StagesOptions(switch=[10, 90]), values, **FALLING)


def test_planted_differences_are_read_and_no_others(outcome):
    best, *said = STUDY.readings(outcome)
    assert best.startswith("Of 6 ways through the stages validation chooses ")
    told = {line.partition(":")[0]: line for line in said}
    assert list(told) == [
        "Switch at half hard against switch at half soft",
        "Switch at half hard against soft only",
        "Switch at half hard against hard only",
        "Three stages next against switch at half hard",
        "Switch at 10 % hard against switch at half hard",
        "Switch at 90 % hard against switch at half hard",
    ]
    assert "Recall@10 rises by 0.1000" in told["Switch at half hard against soft only"]
    assert "Recall@10 rises by 0.2000" in told["Switch at half hard against hard only"]
    assert "Recall@10 falls by 0.2000" in told["Switch at 10 % hard against switch at half hard"]
    late = told["Switch at 90 % hard against switch at half hard"]
    assert "no measurable change of Recall@10" in late
    assert all("NDCG@10 rises" not in line and "NDCG@10 falls" not in line for line in said)


def test_the_page_has_the_ways_by_name_and_the_pictures_their_order(outcome):
    figures = STUDY.figures(outcome)
    assert [figure.name for figure in figures] == ["recall", "differences"]
    text = page(STUDY, outcome, "the command", figures, "stages-planted")
    assert "| switch at 10 % hard |" in text
    assert "stage_steps" not in text
    svg = figures[0].svg
    places = [svg.index(f">{step}</text>") for step in ("10 %", "half", "90 %")]
    assert places == sorted(places)
    assert "soft only, 90 %: 0." in svg  # a level line, over all points
    for other in ("soft only", "hard only", "switch at half soft"):
        assert f">switch at half hard less {other}</text>" in figures[-1].svg


def test_numbers_of_steps_come_before_convergence(outcome):
    constant = {"learning_rate_schedule": "constant"}
    both = "OPAL stages=[soft,hard]"
    names = {both: "whole", f"{both} stage_steps={{'soft': 120, 'hard': 1080}}": "early"}
    texts = {"early": {**BOTH, "stage_steps": {"soft": 200}}, "whole": BOTH}
    kept = []
    for row in outcome.main.rows:
        name = names.get(row.label.rpartition(" ")[0])
        if name:
            variant = Variant("OPAL", texts[name])
            told = {"label": f"{variant.label} {row.stage}", "settings": constant}
            kept.append(row.model_copy(update=told))
    result = outcome.main.model_copy(update={"rows": kept, "users": {}})
    outcome = type(outcome)(StagesOptions(switch=[10]), {"main": result})
    svg = STUDY.figures(outcome)[0].svg
    assert svg.index(">200 steps</text>") < svg.index(">convergence</text>")
    assert STUDY.readings(outcome)[-1].startswith("Switch after 200 steps hard against switch at")


def test_a_way_that_failed_is_left_out(outcome):
    kept = [row for row in outcome.main.rows if "'soft': 120," not in row.label]
    result = outcome.main.model_copy(update={"rows": kept})
    outcome = type(outcome)(outcome.options, {"main": result})
    assert len(STUDY.readings(outcome)) == 6
    assert "10 %" not in STUDY.figures(outcome)[0].svg
