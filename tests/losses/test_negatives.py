"""Shared negatives: what is drawn, how often, and the logQ correction."""

import math

import pytest
import torch

from recbole_opal.losses.negatives import NegativeSampler

CPU = torch.device("cpu")


def test_uniform_draws_distinct_ids_with_their_counts():
    torch.manual_seed(0)
    drawn = NegativeSampler(6, "uniform", 100).draw(CPU)
    assert drawn.ids.tolist() == [1, 2, 3, 4, 5]
    assert float(drawn.log_weights.exp().sum()) == pytest.approx(100, rel=1e-4)


def test_padding_is_never_drawn():
    torch.manual_seed(0)
    counts = torch.tensor([50, 1, 1, 1])
    for distribution in ("uniform", "popularity", "full"):
        sampler = NegativeSampler(4, distribution, 1000, counts=counts)
        assert 0 not in sampler.draw(CPU).ids


def test_popularity_draws_in_proportion_to_powered_counts():
    torch.manual_seed(0)
    counts = torch.tensor([0, 1, 4, 9, 0])
    sampler = NegativeSampler(5, "popularity", 60_000, counts=counts, power=0.5, correct=False)
    drawn = sampler.draw(CPU)
    assert drawn.ids.tolist() == [1, 2, 3]  # an item without interactions is never drawn
    shares = drawn.log_weights.exp() / 60_000
    torch.testing.assert_close(shares, torch.tensor([1, 2, 3]) / 6, rtol=0.03, atol=0)


def test_logq_correction_makes_every_item_weigh_one_on_average():
    torch.manual_seed(0)
    counts = torch.tensor([0, 1, 2, 7])
    sampler = NegativeSampler(4, "popularity", 100_000, counts=counts)
    drawn = sampler.draw(CPU)
    torch.testing.assert_close(drawn.log_weights, torch.zeros(3), rtol=0, atol=0.02)


def test_target_correction_is_the_log_of_the_expected_count():
    counts = torch.tensor([0, 3, 1])
    sampler = NegativeSampler(3, "popularity", 8, counts=counts)
    correction = sampler.target_correction(torch.tensor([[1, 2]]))
    expected = torch.tensor([[math.log(6), math.log(2)]])
    torch.testing.assert_close(correction, expected)


def test_an_unseen_target_stays_finite():
    sampler = NegativeSampler(4, "popularity", 8, counts=torch.tensor([0, 3, 1, 0]))
    assert sampler.target_correction(torch.tensor([3])).tolist() == [0.0]


def test_uniform_sampling_has_nothing_to_correct():
    assert NegativeSampler(9, "uniform", 4).target_correction(torch.tensor([1])) == 0


def test_full_is_every_item_once():
    drawn = NegativeSampler(5, "full", 3).draw(CPU)
    assert drawn.ids.tolist() == [1, 2, 3, 4]
    assert drawn.log_weights.eq(0).all()


def test_popularity_without_counts_is_an_error():
    with pytest.raises(ValueError, match="counts"):
        NegativeSampler(5, "popularity", 3)


def test_logq_corrected_loss_estimates_the_full_softmax():
    """The corrected sampled partition function is unbiased for the full one."""
    torch.manual_seed(0)
    items = 50
    counts = torch.cat([torch.zeros(1), torch.randint(1, 200, (items,)).float()])
    scores = torch.randn(items + 1, dtype=torch.float64)
    sampler = NegativeSampler(items + 1, "popularity", 200, counts=counts)
    estimates = []
    for _ in range(400):
        drawn = sampler.draw(CPU)
        estimates.append(float((scores[drawn.ids] + drawn.log_weights).exp().sum()))
    exact = float(scores[1:].exp().sum())
    assert sum(estimates) / len(estimates) == pytest.approx(exact, rel=0.02)
