"""Micro-video logs of any size whose truth is known, for tests and benchmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recbole_opal.data.user_sequences import IntArray, starts_of
from recbole_opal.synthesis.synthetic_limits import check_synthetic

__all__ = ["SyntheticLog", "synthesize"]

FloatArray = npt.NDArray[np.float64]

_FIRST_DAY = 1_600_000_000  # seconds; a present-day time, which float32 keeps to 128 s only
_DAY = 86_400
_WATCHING = 30.0  # mean seconds between two videos of a session
_PAUSE = 0.5 * _DAY  # mean seconds between two sessions


@dataclass(frozen=True)
class SyntheticLog:
    """A log with its truth. Rows stand user by user, oldest first.

    Attributes:
        users: (R,) int64 in [0, U).
        items: (R,) int64 in [0, N).
        times: (R,) float64, whole seconds, strictly increasing within a user.
        item_categories: (N,) int64 in [0, C), the category of each item.
        user_interests: (U, K, 2) int64, the category of each interest before and after it drifts;
            no category occurs twice in a user, except that an interest without drift keeps its.
        drift_points: (U, K) float64 in (0, 1), the share of the user's sequence after which the
            interest has drifted; 1 where it never does.
    """

    users: IntArray
    items: IntArray
    times: FloatArray
    item_categories: IntArray
    user_interests: IntArray
    drift_points: FloatArray


def synthesize(
    num_users: int = 200,
    num_items: int = 400,
    num_categories: int = 16,
    interests_per_user: int = 3,
    *,
    mean_length: float = 40.0,
    drift: float = 0.2,
    popularity_skew: float = 1.0,
    session_length: float = 4.0,
    noise: float = 0.05,
    seed: int | np.random.Generator = 0,
) -> SyntheticLog:
    """Draw a log: sessions of one interest each, popular items more often, some noise.

    A user has K interests with weights from a flat Dirichlet distribution. Each session follows
    one of them. At a random point of the sequence an interest may drift, for good, to a category
    the user did not have. The sequence lengths are 1 plus a gamma-mixed Poisson number, so there
    are users of one interaction. No source: made for this project.

    Args:
        num_users: U >= 1.
        num_items: N >= num_categories; categories have N / C items, give or take one.
        num_categories: C; at least K, or 2 K where interests drift.
        interests_per_user: K >= 1.
        mean_length: mean number of interactions of a user, >= 1.
        drift: probability that an interest drifts once, in [0, 1].
        popularity_skew: Zipf exponent of the items within a category, >= 0; 0 is uniform.
        session_length: mean number of interactions of a session, >= 1 (geometric).
        noise: share of interactions with a category drawn uniformly from all, in [0, 1].
        seed: a seed, or the generator to draw from.

    Raises:
        DataError: an argument is out of range.
    """
    check_synthetic(
        {
            "num_users": num_users,
            "num_items": num_items,
            "num_categories": num_categories,
            "interests_per_user": interests_per_user,
            "mean_length": mean_length,
            "drift": drift,
            "popularity_skew": popularity_skew,
            "session_length": session_length,
            "noise": noise,
        }
    )
    random = np.random.default_rng(seed)
    item_categories = random.permutation(np.arange(num_items) % num_categories)
    interests, points = _draw_interests(
        random, num_users, num_categories, interests_per_user, drift
    )
    extra = random.poisson(random.gamma(2.0, (mean_length - 1) / 2.0, num_users))
    lengths = 1 + extra.astype(np.int64)
    users = np.repeat(np.arange(num_users), lengths)
    starts = starts_of(lengths)
    is_session_start = random.random(len(users)) < 1 / session_length
    is_session_start[starts] = True
    categories = _draw_categories(
        random, users, starts, lengths, is_session_start, interests, points
    )
    noisy = random.random(len(users)) < noise
    categories[noisy] = random.integers(0, num_categories, int(noisy.sum()))
    return SyntheticLog(
        users=users,
        items=_draw_items(random, categories, item_categories, popularity_skew),
        times=_draw_times(random, users, starts, is_session_start),
        item_categories=item_categories,
        user_interests=interests,
        drift_points=points,
    )


def _draw_interests(
    random: np.random.Generator, users: int, categories: int, interests: int, drift: float
) -> tuple[IntArray, FloatArray]:
    """Return (U, K, 2) categories before and after drift, and (U, K) points of drift."""
    drifts = random.random((users, interests)) < drift
    wanted = 2 * interests if drift > 0 else interests
    chosen = np.full((users, wanted), -1, dtype=np.int64)
    for column in range(wanted):  # Floyd's sampling without replacement, all users at a time
        last = categories - wanted + column
        drawn = random.integers(0, last + 1, users)
        taken = (chosen == drawn[:, None]).any(axis=1)
        chosen[:, column] = np.where(taken, last, drawn)
    chosen = random.permuted(chosen, axis=1)  # Floyd's order favours late categories at the end
    before, after = chosen[:, :interests], chosen[:, -interests:]
    pairs = np.stack([before, np.where(drifts, after, before)], axis=-1)  # (U, K, 2)
    points = np.where(drifts, random.uniform(0.2, 0.8, drifts.shape), 1.0)
    return pairs, points


def _draw_categories(
    random: np.random.Generator,
    users: IntArray,
    starts: IntArray,
    lengths: IntArray,
    is_session_start: npt.NDArray[np.bool_],
    interests: IntArray,
    points: FloatArray,
) -> IntArray:
    """Return (R,) the category of each interaction, the same within a session."""
    count = interests.shape[1]
    weights = random.dirichlet(np.ones(count), len(lengths))  # (U, K)
    upper = np.cumsum(weights, axis=1)[:, :-1]  # (U, K - 1)
    rows = np.flatnonzero(is_session_start)
    owners = users[rows]
    slots = (random.random(len(rows))[:, None] >= upper[owners]).sum(axis=1)  # (S,)
    progress = (rows - starts[owners]) / lengths[owners]
    drifted = (progress >= points[owners, slots]).astype(np.int64)
    sessions = np.cumsum(is_session_start) - 1  # (R,)
    categories: IntArray = interests[owners, slots, drifted][sessions]
    return categories


def _draw_items(
    random: np.random.Generator, categories: IntArray, item_categories: IntArray, skew: float
) -> IntArray:
    """Return (R,) items: Zipf within the category, by inverting all distributions at once."""
    order = np.argsort(item_categories, kind="stable")
    grouped = item_categories[order]
    sizes = np.bincount(item_categories)
    firsts = starts_of(sizes)
    weights = (np.arange(len(order)) - firsts[grouped] + 1.0) ** -skew
    shares = weights / np.bincount(grouped, weights)[grouped]
    # Category c owns the interval [c, c + 1) of one increasing curve.
    curve = np.cumsum(shares)
    places = np.searchsorted(curve, categories + random.random(len(categories)), side="right")
    places = np.clip(places, firsts[categories], (firsts + sizes - 1)[categories])
    items: IntArray = order[places]
    return items


def _draw_times(
    random: np.random.Generator,
    users: IntArray,
    starts: IntArray,
    is_session_start: npt.NDArray[np.bool_],
) -> FloatArray:
    """Return (R,) seconds: short gaps within a session, long ones between two."""
    gaps = random.exponential(np.where(is_session_start, _PAUSE, _WATCHING))
    elapsed = np.cumsum(1.0 + np.floor(gaps))  # whole numbers, so that the sum is exact
    joined = _FIRST_DAY + random.integers(0, 30 * _DAY, len(starts))
    times: FloatArray = elapsed - elapsed[starts][users] + joined[users]
    return times
