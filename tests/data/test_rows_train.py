import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.data.protocols.per_user import split_by_ratio, split_leave_one_out
from recbole_opal.data.rows import FutureRows, NextItemRows
from recbole_opal.data.user_sequences import UserSequences


def build(per_user):
    """Return sequences of {user: items}, their interactions mixed over users as in a log."""
    rows = [(at, user, item) for user, items in per_user.items() for at, item in enumerate(items)]
    times, users, items = zip(*sorted(rows), strict=True) if rows else ((), (), ())
    return UserSequences.from_columns(users, items, times)


def split_of(sequences, protocol):
    if protocol == "leave one out":
        return split_leave_one_out(sequences)
    return split_by_ratio(sequences, [8, 1, 1], protocol)


def training_parts(per_user, sequences, split):
    """Return {user: items of the training part}."""
    sizes = split.train_ends - sequences.starts
    return {
        int(user): per_user[int(user)][:size]
        for user, size in zip(sequences.users, sizes, strict=True)
    }


def lists(histories):
    """Return the items of each row."""
    return [row.tolist() for row in histories.items.split(histories.lengths.tolist())]


def unpad(row):
    return [int(item) for item in row if item]


# Few items, so that users meet the same ones again and again.
logs = st.dictionaries(st.integers(1, 30), st.lists(st.integers(1, 9), min_size=1, max_size=25))
# All items different: an item tells its user and its place, so that a leak cannot hide.
protocols = st.sampled_from(["cumulative", "recbole", "leave one out"])


@st.composite
def distinct_logs(draw):
    lengths = draw(st.lists(st.integers(1, 30), min_size=1, max_size=8))
    ends = np.cumsum(lengths)
    return {
        3 * user + 2: list(range(end - length + 1, end + 1))
        for user, (length, end) in enumerate(zip(lengths, ends.tolist(), strict=True))
    }


widths = st.integers(1, 8)


@given(logs, protocols, widths, widths, st.integers(1, 3), st.data())
def test_future_rows_equal_a_loop(per_user, protocol, history_width, future_width, cuts, data):
    sequences = build(per_user)
    split = split_of(sequences, protocol)
    parts = training_parts(per_user, sequences, split)
    rows = FutureRows(
        sequences,
        split,
        history_width=history_width,
        future_width=future_width,
        cuts_per_user=cuts,
    )
    users = [user for user in sorted(parts) if len(parts[user]) >= 2]
    assert len(rows) == cuts * len(users)
    if not users:
        return
    index = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=1, max_size=9))
    draws = data.draw(
        st.lists(st.floats(0, 1, exclude_max=True), min_size=len(index), max_size=len(index))
    )
    batch = rows.batch(np.array(index), np.array(draws))
    of_users, histories = rows.users(np.array(index)), lists(batch.histories)
    for at, (row, draw) in enumerate(zip(index, draws, strict=True)):
        user = users[row % len(users)]
        part = parts[user]
        cut = 1 + int(draw * (len(part) - 1))
        assert of_users[at] == user
        assert histories[at] == part[:cut][-history_width:]
        assert unpad(batch.targets[at]) == part[cut:][:future_width]


@given(logs, protocols, widths, widths, st.data())
def test_new_targets_equal_a_loop(per_user, protocol, history_width, future_width, data):
    """What a user met before the cut, or before in the window, is no target."""
    sequences = build(per_user)
    split = split_of(sequences, protocol)
    parts = training_parts(per_user, sequences, split)
    rows = FutureRows(
        sequences,
        split,
        history_width=history_width,
        future_width=future_width,
        cuts_per_user=1,
        seen_targets=False,
    )
    users = [user for user in sorted(parts) if len(parts[user]) >= 2]
    draws = data.draw(
        st.lists(st.floats(0, 1, exclude_max=True), min_size=len(users), max_size=len(users))
    )
    if not users:
        return
    batch = rows.batch(np.arange(len(users)), np.array(draws))
    histories = lists(batch.histories)
    for at, (user, draw) in enumerate(zip(users, draws, strict=True)):
        part = parts[user]
        cut = 1 + int(draw * (len(part) - 1))
        new = [item for place, item in enumerate(part) if place >= cut and item not in part[:place]]
        assert unpad(batch.targets[at]) == new[:future_width]
        assert histories[at] == part[:cut][-history_width:]


@given(distinct_logs(), protocols, widths, widths)
def test_nothing_of_validation_or_test_is_ever_seen_and_nothing_is_lost(
    per_user, protocol, history_width, future_width
):
    sequences = build(per_user)
    split = split_of(sequences, protocol)
    parts = training_parts(per_user, sequences, split)
    held_out = set(sequences.items.tolist()) - {item for part in parts.values() for item in part}
    rows = FutureRows(
        sequences, split, history_width=history_width, future_width=future_width, cuts_per_user=1
    )
    future_targets, nearest_targets, histories = set(), set(), set()
    for draw in (np.arange(60) + 0.5) / 60:  # finer than the longest part: meets every cut
        batch = rows.batch(np.arange(len(rows)), np.full(len(rows), draw))
        future_targets |= set(batch.targets.ravel().tolist()) - {0}
        nearest_targets |= set(batch.targets[:, 0].tolist())
        histories |= set(batch.histories.items.tolist())
    next_rows = NextItemRows(sequences, split, history_width=history_width)
    next_batch = next_rows.batch(np.arange(len(next_rows)))
    next_histories = set(next_batch.histories.items.tolist())
    assert not held_out & (future_targets | histories | next_histories)
    wanted = {item for part in parts.values() for item in part[1:]}
    assert future_targets == nearest_targets == wanted
    assert sorted(next_batch.targets.ravel().tolist()) == sorted(wanted)  # each exactly once
    assert histories == next_histories == {item for part in parts.values() for item in part[:-1]}


@given(logs, protocols, widths)
def test_next_item_rows_equal_a_loop(per_user, protocol, width):
    sequences = build(per_user)
    split = split_of(sequences, protocol)
    expected = [
        (user, part[:at][-width:], part[at])
        for user, part in sorted(training_parts(per_user, sequences, split).items())
        for at in range(1, len(part))
    ]
    rows = NextItemRows(sequences, split, history_width=width)
    assert len(rows) == len(expected)
    batch = rows.batch(np.arange(len(rows)))
    assert batch.targets.shape == (len(rows), 1)
    users = rows.users(np.arange(len(rows))).tolist()
    got = zip(users, lists(batch.histories), batch.targets[:, 0].tolist(), strict=True)
    assert list(got) == expected


def ten_items(**options):
    sequences = build({5: list(range(11, 21))})
    split = split_by_ratio(sequences, [8, 1, 1])  # training: 11 .. 18
    settings = {"history_width": 50, "future_width": 3, "cuts_per_user": 1}
    return FutureRows(sequences, split, **(settings | options))


@pytest.mark.parametrize(
    ("draw", "history", "targets"),
    [
        (0.0, [11], [12, 13, 14]),
        (0.5, [11, 12, 13, 14], [15, 16, 17]),
        (0.8, [11, 12, 13, 14, 15, 16], [17, 18]),
        (0.999999, [11, 12, 13, 14, 15, 16, 17], [18]),
        (np.nextafter(1.0, 0.0), [11, 12, 13, 14, 15, 16, 17], [18]),
    ],
)
def test_cut_by_hand(draw, history, targets):
    batch = ten_items().batch(np.array([0]), np.array([draw]))
    assert lists(batch.histories) == [history]
    assert batch.targets.tolist() == [targets]


def test_every_cut_owns_the_same_share_of_draws():
    rows = ten_items(cuts_per_user=7000)
    grid = (np.arange(7000) + 0.5) / 7000
    lengths = rows.batch(np.arange(7000), grid).histories.lengths
    assert np.bincount(lengths).tolist() == [0, *[1000] * 7]


def test_cuts_are_uniform_under_random_draws():
    rows = ten_items(cuts_per_user=7000)
    draws = np.random.default_rng(11).random(7000)
    lengths = rows.batch(np.arange(7000), draws).histories.lengths
    counts = np.bincount(lengths, minlength=8)[1:]
    chi_square = float(((counts - 1000.0) ** 2 / 1000.0).sum())
    assert len(counts) == 7
    assert chi_square < 22.5  # 99.9% quantile with 6 degrees of freedom


def test_one_future_target_is_the_next_item():
    rows = ten_items(future_width=1)
    next_rows = NextItemRows(
        rows.sequences, split_by_ratio(rows.sequences, [8, 1, 1]), history_width=50
    )
    pairs = []
    for draw in (np.arange(7) + 0.5) / 7:
        batch = rows.batch(np.array([0]), np.array([draw]))
        assert batch.targets.shape == (1, 1)
        pairs.append((lists(batch.histories)[0], int(batch.targets[0, 0])))
    batch = next_rows.batch(np.arange(7))
    assert pairs == list(zip(lists(batch.histories), batch.targets[:, 0].tolist(), strict=True))


def test_an_epoch_meets_each_user_the_same_number_of_times():
    sequences = build({4: [1, 2, 3], 6: [1], 9: [2, 3, 4, 5]})
    rows = FutureRows(
        sequences,
        split_leave_one_out(sequences),
        history_width=5,
        future_width=5,
        cuts_per_user=3,
    )
    users = rows.users(np.arange(len(rows)))
    assert sorted(users.tolist()) == [4, 4, 4, 9, 9, 9]  # user 6 has nothing to predict


def test_no_rows_where_no_user_has_two_training_interactions():
    sequences = build({1: [7], 2: [8]})
    split = split_by_ratio(sequences, [8, 1, 1])
    rows = FutureRows(sequences, split, history_width=5, future_width=2, cuts_per_user=4)
    assert len(rows) == 0
    assert len(NextItemRows(sequences, split, history_width=5)) == 0
