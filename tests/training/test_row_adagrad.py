"""Row-wise Adagrad: its formula, its rows alone, and its state."""

import pytest
import torch

from recbole_opal.training.optimizer import build_optimizer
from recbole_opal.training.row_adagrad import RowAdagrad

ITEMS, WIDTH, RATE = 9, 4, 0.1


def table_of(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Embedding(ITEMS, WIDTH, padding_idx=0, sparse=True).double()


def step(table, optimizer, ids):
    optimizer.zero_grad()
    weights = torch.arange(1.0, WIDTH + 1, dtype=torch.float64)
    (table(ids).square() @ weights).sum().backward()
    optimizer.step()


def test_rows_move_by_the_formula_and_others_stay():
    table = table_of()
    optimizer = RowAdagrad(table.parameters(), lr=RATE)
    weights = torch.arange(1.0, WIDTH + 1, dtype=torch.float64)
    expected, sums = table.weight.detach().clone(), torch.zeros(ITEMS, dtype=torch.float64)
    for ids in ([3, 1, 3], [3, 5], [1, 0]):
        step(table, optimizer, torch.tensor(ids))
        gradient = torch.zeros_like(expected)
        for one in ids:  # an id that is met twice has the sum of its gradients, in one step
            if one > 0:
                gradient[one] += 2 * weights * expected[one]
        sums += gradient.square().mean(dim=1)
        expected -= RATE * gradient / (sums.sqrt() + 1e-8).unsqueeze(1)
        assert torch.allclose(table.weight, expected, rtol=1e-12)
    assert torch.equal(optimizer.state[table.weight]["sum"][[0, 2, 4]], torch.zeros(3, 1).double())


def test_a_first_step_has_the_length_of_the_rate_in_each_row():
    table = table_of()
    before = table.weight.detach().clone()
    step(table, RowAdagrad(table.parameters(), lr=RATE), torch.tensor([2, 7]))
    moved = (table.weight - before)[[2, 7]]
    assert torch.allclose(moved.square().mean(dim=1).sqrt(), torch.tensor(RATE).double())


def test_a_saved_state_goes_on_to_the_same_bits():
    table, ids = table_of(), torch.tensor([3, 1])
    optimizer = RowAdagrad(table.parameters(), lr=RATE)
    step(table, optimizer, ids)
    other = table_of()
    other.load_state_dict(table.state_dict())
    resumed = RowAdagrad(other.parameters(), lr=RATE)
    resumed.load_state_dict(optimizer.state_dict())
    step(table, optimizer, ids)
    step(other, resumed, ids)
    assert torch.equal(table.weight, other.weight)


@pytest.mark.parametrize(
    ("chosen", "kind"), [({}, "RowAdam"), ({"item_optimizer": "rowwise_adagrad"}, "RowAdagrad")]
)
def test_the_setting_chooses_what_moves_tables(chosen, kind):
    settings = {"learner": "adam", "learning_rate": RATE, "weight_decay": 0.0, **chosen}
    model = torch.nn.Sequential(table_of(), torch.nn.Linear(WIDTH, 2).double())
    tables, dense = build_optimizer(model, settings).optimizers
    assert type(tables).__name__ == kind
    assert type(dense).__name__ == "Adam"
