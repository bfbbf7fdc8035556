"""Item vectors: unit length, padding, one gradient row for each distinct item."""

import pytest
import torch
from torch.nn import functional

from recbole_opal.interests.item_table import ItemTable


@pytest.fixture
def table():
    torch.manual_seed(0)
    return ItemTable(9, 4, sparse=True)


def test_looked_up_vectors_equal_the_normalised_table(table):
    first, second = table(torch.tensor([[3, 0], [8, 3]]), torch.tensor([5]))
    everything = functional.normalize(table.embedding.weight, dim=-1)
    torch.testing.assert_close(first, everything[torch.tensor([[3, 0], [8, 3]])])
    torch.testing.assert_close(second, everything[torch.tensor([5])])
    torch.testing.assert_close(table.all(), everything)


def test_padding_is_zero_and_stays_zero(table):
    (vectors,) = table(torch.tensor([0, 1]))
    assert vectors[0].eq(0).all()
    vectors.sum().backward()
    gradient = table.embedding.weight.grad.to_dense()
    assert gradient[0].eq(0).all()
    assert gradient.isfinite().all()


def test_gradient_holds_only_the_rows_looked_up(table):
    first, second = table(torch.tensor([[3, 7, 3]]), torch.tensor([7, 2]))
    (first.square().sum() + second[:, 0].sum()).backward()
    gradient = table.embedding.weight.grad
    assert gradient.is_sparse
    assert sorted(gradient._indices()[0].tolist()) == [2, 3, 7]


def test_sparse_and_dense_gradients_are_equal():
    gradients = []
    for sparse in (True, False):
        torch.manual_seed(1)
        table = ItemTable(6, 3, sparse=sparse)
        first, second = table(torch.tensor([1, 2, 2]), torch.tensor([5, 1]))
        (first[:, 0].sum() + second[:, 1].exp().sum()).backward()
        gradient = table.embedding.weight.grad
        gradients.append(gradient.to_dense())
    torch.testing.assert_close(*gradients)


def test_rows_start_close_to_unit_length():
    torch.manual_seed(0)
    lengths = ItemTable(1000, 64, sparse=True).embedding.weight[1:].norm(dim=-1)
    assert 0.95 < lengths.mean().item() < 1.05
