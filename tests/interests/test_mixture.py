"""A mixture for each history: planted clusters, a likelihood that never falls, edges."""

import itertools

import pytest
import torch
from torch.nn import functional

from recbole_opal.interests import mixture
from recbole_opal.interests.history import History
from recbole_opal.interests.mixture import MixtureSettings, fit_mixtures, one_mean
from recbole_opal.interests.row_best import best_of_rows


def settings(clusters=3, **changes):
    chosen = {
        "variance": 0.1,
        "iterations": 3,
        "unrolled": 1,
        "farthest": True,
        "unit": True,
    } | changes
    return MixtureSettings(clusters, **chosen)


def histories(*lengths, seed=0, width=5, unit=True):
    torch.manual_seed(seed)
    vectors = torch.randn(sum(lengths), width, dtype=torch.float64)
    return History(
        functional.normalize(vectors, dim=-1) if unit else vectors, torch.tensor(lengths)
    )


def permuted(history, seed=1):
    torch.manual_seed(seed)
    parts, start = [], 0
    for length in history.lengths.tolist():
        parts.append(start + torch.randperm(length))
        start += length
    order = torch.cat(parts)
    weights = None if history.log_weights is None else history.log_weights[order]
    return History(history.vectors[order], history.lengths, log_weights=weights), order


def planted(clusters, per_cluster, width=16, noise=0.15, rows=20):
    """Return rows of clusters at orthogonal centres, of different sizes, and the truth, (T,)."""
    torch.manual_seed(2)
    truth = torch.arange(clusters).repeat_interleave(torch.tensor(per_cluster))
    vectors, labels = [], []
    for _ in range(rows):
        centres = torch.linalg.qr(torch.randn(width, width)).Q[:clusters]
        mine = truth[torch.randperm(len(truth))]
        noisy = centres[mine] + noise * torch.randn(len(mine), width)
        vectors.append(functional.normalize(noisy, dim=-1))
        labels.append(mine)
    lengths = torch.full((rows,), len(truth))
    return History(torch.cat(vectors), lengths), torch.cat(labels)


@pytest.mark.parametrize("farthest", [True, False])
def test_planted_clusters_are_recovered(farthest):
    history, truth = planted(4, [12, 8, 6, 4])
    mixed = fit_mixtures(history, settings(4, farthest=farthest, iterations=20))
    found = mixed.assignment.argmax(dim=1)
    right = 0
    for row in range(20):
        mine = history.rows == row
        pairs = set(zip(truth[mine].tolist(), found[mine].tolist(), strict=True))
        if (
            right_here := len(pairs)
            == len({one for one, _ in pairs})
            == len({to for _, to in pairs})
        ):
            shares = mixed.shares[row].sort().values
            torch.testing.assert_close(shares, torch.tensor([4, 6, 8, 12]) / 30, rtol=0, atol=0.02)
        right += right_here
    # From far apart always; from the newest, where two of the four may be of one cluster.
    assert right == 20 if farthest else 4 <= right < 20


def log_likelihood(history, mixed, variance, unit):
    """Return of each row the logarithm of the density of its items, to a constant, in float64."""
    values = []
    for row, items in enumerate(history.vectors.split(history.lengths.tolist())):
        gaps = torch.cdist(items, mixed.interests[row]).square()
        parts = mixed.shares[row].log() - gaps / (2 * variance)
        weights = 1.0
        if history.log_weights is not None:
            weights = history.log_weights[history.rows == row].exp()
        values.append((weights * parts.logsumexp(dim=1)).sum())
    return torch.stack(values)


@pytest.mark.parametrize("unit", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("farthest", [True, False])
def test_the_likelihood_never_falls(unit, weighted, farthest):
    history = histories(12, 5, 30, unit=unit)
    if weighted:
        drawn = torch.rand(47, dtype=torch.float64) + 0.1
        scaled = drawn / (history.sum_by_row(drawn) / history.lengths)[history.rows]
        history = History(history.vectors, history.lengths, log_weights=scaled.log())
    before, first = torch.full((3,), -torch.inf, dtype=torch.float64), None
    for iterations in range(1, 15):
        chosen = settings(iterations=iterations, unit=unit, farthest=farthest)
        mixed = fit_mixtures(history, chosen)
        after = log_likelihood(history, mixed, 0.1, unit)
        assert (after >= before - 1e-9).all(), iterations
        before, first = after, after if first is None else first
    assert (before > first + 1e-3).any()


@pytest.mark.parametrize("unit", [True, False])
def test_the_order_of_the_items_changes_nothing(unit):
    history = histories(12, 1, 2, 5, 2, 30, unit=unit)
    other, order = permuted(history)
    one, two = (fit_mixtures(each, settings(unit=unit)) for each in (history, other))
    torch.testing.assert_close(two.interests, one.interests)
    torch.testing.assert_close(two.shares, one.shares)
    torch.testing.assert_close(two.assignment, one.assignment[order])


def test_from_the_newest_the_newest_items_are_the_start():
    history = histories(6)
    items = torch.cat([history.vectors[[3, 5, 2]], history.vectors[[5, 5, 3]]])
    mixed = fit_mixtures(
        History(items, torch.tensor([6])), settings(farthest=False, iterations=1, variance=1e-4)
    )
    # 3 is the newest, then 5, then 2, of different ones.
    assert (mixed.interests[0] @ history.vectors.T).argmax(dim=1).tolist() == [3, 5, 2]


def test_fewer_items_than_clusters_and_none():
    history = histories(2, 0, 4)
    twice = History(
        torch.cat([history.vectors, history.vectors[-1:].expand(3, -1)]),
        torch.tensor([2, 0, 4, 3]),
    )
    for farthest in (True, False):
        mixed = fit_mixtures(twice, settings(5, farthest=farthest, variance=1e-3))
        assert mixed.active.sum(dim=1).tolist() == [2, 1, 4, 1]
        assert mixed.shares.gt(0).sum(dim=1).tolist() == [2, 0, 4, 1]
        assert mixed.interests[1].eq(0).all()
        for row, active in enumerate(mixed.active):
            assert mixed.interests[row][~active].eq(mixed.interests[row, 0]).all()
        # With so little variance each item is a cluster of its own.
        alike = mixed.interests[2] @ history.vectors[2:].T
        torch.testing.assert_close(alike.amax(dim=0), torch.ones(4, dtype=torch.float64))
    nothing = fit_mixtures(histories(0, 0), settings())
    assert nothing.interests.eq(0).all()
    assert nothing.interests.shape == (2, 3, 5)


@pytest.mark.parametrize("unit", [True, False])
def test_one_cluster_is_the_mean(unit):
    history = histories(4, 0, 3, unit=unit)
    fitted, mean = fit_mixtures(history, settings(1, unit=unit)), one_mean(history, unit)
    for name in ("interests", "shares", "active", "assignment"):
        one, other = getattr(fitted, name), getattr(mean, name)
        torch.testing.assert_close(one, other.to(one.dtype))


def test_shares_are_those_of_the_assignment():
    history = histories(12, 5)
    mixed = fit_mixtures(history, settings())
    sums = history.sum_by_row(mixed.assignment)
    torch.testing.assert_close(mixed.shares, sums / history.lengths.unsqueeze(1))


@pytest.mark.parametrize("unit", [True, False])
@pytest.mark.parametrize(("iterations", "unrolled"), [(1, 1), (4, 1), (4, 2)])
def test_gradients_are_those_of_the_last_iterations(unit, iterations, unrolled):
    """Against finite differences of the same iterations from where the others had led."""
    history, lengths = histories(6, 3, unit=unit), torch.tensor([6, 3])
    start = None
    if iterations > unrolled:
        start = fit_mixtures(history, settings(iterations=iterations - unrolled, unit=unit))

    def last(vectors):
        given, chosen = History(vectors, lengths), settings(iterations=unrolled, unit=unit)
        means, active = mixture._start(history, chosen)
        shares = active / active.sum(dim=-1, keepdim=True)
        if start is not None:
            means, shares = start.interests, start.shares
        for _ in range(unrolled):
            means, shares, _ = mixture._iterate(given, means, shares, active, chosen)
        return means, shares

    def whole(vectors):
        mixed = fit_mixtures(
            History(vectors, lengths),
            settings(iterations=iterations, unrolled=unrolled, unit=unit),
        )
        return mixed.interests, mixed.shares

    leaves = history.vectors.clone().requires_grad_()
    assert torch.autograd.gradcheck(last, (leaves,))
    for one, other in zip(whole(leaves), last(leaves), strict=True):
        torch.testing.assert_close(one, other)
        weights = torch.rand(one.shape, dtype=torch.float64)
        slopes = [
            torch.autograd.grad((each * weights).sum(), leaves, retain_graph=True)[0]
            for each in (one, other)
        ]
        torch.testing.assert_close(*slopes)
        assert slopes[0].abs().amax(dim=1).gt(0).all()  # every item is reached


def test_the_best_of_rows_equals_brute_force():
    history = histories(4, 0, 1, 6)
    scores = torch.tensor([1.0, 3, 3, 2, -7, -1, -5, -1, -9, -1, -2])
    highest, vectors = best_of_rows(history, scores)
    assert highest[[0, 2, 3]].tolist() == [3, -7, -1]
    assert highest[1] < -1e30
    assert vectors.equal(
        torch.stack([history.vectors[2], torch.zeros(5), history.vectors[4], history.vectors[9]])
    )


def test_farthest_points_are_what_a_loop_finds():
    history = histories(9, 4)
    mixed = fit_mixtures(history, settings(3, iterations=1, variance=1e-5))
    for row, items in enumerate(history.vectors.split([9, 4])):
        chosen = [int((items - items.mean(dim=0)).norm(dim=1).argmin())]
        for _ in itertools.repeat(None, 2):
            gaps = torch.cdist(items, items[chosen]).amin(dim=1)
            chosen.append(int(gaps.argmax()))
        nearest = torch.cdist(items, items[chosen]).argmin(dim=1)
        means = [items[nearest == place].mean(dim=0) for place in range(3)]
        torch.testing.assert_close(
            mixed.interests[row], functional.normalize(torch.stack(means), dim=1)
        )
