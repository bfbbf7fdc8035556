"""Two halves of a history: disjoint, complete, in order, drawn from the default generator."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.interests.views import split_in_halves


def histories(lengths):
    """Return rows 1, 2, 3, ..., so that an item tells its time."""
    width = max(lengths) + 2
    columns = torch.arange(1, width + 1)
    return columns * (columns <= torch.tensor(lengths).unsqueeze(1))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 20), min_size=1, max_size=6))
def test_halves_are_disjoint_complete_and_in_time_order(seed, lengths):
    torch.manual_seed(seed)
    views = split_in_halves(histories(lengths))
    for row, length in enumerate(lengths):
        one, other = (views[place][views[place] > 0] for place in (row, row + len(lengths)))
        for half in (one, other):
            assert half.equal(half.sort().values)
        every = list(range(1, length + 1))
        if length <= 6:
            assert one.tolist() == other.tolist() == every
        else:
            assert sorted(one.tolist() + other.tolist()) == every
            assert (len(one), len(other)) == (length // 2, length - length // 2)


def test_padding_is_on_the_right_and_no_wider_than_needed():
    views = split_in_halves(histories([9, 2]))
    assert views.shape == (4, 5)
    filled = (views > 0).long()
    assert filled.equal(filled.sort(dim=1, descending=True).values)


def test_every_item_is_as_likely_in_the_first_half():
    torch.manual_seed(0)
    views = split_in_halves(torch.arange(1, 9).repeat(4000, 1))
    counts = torch.bincount(views[:4000].flatten(), minlength=9)[1:]
    assert counts.sum() == 16000
    assert counts.min() > 1850  # 2000 expected, deviation 32
    assert counts.max() < 2150


def test_the_same_generator_state_draws_the_same_halves():
    places = histories([20, 15, 9])
    torch.manual_seed(7)
    state = torch.get_rng_state()
    once, other = split_in_halves(places), split_in_halves(places)
    torch.set_rng_state(state)
    assert split_in_halves(places).equal(once)
    assert not once.equal(other)


def test_the_longest_whole_history_is_an_option():
    views = split_in_halves(histories([4]), shortest=3)
    assert (views > 0).sum(dim=1).tolist() == [2, 2]
