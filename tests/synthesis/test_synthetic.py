import numpy as np
import pytest

from recbole_opal.errors import DataError
from recbole_opal.synthesis.synthetic_log import synthesize

LARGE = {"num_users": 2000, "num_items": 600, "num_categories": 20, "interests_per_user": 4}


def own_categories(log):
    """Return (R,) bool, whether a row's category is one the user ever has."""
    categories = log.item_categories[log.items]
    return (log.user_interests[log.users] == categories[:, None, None]).any(axis=(1, 2))


def positions(log):
    """Return (R,) place of each row in its user's sequence, and (R,) length of the sequence."""
    lengths = np.bincount(log.users)
    starts = np.cumsum(lengths) - lengths
    return np.arange(len(log.users)) - starts[log.users], lengths[log.users]


def columns(log):
    return [getattr(log, name) for name in log.__dataclass_fields__]


def test_the_seed_decides_everything():
    first, second, other = (columns(synthesize(seed=seed)) for seed in (3, 3, 4))
    assert all(np.array_equal(one, two) for one, two in zip(first, second, strict=True))
    assert not np.array_equal(first[1][:100], other[1][:100])
    given = columns(synthesize(seed=np.random.default_rng(3)))
    assert all(np.array_equal(one, two) for one, two in zip(first, given, strict=True))


def test_shapes_types_and_ranges():
    log = synthesize(**LARGE)
    assert log.users.shape == log.items.shape == log.times.shape
    assert [column.dtype for column in columns(log)] == [
        np.dtype(name) for name in ("i8", "i8", "f8", "i8", "i8", "f8")
    ]
    assert log.user_interests.shape == (2000, 4, 2)
    assert log.drift_points.shape == (2000, 4)
    assert np.unique(log.users).tolist() == list(range(2000))
    assert log.items.min() >= 0
    assert log.items.max() < 600
    assert np.bincount(log.item_categories).tolist() == [30] * 20


def test_times_are_whole_seconds_that_only_float64_can_order():
    log = synthesize(**LARGE)
    assert (np.diff(log.users) >= 0).all()
    same_user = np.diff(log.users) == 0
    assert (np.diff(log.times)[same_user] >= 1).all()
    assert (log.times == np.floor(log.times)).all()
    rounded = np.diff(log.times.astype(np.float32))[same_user]
    assert (rounded == 0).mean() > 0.3


def test_a_users_categories_are_distinct():
    log = synthesize(**LARGE, drift=1.0)
    assert (log.user_interests >= 0).all()
    assert (log.user_interests < 20).all()
    ordered = np.sort(log.user_interests.reshape(2000, 8), axis=1)
    assert (np.diff(ordered, axis=1) > 0).all()
    shares = np.bincount(log.user_interests.ravel(), minlength=20) / log.user_interests.size
    assert np.abs(shares - 0.05).max() < 0.006


def test_without_noise_every_item_is_of_an_interest():
    assert own_categories(synthesize(**LARGE, noise=0.0)).all()


@pytest.mark.parametrize("noise", [0.1, 0.5])
def test_noise_is_the_share_of_any_category(noise):
    log = synthesize(**LARGE, noise=noise, drift=0.0)
    expected = 1 - noise * (1 - 4 / 20)  # noise falls into one of the 4 of 20 by chance
    assert own_categories(log).mean() == pytest.approx(expected, abs=0.01)


def test_without_drift_interests_stay():
    log = synthesize(**LARGE, drift=0.0)
    assert (log.user_interests[..., 0] == log.user_interests[..., 1]).all()
    assert (log.drift_points == 1).all()


def test_drift_replaces_the_interests_it_says():
    log = synthesize(**LARGE, drift=0.3, noise=0.0)
    drifts = log.user_interests[..., 0] != log.user_interests[..., 1]
    assert drifts.mean() == pytest.approx(0.3, abs=0.02)
    assert ((log.drift_points < 1) == drifts).all()
    # Early rows show categories before drift, late rows those after it: that is the truth kept.
    place, length = positions(log)
    categories = log.item_categories[log.items]
    for late, side in ((False, 0), (True, 1)):
        chosen = place >= 0.95 * length if late else place < 0.2 * length
        interests = log.user_interests[log.users[chosen], :, side]
        share = (interests == categories[chosen, None]).any(axis=1).mean()
        assert share > (0.93 if late else 0.999)  # a session may begin before the drift


def overlap(log):
    """Return the mean share of rows of the last fifth whose category the first fifth had."""
    place, length = positions(log)
    keys = log.users * 1000 + log.item_categories[log.items]
    early, late = keys[place < 0.2 * length], keys[place >= 0.8 * length]
    return np.isin(late, early).mean()


def test_drift_is_visible_in_the_rows():
    still, moving = (
        overlap(synthesize(**LARGE, mean_length=80, drift=drift)) for drift in (0.0, 1.0)
    )
    assert still > 0.8
    assert moving < 0.2


@pytest.mark.parametrize("skew", [0.0, 0.7, 1.5])
def test_popularity_within_a_category_follows_zipf(skew):
    log = synthesize(num_users=3000, num_items=100, num_categories=10, popularity_skew=skew)
    counts = np.bincount(log.items, minlength=100)
    by_rank = np.sum([np.sort(counts[log.item_categories == c])[::-1] for c in range(10)], axis=0)
    expected = np.arange(1, 11.0) ** -skew
    assert by_rank / by_rank.sum() == pytest.approx(expected / expected.sum(), abs=0.01)


@pytest.mark.parametrize(("length", "session"), [(1.0, 4.0), (5.0, 1.0), (40.0, 8.0)])
def test_lengths_of_sequences_and_sessions(length, session):
    log = synthesize(**LARGE, mean_length=length, session_length=session, noise=0.0, drift=0.0)
    lengths = np.bincount(log.users)
    assert lengths.min() >= 1
    assert lengths.mean() == pytest.approx(length, rel=0.06)
    same_user = np.diff(log.users) == 0
    gaps = np.diff(log.times)[same_user]
    pauses = (gaps > 600).sum()  # within a session 30 s are the mean
    assert pauses == pytest.approx(same_user.sum() / session, rel=0.05)
    # One interest a session.
    categories = log.item_categories[log.items]
    changed = (np.diff(categories) != 0)[same_user]
    assert not changed[gaps < 30].any() or session == 1.0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"num_users": 0}, "num_users"),
        ({"interests_per_user": 0}, "interests_per_user"),
        ({"num_categories": 5, "interests_per_user": 3}, "num_categories"),
        ({"num_items": 3}, "num_items"),
        ({"mean_length": 0.5}, "mean_length"),
        ({"session_length": 0.0}, "session_length"),
        ({"drift": 1.5}, "drift"),
        ({"noise": -0.1}, "noise"),
        ({"noise": float("nan")}, "noise"),
        ({"popularity_skew": float("inf")}, "popularity_skew"),
    ],
)
def test_arguments_out_of_range(arguments, named):
    with pytest.raises(DataError, match=named) as caught:
        synthesize(**arguments)
    assert "\n" not in str(caught.value)


def test_all_categories_can_be_a_users():
    log = synthesize(num_categories=6, interests_per_user=3, drift=1.0)
    assert (np.sort(log.user_interests.reshape(-1, 6), axis=1) == np.arange(6)).all()
    one = synthesize(num_users=1, num_items=1, num_categories=1, interests_per_user=1, drift=0.0)
    assert (one.items == 0).all()
