"""Weights of a history's items: equal at the start, by place and by age from the newest."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.interests.history import History
from recbole_opal.interests.padded_history import PaddedHistory
from recbole_opal.interests.recency import Recency

LENGTHS = st.lists(st.integers(0, 6), min_size=1, max_size=5)
KINDS = st.sampled_from(["place", "age", "both"])
SEEDS = st.integers(0, 99)


def history_of(lengths, seed=0):
    """Return a history whose items are days apart, in the order of time."""
    generator = torch.Generator().manual_seed(seed)
    counts = torch.tensor(lengths)
    gaps = torch.rand(int(counts.sum()), generator=generator, dtype=torch.float64) * 1e5
    return History(torch.ones(len(gaps), 2), counts, 1.6e9 + gaps.cumsum(0))


def learned(kind, longest=6, seed=0, spread=1.0):
    module = Recency(kind, longest)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * spread)
    return module


def weights_of(module, history):
    """Return the weights of each row, a list of (n,) tensors."""
    with torch.no_grad():
        return module(history).exp().split(history.lengths.tolist())


def falling(logits):
    return torch.from_numpy(np.minimum.accumulate(logits.detach().numpy()))


def by_age(module, *ages):
    """Return the logarithms of the weights at ages in seconds, against the newest item's."""
    times = torch.tensor([-age for age in ages] + [0.0], dtype=torch.float64)
    with torch.no_grad():
        logs = module(History(torch.ones(len(times), 2), torch.tensor([len(times)]), times))
    return (logs - logs[-1])[:-1]


@given(LENGTHS, KINDS)
def test_all_weights_are_one_at_the_start_to_the_last_bit(lengths, kind):
    history = history_of(lengths)
    assert Recency(kind, 6)(history).eq(0).all()


@settings(max_examples=30)
@given(LENGTHS, KINDS, SEEDS, st.sampled_from([1.0, 30.0, 300.0]))
def test_weights_have_a_mean_of_one_in_each_row(lengths, kind, seed, spread):
    for row in weights_of(learned(kind, seed=seed, spread=spread), history_of(lengths, seed)):
        assert row.isfinite().all()
        if len(row):
            torch.testing.assert_close(row.mean(), torch.tensor(1.0), rtol=1e-4, atol=1e-4)


@given(SEEDS)
def test_places_count_from_the_newest(seed):
    module = learned("place", seed=seed)
    for row in weights_of(module, history_of([6, 2, 4], seed)):
        expected = falling(module.places)[: len(row)].flip(0).softmax(dim=0) * len(row)
        torch.testing.assert_close(row, expected)


@given(LENGTHS, KINDS, SEEDS)
def test_an_older_item_never_weighs_more(lengths, kind, seed):
    for row in weights_of(learned(kind, seed=seed), history_of(lengths, seed)):
        assert (row.diff() >= 0).all()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_weights_learn_to_fall_and_stay_equal_where_they_would_rise(sign):
    """Gradient steps towards (sign 1) or away from the newest item of a row."""
    module, history = Recency("place", 6), history_of([6, 3])
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    for _ in range(20):
        optimizer.zero_grad()
        (-sign * module(history)[history.newer() == 0].sum()).backward()
        optimizer.step()
    (six, three) = weights_of(module, history)
    if sign > 0:
        assert six[-1] > 1.5 > 1 > six[-2]
    else:
        torch.testing.assert_close((six, three), (torch.ones(6), torch.ones(3)))


@given(st.integers(2, 5), KINDS, SEEDS)
def test_an_older_item_changes_no_ratio_of_the_others(length, kind, seed):
    module, whole = learned(kind, seed=seed), history_of([length + 1], seed)
    rest = History(whole.vectors[1:], torch.tensor([length]), whole.times[1:])
    (longer,), (shorter,) = weights_of(module, whole), weights_of(module, rest)
    torch.testing.assert_close(longer[1:] / longer[-1], shorter / shorter[-1])


def test_items_older_than_the_longest_history_share_the_last_place():
    module = learned("place", longest=3)
    (row,) = weights_of(module, history_of([5]))
    assert row[0].equal(row[1])
    assert row[1].equal(row[2])
    assert not row[2].equal(row[3])


@given(LENGTHS, SEEDS, st.floats(-1e9, 1e9))
def test_an_age_is_a_difference_of_times(lengths, seed, shift):
    module, history = learned("age", seed=seed), history_of(lengths, seed)
    later = History(history.vectors, history.lengths, history.times + shift)
    torch.testing.assert_close(module(later), module(history), rtol=1e-3, atol=1e-3)


def test_items_met_at_once_weigh_the_same():
    module, times = learned("age"), torch.tensor([0.0, 50.0, 50.0, 90.0], dtype=torch.float64)
    (row,) = weights_of(module, History(torch.ones(4, 2), torch.tensor([4]), times))
    assert row[1].equal(row[2])
    assert not row[0].equal(row[1])


def test_ages_are_read_between_knots():
    module = learned("age")
    knots = falling(module.ages)
    knots = knots - knots[0]
    at = by_age(module, 1e10, 420.0, 180.0, 60.0, 0.0)
    torch.testing.assert_close(at, knots[[-1, 3, 2, 1, 0]])
    between = 60.0 * (2**1.5 - 1)
    torch.testing.assert_close(by_age(module, between), (knots[1:2] + knots[2:3]) / 2)


@given(LENGTHS, KINDS, SEEDS, st.integers(0, 3))
def test_padding_changes_nothing(lengths, kind, seed, more):
    module, flat = learned(kind, seed=seed), history_of(lengths, seed)
    width = max([1, *lengths]) + more
    mask = torch.arange(width) < flat.lengths.unsqueeze(1)
    times = torch.zeros(mask.shape, dtype=torch.float64).masked_scatter(mask, flat.times)
    vectors = torch.ones(mask.numel(), 2)
    padded = PaddedHistory(vectors, flat.lengths, times.flatten(), width=width)
    found = module(padded)
    assert found.isfinite().all()
    torch.testing.assert_close(found[mask.flatten()], module(flat))


def test_gradients_are_right():
    module = learned("both").double()
    history = history_of([4, 0, 1, 6])
    values = [parameter.detach().clone().requires_grad_() for parameter in module.parameters()]
    names = [name for name, _ in module.named_parameters()]

    def weights(*given):
        return torch.func.functional_call(
            module, dict(zip(names, given, strict=True)), (history,)
        ).exp()

    assert torch.autograd.gradcheck(weights, values)


def test_ages_need_times():
    history = History(torch.ones(2, 2), torch.tensor([2]))
    Recency("place", 2)(history)
    with pytest.raises(ValueError, match=r"need History\.times"):
        Recency("age", 2)(history)
