"""Items that are new to validation or to test: nothing of them is known before."""

import numpy as np
import pytest

from recbole_opal.data.protocols import apply_protocol, hold_out_items
from recbole_opal.data.user_sequences import UserSequences

RULES = [
    {"RS": [8, 1, 1]},
    {"LS": "valid_and_test"},
    {"user": {"ratios": [6, 2, 2], "history": 0.7, "seed": 3}},
]
ITEMS = 60


@pytest.fixture(params=RULES, ids=lambda rule: next(iter(rule)))
def log(request):
    draw = np.random.default_rng(5)
    users, items = draw.integers(0, 40, 1500), draw.integers(1, ITEMS, 1500)
    sequences = UserSequences.from_columns(users, items, np.arange(1500))
    split = apply_protocol(request.param, "cumulative", sequences, None)
    return sequences, split


def targets(sequences, part):
    """Return {user: its targets} of a part."""
    return {
        int(sequences.users[row]): sequences.items[start:end].tolist()
        for row, start, end in zip(part.rows, part.starts, part.ends, strict=True)
    }


def histories(sequences, part):
    return {
        int(sequences.users[row]): sequences.items[sequences.starts[row] : start].tolist()
        for row, start in zip(part.rows, part.starts, strict=True)
    }


def trained(sequences, split):
    return {
        int(user): sequences.items[start:end].tolist()
        for user, start, end in zip(
            sequences.users, sequences.starts, split.train_ends, strict=True
        )
    }


def without(rows, items):
    """Return the non-empty rows without some items."""
    kept = {user: [item for item in row if item not in items] for user, row in rows.items()}
    return {user: row for user, row in kept.items() if row}


def test_of_a_drawn_item_only_one_part_is_left(log):
    sequences, split = log
    left, cut, _ = hold_out_items(sequences, split, ITEMS, 0.3)
    met = {name: {item for row in rows.values() for item in row} for name, rows in (
        ("train", trained(left, cut)),
        ("valid", targets(left, cut.valid)),
        ("test", targets(left, cut.test)),
        ("before valid", histories(left, cut.valid)),
        ("before test", histories(left, cut.test)),
    )}  # fmt: skip
    every = set(range(1, ITEMS))
    new_to_valid = met["valid"] - set(sum(trained(left, cut).values(), [])) - met["before valid"]
    new_to_test = met["test"] - met["train"] - met["before test"]
    assert new_to_test
    assert not new_to_test & met["valid"]
    assert not new_to_valid & met["before valid"]
    assert len(every - met["train"] - met["before valid"]) >= 0.3 * (ITEMS - 1) - 1


def test_all_else_is_as_it_was(log):
    sequences, split = log
    left, cut, gone = hold_out_items(sequences, split, ITEMS, 0.3)
    new = set(range(1, ITEMS)) - {item for row in trained(left, cut).values() for item in row}
    new -= {item for row in histories(left, cut.valid).values() for item in row}
    assert without(trained(left, cut), new) == without(trained(sequences, split), new)
    for part in ("valid", "test"):
        before = without(targets(sequences, getattr(split, part)), new)
        after = without(targets(left, getattr(cut, part)), new)
        lost = before.keys() - after.keys()  # they had met nothing but new items
        assert after == {user: row for user, row in before.items() if user not in lost}
    assert gone == len(sequences.items) - len(left.items)
    np.testing.assert_array_equal(left.first_seen, UserSequences.from_columns(
        left.users[left.owners], left.items, left.times).first_seen)  # fmt: skip


def test_every_interaction_is_counted(log):
    sequences, split = log
    left, cut, _ = hold_out_items(sequences, split, ITEMS, 0.6)
    parts = cut.valid.num_interactions + cut.test.num_interactions
    trained_on = int((cut.train_ends - left.starts).sum())
    assert trained_on + parts + sum(cut.left_over.values()) == len(left.items)


def test_the_same_items_are_drawn_whatever_the_users_met():
    one = UserSequences.from_columns([1] * 6, [1, 2, 3, 4, 5, 6], range(6))
    other = UserSequences.from_columns([1] * 6, [6, 5, 4, 3, 2, 1], range(6))
    held = []
    for sequences in (one, other):
        split = apply_protocol({"RS": [10, 0.1, 0.1]}, "cumulative", sequences, None)
        left, _, _ = hold_out_items(sequences, split, 7, 0.5)
        held.append(set(sequences.items[:5]) - set(left.items[:4]))
    assert held[0] & held[1]


def test_a_user_of_new_items_alone_goes():
    sequences = UserSequences.from_columns([1, 1, 1, 2, 2, 2], [1, 2, 1, 3, 4, 5], range(6))
    split = apply_protocol({"RS": [1, 1, 1]}, "cumulative", sequences, None)
    for share in (0.5, 0.9):
        left, cut, _ = hold_out_items(sequences, split, 6, share)
        assert (left.lengths > 0).all()
        for part in (cut.valid, cut.test):
            assert (part.ends > part.starts).all()
            assert (part.starts > left.starts[part.rows]).all()
