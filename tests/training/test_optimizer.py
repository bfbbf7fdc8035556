"""The joint optimiser steps like its parts and remembers what they remember."""

import torch
from torch import nn

from recbole_opal.training.optimizer import (
    JointOptimizer,
    build_optimizer,
    split_sparse_parameters,
)


class Model(nn.Module):
    def __init__(self, sparse: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Embedding(6, 3, sparse=sparse)
        self.layer = nn.Linear(3, 1)

    def loss(self, ids):
        return self.layer(self.table(ids)).square().sum()


def joint(model):
    sparse, rest = split_sparse_parameters(model)
    return JointOptimizer([torch.optim.SparseAdam(sparse, lr=0.1), torch.optim.Adam(rest, lr=0.1)])


def train(model, optimizer, steps, ids=(0, 1, 2, 3, 4, 5)):
    for _ in range(steps):
        optimizer.zero_grad()
        model.loss(torch.tensor(ids)).backward()
        optimizer.step()


def test_parameters_are_split():
    sparse, rest = split_sparse_parameters(Model(sparse=True))
    assert [tuple(p.shape) for p in sparse] == [(6, 3)]
    assert [tuple(p.shape) for p in rest] == [(1, 3), (1,)]
    assert split_sparse_parameters(Model(sparse=False))[0] == []


def test_equals_adam_where_every_row_is_touched():
    ours, theirs = Model(sparse=True), Model(sparse=False)
    train(ours, joint(ours), 5)
    train(theirs, torch.optim.Adam(theirs.parameters(), lr=0.1), 5)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_untouched_rows_stay():
    model = Model(sparse=True)
    before = model.table.weight.detach().clone()
    train(model, joint(model), 3, ids=(1, 4))
    changed = (model.table.weight != before).any(dim=1)
    assert changed.tolist() == [False, True, False, False, True, False]


def test_a_restored_state_continues_exactly():
    unbroken = Model(sparse=True)
    train(unbroken, joint(unbroken), 6)
    first = Model(sparse=True)
    optimizer = joint(first)
    train(first, optimizer, 3)
    second = Model(sparse=True)
    second.load_state_dict(first.state_dict())
    resumed = joint(second)
    resumed.load_state_dict(optimizer.state_dict())
    train(second, resumed, 3)
    for one, other in zip(unbroken.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)


def test_parameter_groups_are_those_of_all_parts():
    assert len(joint(Model(sparse=True)).param_groups) == 2


def test_a_module_may_be_spared_the_decay():
    class Spared(nn.Linear):
        without_decay = True

    model = nn.Sequential(nn.Linear(2, 2), Spared(2, 2))
    before = [parameter.detach().clone() for parameter in model.parameters()]
    settings = {"learner": "adam", "learning_rate": 0.1, "weight_decay": 0.1}
    optimizer = build_optimizer(model, settings)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    same = [one.equal(other) for one, other in zip(before, model.parameters(), strict=True)]
    assert same == [False, False, True, True]
    assert len(build_optimizer(model[0], settings).param_groups) == 1
