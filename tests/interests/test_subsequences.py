"""The packed GRU equals one GRU run over each category's items alone."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.interests.subsequences import SubsequenceGRU, lay_out_subsequences


def run_alone(module, inputs, categories, mask, interests):
    """Run the GRU over each sub-sequence by itself."""
    batch, length, width = inputs.shape
    states = inputs.new_zeros(batch, interests, width)
    for row in range(batch):
        for number in range(interests):
            steps = [t for t in range(length) if mask[row, t] and categories[row, t] == number]
            if steps:
                _, last = module.gru(inputs[row, steps].unsqueeze(1))
                states[row, number] = last[0, 0]
    return states


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 8), st.integers(1, 4))
def test_equals_running_each_alone(seed, batch, length, interests):
    torch.manual_seed(seed)
    module = SubsequenceGRU(3).double()
    inputs = torch.randn(batch, length, 3, dtype=torch.float64)
    categories = torch.randint(interests, (batch, length))
    mask = torch.arange(length) < torch.randint(0, length + 1, (batch, 1))
    actual = module(inputs, categories, mask, interests)
    torch.testing.assert_close(actual, run_alone(module, inputs, categories, mask, interests))


def test_gradients_equal_those_of_running_each_alone():
    torch.manual_seed(5)
    module = SubsequenceGRU(4).double()
    inputs = torch.randn(3, 6, 4, dtype=torch.float64, requires_grad=True)
    categories = torch.randint(3, (3, 6))
    mask = torch.arange(6) < torch.tensor([[6], [3], [1]])
    weights = torch.randn(3, 3, 4, dtype=torch.float64)
    results = []
    for states in (
        module(inputs, categories, mask, 3),
        run_alone(module, inputs, categories, mask, 3),
    ):
        results.append(
            torch.autograd.grad((states * weights).sum(), [inputs, *module.parameters()])
        )
    for packed, alone in zip(*results, strict=True):
        torch.testing.assert_close(packed, alone)


def test_takes_as_many_steps_as_there_are_items():
    categories = torch.tensor([[0, 1, 0, 2], [1, 1, 1, 0]])
    mask = torch.tensor([[True, True, True, True], [True, True, True, False]])
    layout = lay_out_subsequences(categories, mask, 3)
    assert len(layout.positions) == 7
    # Lengths: user 0 has 2, 1, 1; user 1 has 0, 3, 0.
    assert layout.batch_sizes.tolist() == [4, 2, 1]
    assert layout.order.tolist()[0] == 4
    # The longest sub-sequence leads every step; its items are flat positions 4, 5, 6.
    assert [layout.positions[i].item() for i in (0, 4, 6)] == [4, 5, 6]


def test_a_batch_without_items_gives_zeros():
    module = SubsequenceGRU(2)
    states = module(
        torch.zeros(2, 3, 2),
        torch.zeros(2, 3, dtype=torch.long),
        torch.zeros(2, 3, dtype=torch.bool),
        2,
    )
    assert states.shape == (2, 2, 2)
    assert states.eq(0).all()


@pytest.mark.parametrize("width", [1, 5])
def test_the_gru_has_no_bias(width):
    assert {name for name, _ in SubsequenceGRU(width).named_parameters()} == {
        "gru.weight_ih_l0",
        "gru.weight_hh_l0",
    }
