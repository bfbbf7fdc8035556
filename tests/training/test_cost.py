"""What a run tells of the time it has left is what its steps and validations add up to."""

from datetime import datetime

import pytest
from torch import nn

from recbole_opal.training.cost import CostLeft, cost_left
from recbole_opal.training.loop import TrainingLoop
from tests.training.test_loop import SETTINGS


class Costly(nn.Linear):
    stage_costs = {"second": 3.0}

    def __init__(self):
        super().__init__(1, 1)


def loop_of(**changes):
    """Return a loop of two stages, 10 batches an epoch, which are never trained."""
    loop = TrainingLoop(
        Costly(), SETTINGS | {"epochs": 6, "eval_step": 2} | changes, ("first", "second")
    )
    loop.batches = [None] * 10
    return loop


def after_two_epochs(**changes):
    loop = loop_of(**changes)
    loop.epoch, loop.record.steps = 2, 20
    loop.record.train_seconds = loop.record.budget_seconds = 10.0  # half a second a step
    loop.record.valid_seconds = 1.0
    loop.history = [{"stage": "first"}, {"stage": "first", "valid": {}, "valid_seconds": 1.0}]
    return loop


def test_it_is_the_steps_and_validations_that_are_left():
    left = cost_left(after_two_epochs())
    # 40 steps and 2 validations; 60 steps of three times the time, 3 validations and the entry's.
    assert left.stages == {"first": 40 * 0.5 + 2, "second": 60 * 1.5 + 4}
    assert (left.test, left.spent, left.factors) == (2.0, 11.0, {"second": 3.0})
    assert left.seconds == 118.0
    assert cost_left(after_two_epochs(test_at_end=False)).test == 0


def test_it_shrinks_while_an_epoch_goes_on():
    left = CostLeft(11.0, {"first": 22.0, "second": 94.0}, 2.0)
    assert left.after(0.0) == (pytest.approx(11 / 129), 118.0)
    assert left.after(29.0) == (pytest.approx(40 / 129), 89.0)
    assert left.after(1000.0) == (1.0, 0.0)  # slower than before
    assert CostLeft(0.0, {"first": 0.0}, 0.0).after(0.0) == (0.0, 0.0)


def test_a_falling_rate_and_a_bound_on_time_end_it_sooner():
    short = {"learning_rate_schedule": "linear", "schedule_steps": 30}
    assert cost_left(after_two_epochs(**short)).stages["first"] == 10 * 0.5 + 1
    bounded = cost_left(after_two_epochs(max_train_seconds=24.0))
    assert bounded.stages == {"first": 2.0 + 2, "second": 12.0 + 4}


def test_the_last_stage_knows_its_own_steps():
    loop = after_two_epochs()
    loop.record.ended = "epochs"
    assert cost_left(loop).stages["first"] == 0
    loop.enter_stage("second")
    loop.record.steps, loop.record.train_seconds = 10, 20.0
    left = cost_left(loop)
    assert left.stages == {"second": 50 * 2.0 + 3}
    assert left.factors == {}


def test_a_stage_that_has_just_begun_is_still_guessed():
    loop = after_two_epochs()
    loop.record.ended = "epochs"
    loop.enter_stage("second")
    left = cost_left(loop)
    assert left.stages == {"second": 60 * 1.5 + 3}
    assert left.factors == {"second": 3.0}
    assert left.after(0.0)[0] == pytest.approx(11 / (11 + 93 + 2))


def test_it_is_told_in_a_sentence_with_the_time_of_day():
    left = CostLeft(11.0, {"soft": 22.0, "hard": 5000.0}, 2.0, {"hard": 3.0})
    assert left.told(datetime(2026, 3, 1, 12, 0)) == (
        "cost: at most 84 min more, until 13:23 (soft 22 s, hard 83 min if its steps take 3 times "
        "as long, test 2 s); less where a stage stops early"
    )
    assert "until 2026-03-02 01:23 (" in left.told(datetime(2026, 3, 1, 23, 59, 59))


def test_a_stage_tells_it_once_and_only_where_more_is_due(caplog):
    caplog.set_level("INFO")
    loop = after_two_epochs()
    loop.telling.cost(judged=True)
    loop.telling.cost(judged=True)
    assert caplog.text.count("cost: at most") == 1
    fresh = after_two_epochs()
    fresh.history[-1] = {"stage": "first"}
    fresh.telling.cost(judged=True)  # no validation yet
    assert caplog.text.count("cost: at most") == 1
    fresh.enter_stage("second")
    fresh.epoch = 6
    fresh.telling.cost(judged=False)  # nothing is due
    assert caplog.text.count("cost: at most") == 1
