"""Time gaps: counts by hand and by loops, the encoding against all pairs' embeddings."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.interests.history import History
from recbole_opal.models.pimi import TimeGapEncoding, count_gaps

DAY = 86400.0


def test_counts_by_hand():
    """Days 0, 0.5 and 2 of one row, day 1 of another; a span of 1 clips the gap of 2."""
    times = 1.65e9 + DAY * torch.tensor([0.0, 0.5, 2.0, 1.0], dtype=torch.float64)
    rows = torch.tensor([0, 0, 0, 2])
    counts = count_gaps(times, torch.bincount(rows, minlength=3), unit=DAY, span=3)
    assert counts.tolist() == [[2, 0, 1, 0], [2, 1, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0]]
    clipped = count_gaps(times, torch.bincount(rows, minlength=3), unit=DAY, span=1)
    assert clipped.tolist() == [[2, 1], [2, 1], [1, 2], [1, 0]]


@given(
    st.lists(st.lists(st.integers(0, 10**6), max_size=8), min_size=1, max_size=4),
    st.sampled_from([1.0, 3600.0, DAY]),
    st.integers(1, 6),
)
def test_counts_equal_a_loop_over_pairs(users, unit, span):
    rows = torch.tensor([row for row, times in enumerate(users) for _ in times], dtype=torch.long)
    times = torch.tensor([1.6e9 + time for user in users for time in user], dtype=torch.float64)
    counts = count_gaps(times, torch.tensor([len(user) for user in users]), unit=unit, span=span)
    expected = np.zeros((len(times), span + 1), dtype=int)
    for one in range(len(times)):
        for other in range(len(times)):
            if rows[one] == rows[other]:
                gap = abs(float(times[one]) - float(times[other])) // unit
                expected[one, int(min(gap, span))] += 1
    assert counts.tolist() == expected.tolist()


def naive_encoding(encoding, times, unit, span):
    """All pairs of one row: (n, n, D) embeddings, a softmax over the second axis, a sum."""
    gaps = ((times[:, None] - times[None, :]).abs() / unit).floor().clamp_max(span).long()
    embedded = encoding.gaps[gaps]  # (n, n, D)
    weights = (embedded @ encoding.weight).softmax(dim=1)
    return (weights.unsqueeze(-1) * embedded).sum(dim=1)


def test_the_encoding_equals_the_paper_s_over_all_pairs():
    torch.manual_seed(0)
    encoding = TimeGapEncoding(4, unit=DAY, span=5).double()
    lengths = [7, 1, 4]
    rows = torch.repeat_interleave(torch.arange(3), torch.tensor(lengths))
    times = 1.65e9 + 9 * DAY * torch.rand(12, dtype=torch.float64)
    history = History(torch.zeros(12, 4, dtype=torch.float64), torch.tensor(lengths), times)
    found = encoding(history)
    for row in range(3):
        expected = naive_encoding(encoding, times[rows == row], DAY, 5)
        torch.testing.assert_close(found[rows == row], expected)


def test_gradients_are_those_of_all_pairs():
    torch.manual_seed(0)
    encoding = TimeGapEncoding(3, unit=DAY, span=4).double()
    times = 1.65e9 + 6 * DAY * torch.rand(5, dtype=torch.float64)
    history = History(torch.zeros(5, 3), torch.tensor([5]), times)
    direction = torch.randn(5, 3, dtype=torch.float64)
    weights = list(encoding.parameters())
    found = torch.autograd.grad((encoding(history) * direction).sum(), weights)
    naive = (naive_encoding(encoding, times, DAY, 4) * direction).sum()
    for one, other in zip(found, torch.autograd.grad(naive, weights), strict=True):
        torch.testing.assert_close(one, other)


def test_only_differences_of_time_matter():
    torch.manual_seed(0)
    encoding = TimeGapEncoding(4, unit=DAY, span=5)
    times = 1.65e9 + DAY * torch.arange(6, dtype=torch.float64)
    lengths = torch.tensor([3, 3])
    vectors = torch.zeros(6, 4)
    one = encoding(History(vectors, lengths, times))
    assert one.equal(encoding(History(vectors, lengths, times + 40 * DAY)))
    assert not one.equal(encoding(History(vectors, lengths, 2 * times)))


def test_present_day_seconds_keep_their_precision():
    """A gap of exactly one day in 2026 is one day: float32 would be off by a minute."""
    times = torch.tensor([1.7676e9 + 1.25, 1.7676e9 + 1.25 + DAY], dtype=torch.float64)
    counts = count_gaps(times, torch.tensor([2]), unit=DAY, span=2)
    assert counts.tolist() == [[1, 1, 0], [1, 1, 0]]


def test_without_times_nothing_is_guessed():
    with pytest.raises(ValueError, match="times"):
        TimeGapEncoding(2, unit=DAY, span=2)(History(torch.zeros(1, 2), torch.tensor([1])))
