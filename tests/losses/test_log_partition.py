"""The blocked log of a sum: values, gradients and edges equal those of the plain formula."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.losses import log_partition, retrieval
from recbole_opal.losses.log_partition import log_sum_of_best
from recbole_opal.losses.retrieval import retrieval_loss, target_columns


def plainly(interests, candidates, weights, left_out):
    logits = torch.einsum("bkd,md->bkm", interests, candidates).amax(dim=1) + weights
    out = torch.zeros(len(logits), len(candidates) + 1, dtype=torch.bool)
    out = out.scatter_(1, left_out, True)[:, :-1]
    return logits.masked_fill(out, -torch.inf).logsumexp(dim=1)


def make_case(seed, rows, interests, candidates, dtype=torch.float64):
    torch.manual_seed(seed)
    u = torch.randn(rows, interests, 3, dtype=dtype, requires_grad=True)
    x = torch.randn(candidates, 3, dtype=dtype, requires_grad=True)
    # Column 0 always stays; W = 2, the same column twice and none among them.
    left_out = torch.randint(1, candidates + 1, (rows, 2))
    return u, x, torch.randn(candidates, dtype=dtype), left_out


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 5), st.integers(1, 9))
def test_equals_the_plain_formula_in_blocks_of_any_size(seed, rows, interests, candidates):
    u, x, weights, left_out = make_case(seed, rows, interests, candidates)
    expected = plainly(u, x, weights, left_out)
    scale = torch.randn(rows, dtype=torch.float64)
    theirs = torch.autograd.grad((expected * scale).sum(), (u, x))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_partition, "_FEWEST_ROWS", 1 + seed % 4)
        patch.setattr(log_partition, "_BLOCK", 1)
        found = log_sum_of_best(u, x, weights, left_out)
        ours = torch.autograd.grad((found * scale).sum(), (u, x))
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("interests", [1, 3])
def test_gradient_in_float64(interests):
    u, x, weights, left_out = make_case(0, 4, interests, 5)

    def logs(first, second):
        return log_sum_of_best(first, second, weights, left_out)

    assert torch.autograd.gradcheck(logs, (u, x), atol=1e-6)


def test_float32_differs_in_the_last_digits_only():
    u, x, weights, left_out = make_case(1, 300, 4, 700, torch.float32)
    found = log_sum_of_best(u, x, weights, left_out)
    exact = plainly(u.double(), x.double(), weights.double(), left_out)
    torch.testing.assert_close(found.double(), exact, rtol=1e-6, atol=1e-6)
    ours, theirs = (torch.autograd.grad(value.sum(), (u, x)) for value in (found, exact))
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


def test_a_row_that_leaves_out_all_gives_the_lowest_number_and_no_gradient_of_its_loss():
    u, x, weights, _ = make_case(2, 2, 2, 2)
    logs = log_sum_of_best(u, x, weights, torch.tensor([[0, 1], [2, 2]]))
    assert logs[0].item() == torch.finfo(logs.dtype).min
    assert logs[1].item() == pytest.approx(plainly(u, x, weights, torch.tensor([[2]]))[1].item())
    gradient = torch.autograd.grad(torch.nn.functional.softplus(logs).sum(), u)[0]
    assert gradient[0].eq(0).all()
    assert gradient[1].ne(0).any()


def test_among_equals_the_first_interest_gets_the_gradient():
    u = torch.ones(1, 2, 2, requires_grad=True)
    log_sum_of_best(u, torch.ones(1, 2), torch.zeros(1), torch.ones(1, 1, dtype=int)).backward()
    assert u.grad.tolist() == [[[1, 1], [0, 0]]]


@pytest.mark.parametrize("hardness", [0.0, 0.5])
@pytest.mark.parametrize("routing", ["candidate", "target", "attention"])
def test_only_importance_weights_take_logits_out_of_the_cache(monkeypatch, routing, hardness):
    called = []

    def told(*arguments):
        called.append(len(arguments[0]))
        return log_sum_of_best(*arguments)

    monkeypatch.setattr(retrieval, "log_sum_of_best", told)
    u, x, weights, _ = make_case(3, 4, 3, 6)
    targets = torch.tensor([[1, 0], [2, 3], [6, 9], [4, 0]])
    retrieval_loss(
        u,
        x[targets.clamp_max(5)],
        targets > 0,
        x,
        temperature=0.5,
        own_columns=target_columns(targets, torch.arange(1, 7)),
        negative_weights=weights,
        routing=routing,
        hardness=hardness,
    )
    queries = {"candidate": 1, "target": 3, "attention": 2}[routing]  # K interests, W mixtures
    assert called == ([] if hardness else [4 * queries])
