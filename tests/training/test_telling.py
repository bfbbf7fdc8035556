"""What a training tells while it goes on: the bar moves by steps, its cost by epochs."""

import pytest

from recbole_opal.training import telling
from recbole_opal.training.loop import TrainingLoop
from tests.training.test_loop import SETTINGS, Line, Loader


class Bar:
    """Writes down what a bar is told."""

    drawn = True

    def __init__(self):
        self.places, self.losses, self.bests = [], [], []

    def at(self, place, done, seconds_left=None):
        self.places.append((place, done, seconds_left))

    def loss(self, value):
        self.losses.append(value)

    def best(self, metric, value):
        self.bests.append((metric, value))


@pytest.fixture
def reckoned(monkeypatch):
    """Count how often what is left is reckoned."""
    times, reckon = [], telling.cost_left
    monkeypatch.setattr(telling, "cost_left", lambda loop: times.append(loop) or reckon(loop))
    return times


def trained(bar, **changes):
    model = Line()
    settings = SETTINGS | {"epochs": 4} | changes
    loop = TrainingLoop(model, settings, ("first", "second"), progress=bar)
    loop.fit(Loader(), lambda: {"recall@10": model.factor.item()})
    return loop


def test_the_bar_moves_with_each_step_and_never_back_within_an_epoch(reckoned):
    bar = Bar()
    trained(bar)
    seen = list(dict.fromkeys(place for place, _, _ in bar.places))
    first = ["first 0", "first 1", "first 2, validation", "first 2", "first 3"]
    assert seen[:5] == first
    assert "second 0, validation" in seen  # of the weights that the stage begins with
    for place in ("first 1", "second 3"):
        parts = [done for name, done, _ in bar.places if name == place]
        assert len(parts) == 4  # where it begins, and three steps
        assert parts == sorted(parts)
        left = [seconds for name, _, seconds in bar.places if name == place]
        assert left == sorted(left, reverse=True)
    assert all(seconds is None for name, _, seconds in bar.places if name == "first 0")
    assert all(0 <= done <= 1 for _, done, _ in bar.places)
    assert len(bar.losses) == 2 * 4 * 3
    assert bar.bests[-1][0] == "recall@10"


def test_what_is_left_is_reckoned_with_the_epochs_and_not_with_the_steps(reckoned):
    bar = Bar()
    bar.drawn = False
    trained(bar)
    unseen = len(reckoned)  # for the lines of the log
    assert bar.places == bar.losses == []
    bar = Bar()
    reckoned.clear()
    trained(bar)
    # Epochs and validations but the first epoch, of which nothing is known; not the 24 steps.
    assert len(reckoned) - unseen == 2 * 4 - 1 + 2 * 2 + 1
