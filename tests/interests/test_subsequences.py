"""The packed GRU equals one GRU run over each category's items alone."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.interests.history import History, Repeats
from recbole_opal.interests.subsequences import SubsequenceGRU, lay_out_subsequences


def random_case(seed, lengths, interests, width=3):
    generator = torch.Generator().manual_seed(seed)
    rows = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    vectors = torch.randn(len(rows), width, generator=generator, dtype=torch.float64)
    categories = torch.randint(interests, (len(rows),), generator=generator)
    torch.manual_seed(seed)
    return SubsequenceGRU(width).double(), History(vectors, torch.as_tensor(lengths)), categories


def run_alone(module, history, categories, interests):
    """Run the GRU over each sub-sequence by itself."""
    states = history.vectors.new_zeros(history.num_rows, interests, history.vectors.shape[1])
    for row in range(history.num_rows):
        for number in range(interests):
            own = (history.rows == row) & (categories == number)
            if own.any():
                _, last = module.gru(history.vectors[own].unsqueeze(1))
                states[row, number] = last[0, 0]
    return states


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000), st.lists(st.integers(0, 8), min_size=1, max_size=5), st.integers(1, 4)
)
def test_equals_running_each_alone(seed, lengths, interests):
    module, history, categories = random_case(seed, lengths, interests)
    actual = module(history, categories, interests)
    torch.testing.assert_close(actual, run_alone(module, history, categories, interests))


def test_gradients_equal_those_of_running_each_alone():
    module, history, categories = random_case(5, [6, 3, 1], 3, width=4)
    history.vectors.requires_grad_()
    weights = torch.randn(3, 3, 4, dtype=torch.float64)
    results = []
    for states in (
        module(history, categories, 3),
        run_alone(module, history, categories, 3),
    ):
        inputs = [history.vectors, *module.parameters()]
        results.append(torch.autograd.grad((states * weights).sum(), inputs))
    for packed, alone in zip(*results, strict=True):
        torch.testing.assert_close(packed, alone)


@pytest.mark.parametrize("some", [1, 3, 10])
def test_items_that_are_met_often_change_nothing(some):
    """With 10 that differ of 11 each has a vector of its own, with fewer those are shared."""
    module, history, categories = random_case(7, [6, 0, 4, 1], 3, width=4)
    known = torch.randn(some, 4, dtype=torch.float64, requires_grad=True)
    ids = torch.arange(11) % some
    weights = torch.randn(4, 3, 4, dtype=torch.float64)
    results = []
    for told in (True, False):
        vectors = known[ids]
        repeats = Repeats(ids, vectors) if told else None
        states = module(replace(history, vectors=vectors, repeats=repeats), categories, 3)
        inputs = [known, *module.parameters()]
        results.append((states, *torch.autograd.grad((states * weights).sum(), inputs)))
    for repeated, plain in zip(*results, strict=True):
        torch.testing.assert_close(repeated, plain)


def test_takes_as_many_steps_as_there_are_items():
    # User 0: categories 0 1 0 2; user 1: categories 1 1 1. Six sub-sequences, three empty.
    owners = torch.tensor([0, 1, 0, 2, 4, 4, 4])
    layout = lay_out_subsequences(owners, 6)
    assert layout.batch_sizes.tolist() == [4, 2, 1]
    assert layout.order.tolist() == [4, 0, 1, 2]
    # The longest leads every step: items 4, 5, 6 are its first, second and third.
    assert layout.positions.tolist() == [4, 0, 1, 3, 5, 2, 6]


def test_a_batch_without_items_gives_zeros():
    module, history, categories = random_case(0, [0, 0], 2)
    states = module(history, categories, 2)
    assert states.shape == (2, 2, 3)
    assert states.eq(0).all()


@pytest.mark.parametrize("width", [1, 5])
def test_the_gru_has_no_bias(width):
    assert {name for name, _ in SubsequenceGRU(width).named_parameters()} == {
        "gru.weight_ih_l0",
        "gru.weight_hh_l0",
    }
