"""What is written at a validation: little, and yet all of the loop's state, to the last bit."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from recbole_opal.runs.parts import parts_in
from recbole_opal.runs.state import decode_state, encode_state
from recbole_opal.runs.tensors import decode_tensors, encode_tensors
from recbole_opal.training import save_points
from recbole_opal.training.loop import TrainingLoop
from recbole_opal.training.save_points import SavePoints
from recbole_opal.training.snapshot import restore, snapshot
from tests.training.test_loop import SETTINGS

N, D, TOUCHED = 400, 8, 20


class Table(nn.Module):
    """Draws the rows of a batch together; what is validated goes up and down."""

    def __init__(self, *, sparse=True):
        super().__init__()
        torch.manual_seed(0)
        self.items = nn.Embedding(N, D, sparse=sparse)
        self.layer = nn.Linear(D, D)
        self.validations = 0

    def calculate_loss(self, batch):
        return self.layer(self.items(batch)).square().mean()

    def validate(self):
        self.validations += 1
        return {"recall@10": [0.3, 0.5, 0.4, 0.2, 0.6, 0.1, 0.2, 0.1, 0.3][self.validations % 9]}


class Rows:
    """Two batches an epoch, of a few rows each."""

    def __init__(self):
        self.generator = torch.Generator().manual_seed(3)

    def __len__(self):
        return 2

    def __iter__(self):
        for _ in range(2):
            yield torch.randint(0, N, (TOUCHED // 2,), generator=self.generator)


def same(one, other):
    """Compare two states to the last bit, through all that they nest."""
    if isinstance(one, Tensor):
        return isinstance(other, Tensor) and one.dtype == other.dtype and one.equal(other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return str(one) == str(other)


class Saved:
    """A loop whose state is written at each occasion, and what was written and read back."""

    def __init__(self, *, model=None, disturb=lambda number, model: None, **changes):
        self.model = model or Table()
        self.loop = TrainingLoop(self.model, SETTINGS | {"eval_step": 1} | changes, ("one", "two"))
        self.points = SavePoints(self.loop)
        self.written, self.states, self.disturb = [], [], disturb
        self.validations, self.parts = [], {}
        self.loop.on_progress = self.save

    def save(self):
        self.disturb(len(self.states), self.model)
        state, parts = self.points.next()
        tensors = [tensor for part in parts.values() for tensor in part.values()]
        self.written.append(sum(tensor.nbytes for tensor in tensors))
        assert not parts.keys() & self.parts.keys()
        self.parts |= {name: encode_tensors(part) for name, part in parts.items()}
        needed = set(parts_in(state))
        self.parts = {name: data for name, data in self.parts.items() if name in needed}
        self.data = encode_state(state)
        self.states.append(deepcopy(snapshot(self.loop)))
        self.validations.append(self.model.validations)
        assert same(self.read(), self.states[-1])

    def read(self):
        return decode_state(self.data, "x", lambda name: decode_tensors(self.parts[name], name)[0])

    def fit(self, batches=None):
        self.loop.fit(batches or Rows(), self.model.validate)
        return self


@pytest.fixture(autouse=True)
def large(monkeypatch):
    """Let a table be large, and a layer not."""
    monkeypatch.setattr(save_points, "_LARGE", 64 * D)


@pytest.mark.parametrize("epochs", [1, 6, 30])
def test_what_is_read_back_is_the_whole_state(epochs):
    saved = Saved(epochs=epochs, stopping_step=100).fit()
    assert len(saved.states) == 2 * (epochs + 2)


def test_a_validation_costs_the_rows_that_moved():
    saved = Saved(epochs=6).fit()
    table, row = N * D * 4, 3 * D * 4 + 8
    start, *validations, end = saved.written[:8]
    assert start == table
    assert all(0 < written <= TOUCHED * row for written in validations)
    assert end == 0
    # The stage that has ended is written once, and the next one starts from there.
    entry, *validations, end = saved.written[8:]
    assert entry == table
    assert all(0 < written <= TOUCHED * row for written in validations)


def test_the_files_stay_small():
    saved = Saved(epochs=60, stopping_step=100).fit()
    held = sum(map(len, saved.parts.values()))
    assert held <= 14 * N * D * 4
    # Rows are written anew now and then.
    assert max(saved.written[1:60]) > TOUCHED * (3 * D * 4 + 8)
    assert sum(saved.written[1:60]) <= 1.6 * 60 * TOUCHED * (3 * D * 4 + 8)


@pytest.mark.parametrize("at", [0, 1, 4, 7, 9, 13])
def test_rows_that_something_else_changed_are_written_too(at):
    def disturb(number, model):
        if number == at:
            model.items.weight.data[5:9] += 1.0  # leaves no trace but the values

    Saved(epochs=6, disturb=disturb).fit()


@pytest.mark.parametrize("at", range(0, 15, 3))
def test_a_run_that_goes_on_ends_as_the_unbroken_one(at):
    class StoppedError(Exception):
        pass

    def stop(number, model):
        if number == at + 1:
            raise StoppedError

    whole = Saved(epochs=6).fit()
    stopped = Saved(epochs=6, disturb=stop)
    with pytest.raises(StoppedError):
        stopped.fit()
    again, batches = Saved(epochs=6), Rows()
    restore(again.loop, stopped.read(), batches)
    again.model.validations = stopped.validations[-1]
    again.fit(batches)
    assert same(again.states[-1]["weights"], whole.states[-1]["weights"])
    assert same(again.states[-1]["optimizer"], whole.states[-1]["optimizer"])


def test_a_table_with_dense_gradients_is_written_once_at_a_gain():
    saved = Saved(epochs=6, model=Table(sparse=False)).fit()
    assert set(saved.written[:8]) == {N * D * 4}


def test_small_models_have_no_parts(monkeypatch):
    monkeypatch.setattr(save_points, "_LARGE", 2**20)
    saved = Saved(epochs=2).fit()
    assert set(saved.written) == {0}
    assert saved.parts == {}
