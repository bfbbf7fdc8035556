"""The loop trains any module by plain settings: it asks for no configuration and no data set."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from recbole_opal.training.loop import TrainingLoop
from recbole_opal.training.snapshot import restore, snapshot

SETTINGS = {
    "device": "cpu",
    "epochs": 6,
    "eval_step": 2,
    "stopping_step": 10,
    "valid_metric": "Recall@10",
    "valid_metric_bigger": True,
    "max_train_seconds": None,
    "learner": "adam",
    "learning_rate": 0.1,
    "learning_rate_schedule": "constant",
    "warmup_steps": 0,
    "schedule_steps": None,
    "stage_steps": None,
    "stage_rates": None,
    "weight_decay": 0.0,
    "clip_grad_norm": None,
    "enable_amp": False,
    "enable_scaler": False,
    "loss_decimal_place": 4,
    "test_at_end": True,
}


class Line(nn.Module):
    """Learns to multiply by 2."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.zeros(1))

    def calculate_loss(self, batch):
        return (self.factor * batch - 2 * batch).square().mean()


class Loader:
    """Three random batches an epoch."""

    def __init__(self):
        self.generator = torch.Generator().manual_seed(3)

    def __len__(self):
        return 3

    def __iter__(self):
        for _ in range(3):
            yield torch.rand(8, generator=self.generator)


def build(stages=("first", "second", "third"), **changes):
    model = Line()
    return TrainingLoop(model, SETTINGS | changes, stages), model


def test_any_number_of_stages_trains_and_the_best_is_left_in_the_model():
    loop, model = build()
    told = []
    best = loop.fit(
        Loader(), lambda: {"recall@10": model.factor.item()}, lambda *pair: told.append(pair)
    )
    assert list(loop.records) == ["first", "second", "third"]
    assert [record.epochs for record in loop.records.values()] == [6, 6, 6]
    assert [epoch for epoch, _ in told] == [1, 3, 5] * 3
    assert best.score == max(score for _, score in told) == pytest.approx(model.factor.item())
    assert set(loop.history[0]["loss"]) == {"loss"}
    assert loop.history[-1]["loss"]["loss"] < loop.history[0]["loss"]["loss"]


def test_a_metric_of_which_less_is_better_decides():
    loop, model = build(("train",), valid_metric="gini", valid_metric_bigger=False)
    best = loop.fit(Loader(), lambda: {"gini": model.factor.item()})
    assert best.best_epoch == 1  # the factor grows
    assert best.score == pytest.approx(model.factor.item())


@pytest.mark.parametrize("saved_at", range(9))
def test_a_restored_loop_ends_as_one_that_was_never_stopped(saved_at):
    def run(loop, model, batches):
        loop.fit(batches, lambda: {"recall@10": model.factor.item()})
        return [(row["stage"], row["epoch"], row["loss"]) for row in loop.history], loop.weights

    loop, model = build()
    states = []
    loop.on_progress = lambda: states.append(deepcopy(snapshot(loop)))
    history, weights = run(loop, model, Loader())
    other, twin = build()
    batches = Loader()
    restore(other, states[saved_at], batches)
    history_of_other, weights_of_other = run(other, twin, batches)
    assert history_of_other == history
    for stage, kept in weights.items():
        assert kept["factor"].equal(weights_of_other[stage]["factor"])
