"""PIMI's encoder as a whole: its parts in their order, raw values, times and places that matter."""

import pytest
import torch

from recbole_opal.interests.history import History
from recbole_opal.models.pimi import PeriodicInterests, PIMISettings

DAY = 86400.0


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    settings = PIMISettings(
        num_interests=3, hidden_size=4, attention_size=6, time_span=5, graph_layers=2
    )
    return PeriodicInterests(settings, 8).double()


def history_of(lengths, seed=0):
    generator = torch.Generator().manual_seed(seed)
    rows = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    vectors = torch.randn(len(rows), 4, generator=generator, dtype=torch.float64)
    gaps = 2 * DAY * torch.rand(len(rows), generator=generator, dtype=torch.float64)
    return History(vectors, torch.as_tensor(lengths), 1.65e9 + gaps.cumsum(0))


def test_interests_are_attended_raw_vectors(encoder):
    history = history_of([4, 1, 3])
    found = encoder(history)
    for row in range(3):
        here = history.rows == row
        items, times = history.vectors[here], history.times[here]
        alone = History(items, torch.tensor([len(items)]), times)
        placed = items + encoder.positions[: len(items)] + encoder.time_gaps(alone)
        states = encoder.graph(History(placed, torch.bincount(alone.rows, minlength=1)))
        weights = encoder.output(encoder.hidden(states).tanh()).softmax(dim=0)  # (n, K)
        torch.testing.assert_close(found[row], weights.T @ items)


def test_one_item_is_every_interest(encoder):
    history = history_of([1])
    torch.testing.assert_close(encoder(history)[0], history.vectors.expand(3, -1))


def test_times_and_order_matter(encoder):
    history = history_of([5])
    before = encoder(history)
    later = History(history.vectors, history.lengths, history.times * 2)
    assert not torch.allclose(encoder(later), before)
    turned = History(history.vectors.flip(0), history.lengths, history.times)
    assert not torch.allclose(encoder(turned), before)


def test_an_empty_row_has_no_interest(encoder):
    history = history_of([2, 0, 3])
    assert encoder(history)[1].eq(0).all()


def test_every_parameter_learns(encoder):
    encoder(history_of([5, 3])).square().sum().backward()
    for name, weight in encoder.named_parameters():
        if name != "output.bias":  # a softmax over items does not see what all items share
            assert weight.grad.abs().sum() > 0, name
