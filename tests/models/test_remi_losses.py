"""REMI's routing regularisation: hand numbers, a naive loop, the authors' scale."""

import math

import pytest
import torch

from recbole_opal.models.remi import attention_variation


def random_case(rows=3, length=5, interests=2, seed=0):
    torch.manual_seed(seed)
    mask = torch.arange(length) < torch.randint(1, length + 1, (rows, 1))
    logits = torch.randn(rows, length, interests, dtype=torch.float64)
    attention = logits.masked_fill(~mask.unsqueeze(-1), -torch.inf).softmax(dim=1)
    return attention, mask


def test_by_hand():
    # All on one of two items: deviations 0.5 and -0.5, squares 0.5 in all, squared 0.25.
    collapsed = torch.tensor([[[1.0], [0.0]]])
    mask = torch.ones(1, 2, dtype=torch.bool)
    assert float(attention_variation(collapsed, mask)) == pytest.approx(0.25)
    assert float(attention_variation(torch.full((1, 2, 1), 0.5), mask)) == 0


def test_equals_a_naive_loop_over_real_items():
    attention, mask = random_case()
    total = 0.0
    for row in range(3):
        length = int(mask[row].sum())
        for interest in range(2):
            values = [float(attention[row, t, interest]) for t in range(length)]
            mean = sum(values) / length
            total += sum((value - mean) ** 2 for value in values) ** 2
    assert float(attention_variation(attention, mask)) == pytest.approx(total / 3)


def test_padding_and_batch_size_change_nothing():
    attention, mask = random_case()
    padded = torch.nn.functional.pad(attention, (0, 0, 0, 4))
    wider = torch.nn.functional.pad(mask, (0, 4))
    before = attention_variation(attention, mask)
    torch.testing.assert_close(attention_variation(padded, wider), before)
    twice = attention_variation(attention.repeat(2, 1, 1), mask.repeat(2, 1))
    torch.testing.assert_close(twice, before)


def test_the_default_weight_is_the_authors_on_full_rows():
    """`100 sum_b |diag((A - mean)(A - mean)' / D)|^2` of 128 rows, D = 64, without padding."""
    torch.manual_seed(0)
    attention = torch.randn(128, 20, 4, dtype=torch.float64).softmax(dim=1)
    centred = attention - attention.mean(dim=1, keepdim=True)
    covariance = torch.einsum("btk,btj->bkj", centred, centred) / 64
    authors = 100 * covariance.diagonal(dim1=1, dim2=2).square().sum()
    mask = torch.ones(128, 20, dtype=torch.bool)
    ours = 3.125 * attention_variation(attention, mask)
    assert math.isclose(float(ours), float(authors), rel_tol=1e-9)


def test_an_empty_row_is_no_variation():
    loss = attention_variation(torch.zeros(1, 2, 3), torch.zeros(1, 2, dtype=torch.bool))
    assert float(loss) == 0


def test_gradient_in_float64():
    _, mask = random_case()
    logits = torch.randn(3, 5, 2, dtype=torch.float64, requires_grad=True)

    def value(x):
        return attention_variation(x.softmax(dim=1) * mask.unsqueeze(-1), mask)

    assert torch.autograd.gradcheck(value, (logits,))
