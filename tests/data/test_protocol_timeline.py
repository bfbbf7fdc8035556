"""Global cuts in time against loops over rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.data.protocols.timeline import cuts_by_ratio, split_by_time, timeline
from recbole_opal.data.user_sequences import UserSequences

rows_of_a_log = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 8), st.integers(0, 20)), min_size=1, max_size=60
)


def columns(rows):
    users, items, times = (np.array(column) for column in zip(*rows, strict=True))
    return users.astype(np.int64), items.astype(np.int64), times.astype(np.float64)


def split_of(rows, cuts, seed=0):
    """Return the sequences and their split by `cuts`, by way of the parts of the rows."""
    users, items, times = columns(rows)
    placed = timeline(items, times, cuts, drop=False)
    sequences = UserSequences.from_columns(users, items + 1, times)
    counts = np.array(
        [
            [((users == user) & (placed.parts == part)).sum() for user in sequences.users]
            for part in range(len(cuts) + 1)
        ]
    )
    return sequences, split_by_time(sequences, counts, seed)


def ranges(part):
    return {
        int(row): (int(start), int(end))
        for row, start, end in zip(part.rows, part.starts, part.ends, strict=True)
    }


def test_cuts_by_hand():
    times = np.array([5.0, 1, 2, 9, 4, 3, 8, 7, 6, 10])
    assert cuts_by_ratio(times, [8, 1, 1]) == [9, 10]
    assert cuts_by_ratio(times, [1, 1]) == [6]
    assert cuts_by_ratio(times, [7, 1, 2]) == [8, 9]  # (0.7 + 0.1) * 10 is a little less than 8


def test_rows_of_one_time_are_in_the_later_part():
    times = np.array([1.0, 2, 2, 2, 2, 2, 3, 3, 3, 4])
    assert cuts_by_ratio(times, [5, 3, 2]) == [2, 3]
    placed = timeline(np.arange(10), times, [2, 3], drop=False)
    assert placed.parts.tolist() == [0] + [1] * 5 + [2] * 4


@given(rows_of_a_log, st.lists(st.integers(1, 9), min_size=2, max_size=3))
def test_no_part_begins_later_than_its_share_nor_within_a_time(rows, ratios):
    _, items, times = columns(rows)
    cuts = cuts_by_ratio(times, ratios)
    parts = timeline(items, times, cuts, drop=False).parts
    for number, cut in enumerate(cuts, start=1):
        wanted = np.floor(sum(ratios[:number]) / sum(ratios) * len(rows) + 1e-9)
        before, at = (times < cut).sum(), (times == cut).sum()
        assert before <= wanted < before + at  # the next time would be too late
        assert (parts < number).tolist() == (times < cut).tolist()


@given(rows_of_a_log, st.floats(-1, 21), st.floats(0.5, 10))
def test_two_cuts_equal_a_loop(rows, first, gap):
    """Each interaction is trained on, asked for, or counted; each history is the user's past."""
    cuts = [first, first + gap]
    sequences, split = split_of(rows, cuts)
    valid, test = ranges(split.valid), ranges(split.test)
    left = [0, 0]
    for user, start in enumerate(sequences.starts.tolist()):
        end = int(sequences.offsets[user + 1])
        past = start
        train = [at for at in range(start, end) if sequences.times[at] < cuts[0]]
        assert split.train_ends[user] == start + len(train)
        past = start + len(train)
        for number, part in enumerate((valid, test)):
            upper = cuts[1] if number == 0 else np.inf
            asked = [at for at in range(past, end) if sequences.times[at] < upper]
            if asked and past > start:
                assert part[user] == (past, past + len(asked))
            else:
                assert user not in part
                left[number] += len(asked)
            past += len(asked)
        assert past == end
    assert list(split.left_over.values()) == left


@given(rows_of_a_log, st.floats(-1, 21), st.integers(0, 3))
def test_one_cut_halves_the_users_that_go_on(rows, cut, seed):
    sequences, split = split_of(rows, [cut], seed)
    valid, test = ranges(split.valid), ranges(split.test)
    assert not set(valid) & set(test)
    assert len(test) - len(valid) in (0, 1)
    lost = 0
    for user, start in enumerate(sequences.starts.tolist()):
        end = int(sequences.offsets[user + 1])
        train = sum(sequences.times[at] < cut for at in range(start, end))
        assert split.train_ends[user] == start + train
        if 0 < train < end - start:
            assert (valid | test)[user] == (start + train, end)
        else:
            assert user not in valid | test
            lost += end - start - train
    assert sum(split.left_over.values()) == lost


@given(rows_of_a_log, st.floats(-1, 21))
def test_items_training_has_not_met_are_dropped_and_counted(rows, cut):
    users, items, times = columns(rows)
    placed = timeline(items, times, [cut], drop=True)
    trained = {item for _, item, time in rows if time < cut}
    kept = [item in trained for _, item, _ in rows]
    assert placed.keep.tolist() == kept
    assert placed.dropped == {
        "dropped_items_unseen_in_training": len({item for _, item, _ in rows} - trained),
        "dropped_interactions_unseen_items": kept.count(False),
    }
    assert timeline(items, times, [cut], drop=False).keep.all()


def test_which_half_is_asked_first_comes_from_the_seed():
    rows = [(user, 0, time) for user in range(6) for time in (1, 9)]
    found = {tuple(split_of(rows, [5], seed)[1].test.rows) for seed in range(12)}
    assert len(found) > 3
    assert all(len(users) == 3 for users in found)


@pytest.mark.parametrize("cuts", [[0.0], [0.0, 1.0]])
def test_nothing_before_the_first_cut(cuts):
    _, split = split_of([(0, 1, 5), (1, 2, 6)], cuts)
    assert len(split.valid.rows) == len(split.test.rows) == 0
    assert sum(split.left_over.values()) == 2
