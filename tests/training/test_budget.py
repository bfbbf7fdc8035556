"""The bound on training time: shares of the stages, cut epochs, resumption."""

import json

import pytest

import recbole_opal
from recbole_opal.training import stages as budget_module
from recbole_opal.training.stages import StageRecord, TrainingBudget


@pytest.fixture
def clock(monkeypatch):
    """Replace the processor's clock by one that a test sets."""

    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(budget_module, "process_time", clock)
    return clock


def records(**seconds):
    return {name: StageRecord(name, budget_seconds=value) for name, value in seconds.items()}


def test_no_bound_is_never_spent():
    budget = TrainingBudget(None, ("soft", "hard"), on_gpu=False)
    assert budget.spent_share(records(soft=1e9), "soft") < 1


def test_stages_share_evenly_what_is_left():
    budget = TrainingBudget(100.0, ("soft", "hard"), on_gpu=False)
    assert budget.spent_share(records(soft=49.0), "soft") < 1
    assert budget.spent_share(records(soft=50.0), "soft") >= 1
    assert budget.spent_share(records(soft=49.0), "soft", running=1.0) >= 1
    # A first stage that stopped early leaves more for the second, one that overran less.
    assert budget.spent_share(records(soft=10.0, hard=89.0), "hard") < 1
    assert budget.spent_share(records(soft=60.0, hard=40.0), "hard") >= 1


def test_a_stage_that_begins_with_nothing_left_has_spent_it():
    budget = TrainingBudget(100.0, ("soft", "hard"), on_gpu=False)
    assert budget.spent_share(records(soft=100.0, hard=0.0), "hard") == 1
    assert budget.spent_share(records(soft=25.0), "soft") == 0.5


def test_time_runs_from_the_start_of_the_epoch(clock):
    budget = TrainingBudget(1.0, ("train",), on_gpu=False)
    clock.now = 5.0
    budget.start()
    clock.now = 7.5
    assert budget.elapsed() == 2.5


def stages_of(result):
    return json.loads((result.folder / "metrics.json").read_text())["stages"]


def test_a_run_ends_both_stages_when_their_time_is_over(quick_settings):
    bounds = {"epochs": 5000, "stopping_step": 5000, "max_train_seconds": 0.4}
    result = recbole_opal.run(
        "OPAL", "tiny", **quick_settings | bounds, learning_rate_schedule="constant"
    )
    for record in stages_of(result).values():
        assert record["ended"] == "max_train_seconds"
        assert record["epochs"] < 5000
        assert record["valid"]  # the epoch that is cut short is validated too
        assert 0 < record["budget_seconds"] < 2
    assert sum(record["budget_seconds"] for record in stages_of(result).values()) >= 0.4


def test_time_that_is_over_finds_a_falling_rate_near_zero(quick_settings):
    bounds = {"epochs": 5000, "stopping_step": 5000, "max_train_seconds": 0.6}
    result = recbole_opal.run(
        "OPAL", "tiny", **quick_settings | bounds, learning_rate_schedule="linear", warmup_steps=2
    )
    rows = [json.loads(row) for row in (result.folder / "training.jsonl").open()]
    for stage, record in stages_of(result).items():
        assert record["ended"] == "schedule"
        assert record["epochs"] < 5000
        rates = [row["learning_rate"] for row in rows if row["stage"] == stage]
        assert rates == sorted(rates, reverse=True)
        assert 0 <= rates[-1] < 0.3 * max(rates)  # a step is a twentieth of the time, if it is slow


def test_an_epoch_is_cut_short_where_time_is_over_but_is_never_empty(quick_settings):
    settings = quick_settings | {"epochs": 1, "stages": ["soft"], "max_train_seconds": 1e-6}
    result = recbole_opal.run("OPAL", "tiny", **settings)
    assert stages_of(result)["soft"]["epochs"] == 1
    (row,) = map(json.loads, (result.folder / "training.jsonl").read_text().splitlines())
    assert row["loss"]["retrieval"] > 0


def test_a_run_ended_by_its_time_stays_ended(quick_settings):
    result = recbole_opal.run(
        "OPAL", "tiny", **quick_settings | {"epochs": 500, "max_train_seconds": 0.2}
    )
    again = recbole_opal.resume(result.folder)
    assert again.stages == result.stages
    assert stages_of(again)["soft"]["epochs"] == stages_of(result)["soft"]["epochs"]
