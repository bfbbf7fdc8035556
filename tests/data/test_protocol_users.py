"""Held-out users: training meets none of them, and each interaction has one place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.data.protocols.per_user import shuffled_groups, split_by_users
from recbole_opal.data.user_sequences import UserSequences


def of_lengths(lengths):
    """Return sequences of these lengths, all items different."""
    users = np.repeat(np.arange(1, len(lengths) + 1), lengths)
    return UserSequences.from_columns(users, np.arange(1, len(users) + 1), np.arange(len(users)))


def ranges(part):
    return {
        int(row): (int(start), int(end))
        for row, start, end in zip(part.rows, part.starts, part.ends, strict=True)
    }


def test_by_hand():
    sequences = of_lengths([10, 5, 4, 1, 7, 9, 3, 2, 6, 8])
    split = split_by_users(sequences, [2, 1, 1], 0.8, seed=3)
    order = np.random.default_rng(3).permutation(10).tolist()
    training, valid, test = order[:5], order[5:7], order[7:]
    kept = {1: 0, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 5, 8: 6, 9: 7, 10: 8}  # floor(0.8 n)
    starts, ends = sequences.starts.tolist(), sequences.offsets[1:].tolist()
    lengths = sequences.lengths.tolist()
    for user in range(10):
        expected = ends[user] if user in training else starts[user]
        assert split.train_ends[user] == expected
    for part, users in ((split.valid, valid), (split.test, test)):
        assert ranges(part) == {
            user: (starts[user] + kept[lengths[user]], ends[user])
            for user in sorted(users)
            if lengths[user] > 1
        }


@given(
    st.lists(st.integers(1, 12), max_size=25),
    st.lists(st.floats(0.01, 9), min_size=3, max_size=3),
    st.floats(0.05, 0.95),
    st.integers(0, 5),
)
def test_every_interaction_has_one_place(lengths, ratios, history, seed):
    sequences = of_lengths(lengths)
    split = split_by_users(sequences, ratios, history, seed)
    place = ["lost"] * sum(lengths)
    lost_expected = {"valid": 0, "test": 0}
    groups = shuffled_groups(len(lengths), ratios, seed)
    for user, group in enumerate(groups):
        start, end = int(sequences.starts[user]), int(sequences.offsets[user + 1])
        if group == 0:
            for at in range(start, end):
                place[at] = "training"
            continue
        kept = int(np.floor(history * (end - start) + 1e-9))
        name = ("valid", "test")[group - 1]
        for at in range(start, end):
            place[at] = "history" if at < start + kept else name
            if kept == 0:
                place[at] = "left"
                lost_expected[name] += 1
    got = ["lost"] * sum(lengths)
    for user, end in enumerate(split.train_ends):
        for at in range(int(sequences.starts[user]), int(end)):
            got[at] = "training"
    for name, part in (("valid", split.valid), ("test", split.test)):
        for user, (start, end) in ranges(part).items():
            for at in range(int(sequences.starts[user]), end):
                assert got[at] == "lost"  # neither training nor the other part has the user
                got[at] = "history" if at < start else name
    assert [("left" if at == "lost" else at) for at in got] == place
    assert split.left_over == {
        "valid_interactions_without_history": lost_expected["valid"],
        "test_interactions_without_history": lost_expected["test"],
        "held_out_history_interactions": place.count("history"),
    }


@given(st.integers(0, 200), st.lists(st.integers(1, 9), min_size=2, max_size=4), st.integers(0, 9))
def test_groups_have_their_shares(count, ratios, seed):
    groups = shuffled_groups(count, ratios, seed)
    assert groups.tolist() == shuffled_groups(count, ratios, seed).tolist()
    for group in range(len(ratios)):
        share = sum(ratios[: group + 1]) / sum(ratios)
        assert (groups <= group).sum() == (
            count if group + 1 == len(ratios) else np.floor(share * count + 1e-9)
        )


def test_the_seed_deals_the_users():
    first, second = (shuffled_groups(1000, (8, 1, 1), seed) for seed in (1, 2))
    assert (first != second).mean() > 0.2
    assert np.bincount(first).tolist() == np.bincount(second).tolist() == [800, 100, 100]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_few_users(count):
    split = split_by_users(of_lengths([5] * count), (8, 1, 1), 0.8, 0)
    assert len(split.train_ends) == count
    assert len(split.valid.rows) + len(split.test.rows) <= count
