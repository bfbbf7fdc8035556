"""Shared negatives: what is drawn, how often, and the logQ correction."""

import math

import pytest
import torch

from recbole_opal.errors import SettingsError
from recbole_opal.losses.negatives import NegativeSampler

TARGETS = torch.tensor([[1, 2], [2, 0]])


def test_uniform_draws_distinct_ids_with_their_counts():
    torch.manual_seed(0)
    drawn = NegativeSampler(6, "uniform", 100).draw(TARGETS)
    assert drawn.ids.tolist() == [1, 2, 3, 4, 5]
    assert float(drawn.log_weights.exp().sum()) == pytest.approx(100, rel=1e-4)


def test_padding_is_never_drawn():
    torch.manual_seed(0)
    counts = torch.tensor([50, 1, 1, 1])
    for distribution in ("uniform", "popularity", "full"):
        sampler = NegativeSampler(4, distribution, 1000, counts=counts)
        assert 0 not in sampler.draw(TARGETS).ids


def test_popularity_draws_in_proportion_to_powered_counts():
    torch.manual_seed(0)
    counts = torch.tensor([0, 1, 4, 9, 0])
    sampler = NegativeSampler(5, "popularity", 60_000, counts=counts, power=0.5, correct=False)
    drawn = sampler.draw(TARGETS)
    assert drawn.ids.tolist() == [1, 2, 3]  # an item without interactions is never drawn
    shares = drawn.log_weights.exp() / 60_000
    torch.testing.assert_close(shares, torch.tensor([1, 2, 3]) / 6, rtol=0.03, atol=0)


def test_logq_correction_makes_every_item_weigh_one_on_average():
    torch.manual_seed(0)
    counts = torch.tensor([0, 1, 2, 7])
    sampler = NegativeSampler(4, "popularity", 100_000, counts=counts)
    drawn = sampler.draw(TARGETS)
    torch.testing.assert_close(drawn.log_weights, torch.zeros(3), rtol=0, atol=0.02)


def test_target_correction_is_the_log_of_the_expected_count():
    counts = torch.tensor([0, 3, 1])
    sampler = NegativeSampler(3, "popularity", 8, counts=counts)
    correction = sampler.target_correction(torch.tensor([[1, 2]]), sampler.draw(TARGETS))
    expected = torch.tensor([[math.log(6), math.log(2)]])
    torch.testing.assert_close(correction, expected)


def test_an_unseen_target_stays_finite():
    sampler = NegativeSampler(4, "popularity", 8, counts=torch.tensor([0, 3, 1, 0]))
    assert sampler.target_correction(torch.tensor([3]), sampler.draw(TARGETS)).tolist() == [0.0]


def test_uniform_sampling_has_nothing_to_correct():
    sampler = NegativeSampler(9, "uniform", 4)
    assert sampler.target_correction(torch.tensor([1]), sampler.draw(TARGETS)) == 0


def test_full_is_every_item_once():
    drawn = NegativeSampler(5, "full", 3).draw(TARGETS)
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
        drawn = sampler.draw(TARGETS)
        estimates.append(float((scores[drawn.ids] + drawn.log_weights).exp().sum()))
    exact = float(scores[1:].exp().sum())
    assert sum(estimates) / len(estimates) == pytest.approx(exact, rel=0.02)


def test_in_batch_negatives_are_the_targets_of_all_rows_as_often_as_they_occur():
    drawn = NegativeSampler(9, "in_batch", 4).draw(TARGETS)
    assert drawn.ids.tolist() == [1, 2]
    torch.testing.assert_close(drawn.log_weights.exp(), torch.tensor([1.0, 2.0]))


class TestLogUniform:
    COUNTS = torch.tensor([0, 5, 80, 0, 30, 1, 9, 2])  # ranked by count: 2 4 6 1 7 5 3

    def sampler(self, count, **options):
        return NegativeSampler(8, "log_uniform", count, counts=self.COUNTS, **options)

    def test_draws_the_number_asked_for_all_different(self):
        torch.manual_seed(0)
        for count in (1, 3, 6, 7):
            drawn = self.sampler(count).draw(TARGETS)
            assert len(drawn.ids) == count
            assert drawn.ids.unique().tolist() == drawn.ids.tolist()
            assert drawn.ids.min() > 0
            assert drawn.tries >= count

    def test_single_draws_fall_with_the_rank_of_the_item(self):
        torch.manual_seed(0)
        sampler, seen = self.sampler(1), torch.zeros(8)
        for _ in range(2000):
            seen[sampler.draw(TARGETS).ids] += 1
        by_rank = torch.tensor([2, 4, 6, 1, 7, 5, 3])
        share = torch.tensor([math.log((r + 2) / (r + 1)) / math.log(8) for r in range(7)])
        torch.testing.assert_close(seen[by_rank] / 2000, share, rtol=0, atol=0.035)

    def test_the_correction_is_the_log_of_the_chance_to_be_among_the_drawn(self):
        torch.manual_seed(0)
        sampler = self.sampler(3)
        drawn = sampler.draw(TARGETS)
        q = math.log(2) / math.log(8)  # of item 2, the first in rank
        expected = math.log(1 - (1 - q) ** drawn.tries)
        correction = sampler.target_correction(torch.tensor([[2, 0]]), drawn)
        torch.testing.assert_close(correction, torch.tensor([[expected, 0.0]]))
        uncorrected = self.sampler(3, correct=False).draw(TARGETS)
        assert uncorrected.log_weights.eq(0).all()

    def test_the_corrected_sum_estimates_the_sum_over_all_items(self):
        """Nearly: the number of tries is not independent of what was drawn, as in TensorFlow."""
        torch.manual_seed(0)
        counts = torch.cat([torch.zeros(1), torch.randint(1, 200, (500,)).float()])
        scores = torch.randn(501, dtype=torch.float64)
        sampler = NegativeSampler(501, "log_uniform", 100, counts=counts)
        estimates = []
        for _ in range(500):
            drawn = sampler.draw(TARGETS)
            estimates.append(float((scores[drawn.ids] + drawn.log_weights).exp().sum()))
        exact = float(scores[1:].exp().sum())
        assert sum(estimates) / len(estimates) == pytest.approx(exact, rel=0.03)

    def test_more_than_there_are_is_an_error(self):
        with pytest.raises(SettingsError, match="7 items"):
            self.sampler(8)


@pytest.mark.parametrize("distribution", ["uniform", "full"])
def test_with_met_only_no_new_item_is_drawn(distribution):
    counts = torch.tensor([0, 3, 0, 1, 0, 7])
    sampler = NegativeSampler(6, distribution, 3000, counts=counts, met_only=True)
    drawn = sampler.draw(TARGETS)
    assert drawn.ids.tolist() == [1, 3, 5]
    if distribution == "uniform":
        shares = drawn.log_weights.exp() / 3000
        torch.testing.assert_close(shares, torch.full((3,), 1 / 3), rtol=0.15, atol=0)
    assert NegativeSampler(6, "full", 3, counts=counts).draw(TARGETS).ids.tolist() == [*range(1, 6)]
