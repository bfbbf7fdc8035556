"""The learning rate of each step: exact values, both optimisers, bounds on steps and on time."""

import logging
from copy import deepcopy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import recbole_opal
from recbole_opal.errors import SettingsError
from recbole_opal.runs import RunFolder
from recbole_opal.training import stages as budget_module
from recbole_opal.training.loop import TrainingLoop
from recbole_opal.training.optimizer import JointOptimizer
from recbole_opal.training.schedule import RateSchedule
from recbole_opal.training.snapshot import restore, snapshot
from tests.training.test_loop import SETTINGS, Loader

FALLS = st.sampled_from(["linear", "cosine"])


def rates(schedule, most):
    horizon = schedule.horizon(1, most)
    return [schedule.at(step, horizon) for step in range(horizon or most)]


def test_without_a_schedule_every_step_has_the_rate_itself():
    assert rates(RateSchedule(0.3), 5) == [0.3] * 5


def test_a_warm_up_rises_evenly_and_then_stays():
    schedule = RateSchedule(0.8, warmup_steps=4)
    assert rates(schedule, 6) == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8, 0.8])


def test_a_line_falls_from_the_warm_up_to_zero_behind_the_last_step():
    schedule = RateSchedule(0.8, "linear", warmup_steps=2, steps=6)
    assert rates(schedule, 100) == pytest.approx([0.4, 0.8, 0.8, 0.6, 0.4, 0.2])
    assert schedule.at(6, 6) == 0


def test_half_a_cosine_falls_likewise():
    schedule = RateSchedule(0.8, "cosine", steps=4)
    half = 0.5**0.5
    assert rates(schedule, 100) == pytest.approx([0.8, 0.4 + 0.4 * half, 0.4, 0.4 - 0.4 * half])
    assert schedule.at(4, 4) == 0


def test_the_horizon_is_what_ends_the_stage_first():
    assert RateSchedule(1.0).horizon(1, 7) is None
    assert RateSchedule(1.0, "linear").horizon(1, 7) == 7
    assert RateSchedule(1.0, "linear", steps=5).horizon(1, 7) == 5
    assert RateSchedule(1.0, "linear", steps=9).horizon(1, 7) == 7
    assert RateSchedule(1.0, "linear").horizon(300, 10) == 500
    assert RateSchedule(1.0, "linear").horizon(300, 400) == 2000
    assert RateSchedule(1.0, "linear").horizon(3, 400) == 1200


@given(FALLS, st.integers(0, 40), st.integers(1, 60), st.lists(st.floats(0, 1.5)))
def test_as_time_goes_by_the_rate_only_falls_and_ends_at_zero(kind, warmup, steps, shares):
    schedule = RateSchedule(2.0, kind, warmup_steps=warmup, steps=steps)
    found = [schedule.at(warmup, steps, share) for share in sorted(shares)]
    assert found == sorted(found, reverse=True)
    assert all(0 <= rate <= 2 for rate in found)
    if warmup < steps:
        assert schedule.at(warmup, steps, 1.0) == 0


@given(FALLS, st.integers(0, 20), st.integers(21, 60), st.integers(0, 59), st.floats(0, 1))
def test_time_that_lags_behind_the_steps_changes_nothing(kind, warmup, steps, taken, lag):
    schedule = RateSchedule(2.0, kind, warmup_steps=warmup, steps=steps)
    taken = min(taken, steps)
    assert schedule.at(taken, steps, 0.999 * lag * taken / steps) == schedule.at(taken, steps)


class Shelf(nn.Module):
    """A table with sparse gradients and a layer with dense ones."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Embedding(8, 3, sparse=True)
        self.layer = nn.Linear(3, 1)

    def calculate_loss(self, batch):
        return (self.layer(self.table((8 * batch).long())) - 1).square().mean()


class Watched(TrainingLoop):
    """Notes with which rates each step is taken."""

    def __init__(self, stages=("first", "second"), **changes):
        super().__init__(Shelf(), SETTINGS | {"epochs": 4, "eval_step": 1} | changes, stages)
        self.taken = []

    def step(self, batch):
        self.taken.append([group["lr"] for group in self.optimizer.param_groups])
        return super().step(batch)

    def train(self, batches=None):
        self.fit(batches or Loader(), lambda: {"recall@10": float(self.epoch)})
        return self


def test_the_optimisers_of_tables_and_of_the_rest_both_follow_in_every_stage():
    loop = Watched(learning_rate_schedule="linear", warmup_steps=2, schedule_steps=6).train()
    assert isinstance(loop.optimizer, JointOptimizer)
    expected = pytest.approx([0.05, 0.1, 0.1, 0.075, 0.05, 0.025])
    for stage in (loop.taken[:6], loop.taken[6:]):
        assert [table for table, _ in stage] == [rest for _, rest in stage] == expected
    assert len(loop.taken) == 12
    assert [record.ended for record in loop.records.values()] == ["schedule"] * 2
    assert [record.steps for record in loop.records.values()] == [6, 6]
    assert [row["learning_rate"] for row in loop.history] == pytest.approx([0.1, 0.025] * 2)


def test_a_stage_ends_with_its_schedule_in_the_middle_of_an_epoch_and_is_validated():
    changes = {"learning_rate_schedule": "cosine", "schedule_steps": 4, "eval_step": 3}
    loop = Watched(("train",), **changes).train()
    assert len(loop.taken) == 4
    assert (loop.record.ended, loop.record.epochs) == ("schedule", 2)
    assert ["valid" in row for row in loop.history] == [False, True]


def test_without_steps_the_rate_falls_over_the_epochs():
    loop = Watched(("train",), learning_rate_schedule="linear").train()
    expected = [0.1 * left / 12 for left in range(12, 0, -1)]
    assert [rate for rate, _ in loop.taken] == pytest.approx(expected)
    assert loop.record.ended == "schedule"


def test_early_stopping_ends_a_stage_before_its_schedule():
    loop = Watched(("train",), learning_rate_schedule="linear", stopping_step=0)
    loop.fit(Loader(), lambda: {"recall@10": 0.5})
    assert (loop.record.ended, loop.record.epochs) == ("stopping_step", 2)


def test_a_bound_on_time_brings_the_rate_to_zero_too(monkeypatch):
    """A step takes a second of the 10 of each of two stages; 4 epochs would be 12 of them."""
    now = {"s": 0.0}
    monkeypatch.setattr(budget_module, "process_time", lambda: now["s"])

    class Slow(Watched):
        def step(self, batch):
            losses = super().step(batch)
            now["s"] += 1
            return losses

    loop = Slow(learning_rate_schedule="linear", max_train_seconds=20.0).train()
    expected = pytest.approx([0.1 * left / 10 for left in range(10, 0, -1)])
    assert [rate for rate, _ in loop.taken[:10]] == expected
    assert [rate for rate, _ in loop.taken[10:]] == expected
    assert [record.ended for record in loop.records.values()] == ["schedule"] * 2
    now["s"] = 0.0
    assert Slow(max_train_seconds=20.0).train().record.ended == "max_train_seconds"


@pytest.mark.parametrize("kind", ["constant", "linear", "cosine"])
@pytest.mark.parametrize("saved_at", range(12))
def test_a_restored_loop_goes_on_with_the_same_rates(kind, saved_at):
    """Before, in and behind the warm-up, in the fall, at the switch of stages."""
    changes = {"learning_rate_schedule": kind, "warmup_steps": 5, "schedule_steps": 11}
    loop, states = Watched(**changes), []
    loop.on_progress = lambda: states.append((len(loop.taken), deepcopy(snapshot(loop))))
    loop.train()
    had, state = states[saved_at]
    batches, other = Loader(), Watched(**changes)
    restore(other, state, batches)
    other.train(batches)
    assert other.taken == loop.taken[had:]
    for stage, kept in loop.weights.items():
        for name, value in kept.items():
            assert value.equal(other.weights[stage][name]), (stage, name)


@pytest.mark.parametrize("kind", ["constant", "linear"])
def test_a_stage_shorter_than_its_warm_up_is_warned_of(caplog, kind):
    with caplog.at_level(logging.WARNING):
        Watched(("train",), learning_rate_schedule=kind, warmup_steps=12).train()
    assert "--warmup_steps=12 takes all of the 12 steps" in caplog.text
    caplog.clear()
    Watched(("train",), learning_rate_schedule=kind, warmup_steps=11).train()
    assert not caplog.text


def test_a_stage_hands_over_after_its_own_steps_at_a_constant_rate_too():
    """Three steps an epoch: the first stage ends in the middle of its second one."""
    loop = Watched(stage_steps={"first": 4}, stage_rates={"second": 0.25}).train()
    assert [rate for rate, _ in loop.taken] == pytest.approx([0.1] * 4 + [0.025] * 12)
    assert [record.ended for record in loop.records.values()] == ["stage_steps", "epochs"]
    assert [record.steps for record in loop.records.values()] == [4, 12]
    assert ["valid" in row for row in loop.history] == [True] * 6


def test_the_steps_of_a_stage_are_its_horizon_and_its_factor_scales_the_whole_schedule():
    loop = Watched(
        learning_rate_schedule="linear",
        warmup_steps=1,
        schedule_steps=3,
        stage_steps={"second": 5},
        stage_rates={"first": 2, "second": 0.5},
    ).train()
    expected = [0.2, 0.2, 0.1] + [0.05, 0.05, 0.0375, 0.025, 0.0125]
    assert [rate for rate, _ in loop.taken] == pytest.approx(expected)
    assert [record.ended for record in loop.records.values()] == ["schedule"] * 2


def test_epochs_end_a_stage_before_its_steps_do():
    loop = Watched(("train",), stage_steps={"train": 13}, stage_rates={"other": 9.0}).train()
    assert (len(loop.taken), loop.record.ended) == (12, "epochs")
    assert loop.taken == Watched(("train",)).train().taken


def test_time_left_by_a_stage_that_its_steps_ended_is_the_next_one_s(monkeypatch):
    now = {"s": 0.0}
    monkeypatch.setattr(budget_module, "process_time", lambda: now["s"])

    class Slow(Watched):
        def step(self, batch):
            now["s"] += 1
            return super().step(batch)

    loop = Slow(stage_steps={"first": 2}, max_train_seconds=10.0).train()
    assert [record.steps for record in loop.records.values()] == [2, 8]
    assert [record.ended for record in loop.records.values()] == [
        "stage_steps",
        "max_train_seconds",
    ]


@pytest.mark.parametrize("kind", ["constant", "cosine"])
@pytest.mark.parametrize("saved_at", range(7))
def test_a_restored_loop_keeps_to_the_steps_of_each_stage(kind, saved_at):
    changes = {
        "learning_rate_schedule": kind,
        "stage_steps": {"first": 4, "second": 7},
        "stage_rates": {"second": 0.3},
    }
    loop, states = Watched(**changes), []
    loop.on_progress = lambda: states.append((len(loop.taken), deepcopy(snapshot(loop))))
    loop.train()
    had, state = states[saved_at]
    batches, other = Loader(), Watched(**changes)
    restore(other, state, batches)
    other.train(batches)
    assert other.taken == loop.taken[had:]
    for stage, kept in loop.weights.items():
        for name, value in kept.items():
            assert value.equal(other.weights[stage][name]), (stage, name)


def test_a_state_of_before_the_stages_had_steps_of_their_own_goes_on():
    changes = {"learning_rate_schedule": "linear"}
    loop = Watched(**changes).train()
    state = snapshot(loop) | {"horizon": 12}
    restore(Watched(**changes), state, Loader())
    with pytest.raises(SettingsError, match="over 11 steps, which would become 12"):
        restore(Watched(**changes), state | {"horizon": 11}, Loader())


@pytest.mark.parametrize("model", ["SASRec", "BPR"])
def test_recbole_s_models_follow_it_too(quick_settings, model):
    keys = ("data_path", "checkpoint_dir", "topk", "valid_metric", "tensorboard", "show_progress")
    settings = {key: quick_settings[key] for key in keys} | {"train_batch_size": 256}
    schedule = {"learning_rate_schedule": "linear", "warmup_steps": 1, "schedule_steps": 4}
    schedule |= {"learning_rate": 0.001}
    result = recbole_opal.run(model, "tiny", **settings, **schedule, epoch_rows=512)
    folder = RunFolder.open(result.folder)
    rows = folder.load_lines("training.jsonl")  # two steps an epoch
    expected = pytest.approx([0.001, 0.001 / 3])
    assert [row["learning_rate"] for row in rows] == expected
    record = folder.load_json("metrics.json")["stages"]["train"]
    assert (record["ended"], record["steps"], record["epochs"]) == ("schedule", 4, 2)
