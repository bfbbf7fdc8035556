"""Two halves of a history: disjoint, complete, in order, drawn from the default generator."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.batches import Histories
from recbole_opal.models.cmi import split_in_halves


def histories(lengths):
    """Return rows 1, 2, 3, ..., so that an item tells its time."""
    items = torch.cat([torch.arange(1, length + 1) for length in lengths])
    return Histories(items, torch.tensor(lengths), items.double())


def rows_of(views):
    """Return the items of each row; times go with their items."""
    assert views.times.equal(views.items.double())
    return views.items.split(views.lengths.tolist())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 20), min_size=1, max_size=6))
def test_halves_are_disjoint_complete_and_in_time_order(seed, lengths):
    torch.manual_seed(seed)
    views = rows_of(split_in_halves(histories(lengths)))
    for row, length in enumerate(lengths):
        one, other = views[2 * row], views[2 * row + 1]
        for half in (one, other):
            assert half.equal(half.sort().values)
        every = list(range(1, length + 1))
        if length <= 6:
            assert one.tolist() == other.tolist() == every
        else:
            assert sorted(one.tolist() + other.tolist()) == every
            assert (len(one), len(other)) == (length // 2, length - length // 2)


def test_the_halves_of_a_row_stand_side_by_side():
    assert split_in_halves(histories([9, 2])).lengths.tolist() == [4, 5, 2, 2]
    without = Histories(torch.arange(1, 9), torch.tensor([8]))
    assert split_in_halves(without).times is None


def test_every_item_is_as_likely_in_the_first_half():
    torch.manual_seed(0)
    views = rows_of(split_in_halves(histories([8] * 4000)))
    counts = torch.bincount(torch.cat(views[::2]), minlength=9)[1:]
    assert counts.sum() == 16000
    assert counts.min() > 1850  # 2000 expected, deviation 32
    assert counts.max() < 2150


def test_the_same_generator_state_draws_the_same_halves():
    places = histories([20, 15, 9])
    torch.manual_seed(7)
    state = torch.get_rng_state()
    once, other = split_in_halves(places), split_in_halves(places)
    torch.set_rng_state(state)
    assert split_in_halves(places).items.equal(once.items)
    assert not once.items.equal(other.items)


def test_the_longest_whole_history_is_an_option():
    views = split_in_halves(histories([4]), shortest=3)
    assert views.lengths.tolist() == [2, 2]
