"""RowAdam takes the steps of torch's SparseAdam, and fused Adam those of Adam."""

import pytest
import torch
from torch import nn

from recbole_opal.training.optimizer import JointOptimizer, build_optimizer
from recbole_opal.training.row_adam import RowAdam

SETTINGS = {"learner": "adam", "learning_rate": 0.1, "weight_decay": 0.01}


def table_after(make, ids, steps=5, dtype=torch.float32, **options):
    torch.manual_seed(0)
    table = nn.Embedding(9, 4, sparse=True).to(dtype)
    optimizer = make(table.parameters(), lr=0.1, **options)
    for step in range(steps):
        optimizer.zero_grad()
        looked_up = torch.tensor(ids[step % len(ids)], dtype=torch.int64)
        scale = torch.randn(len(looked_up), 4, dtype=dtype)
        (table(looked_up) * scale).sum().backward()
        optimizer.step()
    return table.weight.detach(), optimizer.state_dict()["state"]


@pytest.mark.parametrize("options", [{}, {"maximize": True}, {"betas": (0.5, 0.8), "eps": 1e-3}])
@pytest.mark.parametrize(
    "ids", [[[1, 4, 7]], [[4, 1, 4, 7]], [[1, 2, 3], [3, 8], []]], ids=["sorted", "twice", "others"]
)
def test_steps_equal_torch_s(ids, options):
    ours, state = table_after(RowAdam, ids, **options)
    theirs, expected = table_after(torch.optim.SparseAdam, ids, **options)
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(state, expected, rtol=1e-6, atol=1e-7)


def test_rows_that_are_not_met_keep_every_bit_of_weights_and_moments():
    before, old = table_after(RowAdam, [[1, 2, 3], [3, 8]], steps=1)
    after, new = table_after(RowAdam, [[1, 2, 3], [3, 8]], steps=2)
    met = torch.tensor([3, 8])
    for one, other in (
        (before, after),
        *((old[0][n], new[0][n]) for n in ("exp_avg", "exp_avg_sq")),
    ):
        same = (one == other).all(dim=1)
        assert same.nonzero().flatten().tolist() == [n for n in range(9) if n not in met]


def test_a_state_of_torch_s_is_continued():
    torch.manual_seed(0)
    table = nn.Embedding(9, 4, sparse=True)
    first, second = torch.optim.SparseAdam(table.parameters()), RowAdam(table.parameters())
    table(torch.tensor([1, 2])).sum().backward()
    first.step()
    second.load_state_dict(first.state_dict())
    second.step()
    assert second.state_dict()["state"][0]["step"] == 2


def test_a_dense_gradient_is_refused():
    table = nn.Embedding(3, 2)
    table(torch.tensor([1])).sum().backward()
    with pytest.raises(RuntimeError, match="sparse gradients only"):
        RowAdam(table.parameters()).step()


@pytest.mark.parametrize(
    ("learner", "plain"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)]
)
def test_adam_in_one_pass_equals_adam(learner, plain):
    models = []
    for fast in (True, False):
        torch.manual_seed(0)
        model = nn.Linear(5, 3)
        options = {"lr": 0.1, "weight_decay": 0.01}
        optimizer = (
            build_optimizer(model, SETTINGS | {"learner": learner})
            if fast
            else plain(model.parameters(), **options)
        )
        for _ in range(5):
            optimizer.zero_grad()
            model(torch.randn(4, 5)).square().sum().backward()
            optimizer.step()
        models.append(model)
    for one, other in zip(*(model.parameters() for model in models), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6)
    assert build_optimizer(models[0], SETTINGS).param_groups[0]["fused"]
    assert "fused" not in build_optimizer(models[0], SETTINGS | {"learner": "rmsprop"}).defaults


def test_tables_are_moved_by_rows():
    model = nn.Sequential(nn.Embedding(4, 2, sparse=True), nn.Linear(2, 1))
    optimizer = build_optimizer(model, SETTINGS)
    assert isinstance(optimizer, JointOptimizer)
    assert [type(part) for part in optimizer.optimizers] == [RowAdam, torch.optim.Adam]
