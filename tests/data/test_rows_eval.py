import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.data.protocols.per_user import split_by_ratio, split_leave_one_out
from recbole_opal.data.rows import EvalRows
from recbole_opal.data.user_sequences import UserSequences


def build(per_user):
    """Return sequences of {user: items}, their interactions mixed over users as in a log."""
    rows = [(at, user, item) for user, items in per_user.items() for at, item in enumerate(items)]
    times, users, items = zip(*sorted(rows), strict=True) if rows else ((), (), ())
    return UserSequences.from_columns(users, items, times)


def lists(histories):
    """Return the items of each row."""
    return [row.tolist() for row in histories.items.split(histories.lengths.tolist())]


def naive(per_user, sequences, part, width, mask_history):
    """Return the rows as (user, whole past, history, targets), dropped targets, dropped rows."""
    rows, dropped_targets, dropped_rows = [], 0, 0
    for row, start, end in zip(part.rows, part.starts, part.ends, strict=True):
        user, first = int(sequences.users[row]), int(sequences.starts[row])
        items = per_user[user]
        past, future = items[: start - first], items[start - first : end - first]
        targets = list(dict.fromkeys(future))  # each once, in order
        if mask_history:
            dropped_targets += len([item for item in targets if item in past])
            targets = [item for item in targets if item not in past]
        if targets:
            rows.append((user, past, past[-width:], targets))
        else:
            dropped_rows += 1
    return rows, dropped_targets, dropped_rows


logs = st.dictionaries(
    st.integers(1, 30), st.lists(st.integers(1, 9), min_size=1, max_size=25), min_size=1
)


@given(
    logs,
    st.sampled_from([[8, 1, 1], [1, 1, 1], [1, 2, 5]]),
    st.sampled_from(["cumulative", "recbole", "leave one out"]),
    st.sampled_from(["valid", "test"]),
    st.booleans(),
    st.integers(1, 8),
    st.randoms(use_true_random=False),
)
def test_equals_a_loop(per_user, ratios, protocol, name, mask_history, width, random):
    sequences = build(per_user)
    if protocol == "leave one out":
        split = split_leave_one_out(sequences)
    else:
        split = split_by_ratio(sequences, ratios, protocol)
    part = getattr(split, name)
    rows = EvalRows(sequences, part, history_width=width, mask_history=mask_history)
    expected, dropped_targets, dropped_rows = naive(per_user, sequences, part, width, mask_history)
    assert len(rows) == len(expected)
    assert rows.num_targets == sum(len(targets) for *_, targets in expected)
    assert (rows.dropped_targets, rows.dropped_rows) == (dropped_targets, dropped_rows)

    users, before = rows.whole_histories()
    assert users.tolist() == [user for user, *_ in expected]
    assert lists(before) == [past for _, past, *_ in expected]

    index = random.sample(range(len(rows)), len(rows))  # any order, as a loader may ask
    batch = rows.batch(np.array(index, dtype=np.int64))
    assert (batch.excluded is None) == (not mask_history)
    histories, (target_rows, target_ids) = lists(batch.inputs), batch.targets
    for at, row in enumerate(index):
        user, past, history, targets = expected[row]
        assert batch.users[at] == user
        assert histories[at] == history
        assert len(history) >= 1
        assert target_ids[target_rows == at].tolist() == targets
        if mask_history:  # all and only the past, also what is older than the window
            masked = set(batch.excluded[1][batch.excluded[0] == at].tolist())
            assert masked == set(past)
            assert not masked & set(targets)


@given(logs, st.booleans())
def test_every_held_out_interaction_is_asked_for_or_counted(per_user, mask_history):
    sequences = build(per_user)
    split = split_by_ratio(sequences, [6, 2, 2])
    for part in (split.valid, split.test):
        rows = EvalRows(sequences, part, history_width=4, mask_history=mask_history)
        distinct = 0
        for start, end in zip(part.starts, part.ends, strict=True):
            distinct += len(set(sequences.items[start:end].tolist()))
        assert rows.num_targets + rows.dropped_targets == distinct
        assert len(rows) + rows.dropped_rows == len(part.rows)


@given(logs, st.sampled_from(["cumulative", "leave one out"]), st.booleans())
def test_what_was_seen_is_counted_whether_or_not_it_is_left_out(per_user, protocol, mask_history):
    sequences = build(per_user)
    one_out = protocol == "leave one out"
    split = split_leave_one_out(sequences) if one_out else split_by_ratio(sequences, [6, 2, 2])
    for part in (split.valid, split.test):
        masked, seen_targets, seen_rows = naive(per_user, sequences, part, 4, mask_history=True)
        rows = EvalRows(sequences, part, history_width=4, mask_history=mask_history)
        assert (rows.seen_targets, rows.seen_rows) == (seen_targets, seen_rows)
        kept = (seen_targets, seen_rows) if mask_history else (0, 0)
        assert (rows.dropped_targets, rows.dropped_rows) == kept
        assert len(rows) == (len(masked) if mask_history else len(part.rows))


def one_user(items, **options):
    sequences = build({3: items})
    split = split_by_ratio(sequences, [6, 2, 2])
    settings = {"history_width": 50, "mask_history": True}
    return [EvalRows(sequences, part, **(settings | options)) for part in (split.valid, split.test)]


def test_test_history_contains_the_validation_part():
    valid, test = (rows.batch(np.array([0])) for rows in one_user(list(range(1, 11))))
    assert lists(valid.inputs) == [[1, 2, 3, 4, 5, 6]]
    assert valid.targets[1].tolist() == [7, 8]
    assert lists(test.inputs) == [[1, 2, 3, 4, 5, 6, 7, 8]]
    assert test.targets[1].tolist() == [9, 10]
    assert test.excluded[1].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]


def test_what_is_older_than_the_window_is_masked_too():
    _, test = one_user(list(range(1, 11)), history_width=2)
    batch = test.batch(np.array([0]))
    assert lists(batch.inputs) == [[7, 8]]
    assert batch.excluded[1].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]


def test_seen_targets_are_dropped_and_counted_once():
    _, test = one_user([1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1, 10, 9, 1, 11], history_width=5)
    # test part: the last three, 9, 1 and 11
    assert test.batch(np.array([0])).targets[1].tolist() == [11]
    assert (test.dropped_targets, test.dropped_rows, test.num_targets) == (2, 0, 1)


def test_a_row_without_targets_is_dropped_and_counted():
    _, test = one_user([1, 2, 3, 4, 5, 6, 7, 8, 2, 2])
    assert (len(test), test.dropped_rows, test.dropped_targets) == (0, 1, 1)


@pytest.mark.parametrize("repeats", [1, 2])
def test_an_item_met_before_is_one_target_where_the_history_is_not_masked(repeats):
    _, test = one_user([1, 2, 3, 4, 5, 6, 7, 8, 2, 2 if repeats == 2 else 9], mask_history=False)
    batch = test.batch(np.array([0]))
    assert batch.targets[1].tolist() == ([2] if repeats == 2 else [2, 9])
    assert test.num_targets == len(batch.targets[1])
    assert test.dropped_targets == 0
    assert batch.excluded is None


def test_rows_of_other_users_do_not_mix():
    sequences = build({2: list(range(1, 11)), 4: [1, 2], 9: list(range(11, 21))})
    split = split_by_ratio(sequences, [6, 2, 2])
    rows = EvalRows(sequences, split.test, history_width=3, mask_history=True)
    batch = rows.batch(np.array([2, 0]))
    assert batch.users.tolist() == [9, 2]
    assert batch.targets[0].tolist() == [0, 0, 1, 1]
    assert batch.targets[1].tolist() == [19, 20, 9, 10]
    assert batch.excluded[0].tolist() == [0] * 8 + [1] * 8
    assert batch.excluded[1].tolist() == [*range(11, 19), *range(1, 9)]
