import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recbole.data.dataset import Dataset

from recbole_opal.data.protocols.per_user import split_by_ratio, split_leave_one_out
from recbole_opal.data.user_sequences import UserSequences


def of_lengths(lengths):
    """Return sequences of these lengths, all items different."""
    users = np.repeat(np.arange(1, len(lengths) + 1), lengths)
    return UserSequences.from_columns(users, np.arange(1, len(users) + 1), np.arange(len(users)))


def sizes(sequences, split):
    """Return (training, validation, test) sizes of each user, as evaluation counts them."""
    train = (split.train_ends - sequences.starts).tolist()
    valid, test = [0] * len(sequences), [0] * len(sequences)
    for part, counts in ((split.valid, valid), (split.test, test)):
        for row, start, end in zip(part.rows, part.starts, part.ends, strict=True):
            counts[row] = int(end - start)
    return list(zip(train, valid, test, strict=True))


CUMULATIVE = {
    1: (0, 0, 0),  # its only item has no history before it
    2: (1, 0, 1),
    3: (2, 0, 1),
    4: (3, 0, 1),
    5: (4, 0, 1),
    6: (4, 1, 1),
    7: (5, 1, 1),
    8: (6, 1, 1),
    9: (7, 1, 1),
    10: (8, 1, 1),
    11: (8, 1, 2),
    12: (9, 1, 2),
    20: (16, 2, 2),
    30: (24, 3, 3),
}
RECBOLE = {
    1: (1, 0, 0),
    2: (1, 0, 1),
    3: (1, 1, 1),
    4: (2, 1, 1),
    5: (3, 1, 1),
    6: (4, 1, 1),
    7: (5, 1, 1),
    8: (6, 1, 1),
    9: (7, 1, 1),
    10: (8, 1, 1),
    11: (9, 1, 1),
    12: (10, 1, 1),
    20: (16, 2, 2),
}
LEAVE_ONE_OUT = {
    1: (1, 0, 0),
    2: (2, 0, 0),
    3: (2, 0, 1),
    4: (2, 1, 1),
    5: (3, 1, 1),
    12: (10, 1, 1),
}


@pytest.mark.parametrize(("rounding", "table"), [("cumulative", CUMULATIVE), ("recbole", RECBOLE)])
def test_ratio_by_hand(rounding, table):
    sequences = of_lengths(list(table))
    split = split_by_ratio(sequences, [8, 1, 1], rounding)
    assert dict(zip(table, sizes(sequences, split), strict=True)) == table


def test_leave_one_out_by_hand():
    sequences = of_lengths(list(LEAVE_ONE_OUT))
    split = split_leave_one_out(sequences)
    assert dict(zip(LEAVE_ONE_OUT, sizes(sequences, split), strict=True)) == LEAVE_ONE_OUT


def test_only_users_with_history_and_target_take_part():
    sequences = of_lengths([1, 3, 10])
    split = split_by_ratio(sequences, [8, 1, 1])
    assert split.valid.rows.tolist() == [2]
    assert split.test.rows.tolist() == [1, 2]


def test_ratios_have_no_unit():
    sequences = of_lengths([7, 13, 41])
    first = split_by_ratio(sequences, [8, 1, 1])
    second = split_by_ratio(sequences, [0.8, 0.1, 0.1])
    assert first.train_ends.tolist() == second.train_ends.tolist()
    assert first.test.starts.tolist() == second.test.starts.tolist()


ratio_lists = st.lists(st.integers(1, 12), min_size=3, max_size=3)
length_lists = st.lists(st.integers(1, 60), min_size=1, max_size=12)


@given(length_lists, ratio_lists)
def test_recbole_rounding_equals_recbole(lengths, ratios):
    sequences = of_lengths(lengths)
    split = split_by_ratio(sequences, ratios, "recbole")
    shares = [ratio / sum(ratios) for ratio in ratios]
    for got, length in zip(sizes(sequences, split), lengths, strict=True):
        first, second = Dataset._calcu_split_ids(None, tot=length, ratios=shares)
        expected = (int(first), int(second - first), int(length - second))
        assert got == expected


@given(length_lists)
def test_leave_one_out_equals_recbole_on_augmented_rows(lengths):
    """RecBole splits the rows that augmentation makes: one for each item but the user's first."""
    sequences = of_lengths(lengths)
    split = split_leave_one_out(sequences)
    rows = [
        list(range(start + 1, start + length))
        for start, length in zip(sequences.starts, lengths, strict=True)
    ]
    train, valid, test = Dataset._split_index_by_leave_one_out(
        None, [user_rows for user_rows in rows if user_rows], leave_one_num=2
    )
    own_train = [
        target
        for start, end in zip(sequences.starts, split.train_ends, strict=True)
        for target in range(start + 1, end)
    ]
    assert own_train == train
    assert split.valid.starts.tolist() == valid
    assert split.test.starts.tolist() == test


@given(length_lists, ratio_lists, st.sampled_from(["cumulative", "recbole", "leave one out"]))
def test_parts_are_disjoint_in_order_and_cover_everything(lengths, ratios, protocol):
    sequences = of_lengths(lengths)
    if protocol == "leave one out":
        split = split_leave_one_out(sequences)
    else:
        split = split_by_ratio(sequences, ratios, protocol)
    valid = dict(zip(split.valid.rows, zip(split.valid.starts, split.valid.ends)))  # noqa: B905
    test = dict(zip(split.test.rows, zip(split.test.starts, split.test.ends)))  # noqa: B905
    for user, (start, end) in enumerate(zip(sequences.starts, sequences.offsets[1:], strict=True)):
        at = split.train_ends[user]
        assert start <= at <= end
        if at == start:
            continue  # nothing to train on: what follows has no history and may be left out
        for part in (valid, test):
            if user in part:
                assert part[user][0] == at
                at = part[user][1]
                assert part[user][0] < at
        assert at == end


@given(length_lists, ratio_lists)
def test_cumulative_rounding_is_off_by_less_than_one_item(lengths, ratios):
    sequences = of_lengths(lengths)
    split = split_by_ratio(sequences, ratios)
    train = split.train_ends - sequences.starts
    exact = np.array(lengths) * ratios[0] / sum(ratios)
    assert np.all(train <= exact + 1e-6)
    assert np.all(train > exact - 1)


@pytest.mark.parametrize("ratios", [(8, 1, 1), (7, 1, 2), (5, 2, 3), (0.7, 0.1, 0.2)])
def test_whole_shares_are_exact(ratios):
    """(0.7 + 0.1) * 10 is a little less than 8 in floating point."""
    lengths = list(range(10, 2000, 10))
    sequences = of_lengths(lengths)
    split = split_by_ratio(sequences, ratios)
    tenths = [round(10 * ratio / sum(ratios)) for ratio in ratios]
    expected = [tuple(length // 10 * tenth for tenth in tenths) for length in lengths]
    assert sizes(sequences, split) == expected


def test_no_users():
    sequences = of_lengths([])
    for split in (split_by_ratio(sequences, [8, 1, 1]), split_leave_one_out(sequences)):
        assert split.train_ends.tolist() == split.valid.rows.tolist() == []
