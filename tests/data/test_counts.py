"""Counters tell the truth about the data, whatever the switch that acts on it."""

from collections import defaultdict

import pytest

from recbole_opal.errors import DataError
from recbole_opal.host.prepare import prepare_data

FOUR_AGAIN_AND_AGAIN = [
    (f"u{user}", f"i{(user + place * (place + 1)) % 4 + user % 3}", 100 * user + place)
    for user in range(40)
    for place in range(12)
]
LEAVE_ONE_OUT = {"LS": "valid_and_test"}
RATIOS = {"RS": [8, 1, 1]}


@pytest.fixture
def counts_of(make_config):
    """Return a function from rows and settings to the counts of a run."""

    def count(rows, model="OPAL", **settings):
        config = make_config(rows, model, **settings)
        return prepare_data(config, future_items=model == "OPAL").counts

    return count


def by_hand(rows, split):
    """Return the distinct test items of each user, and those of them in the user's history."""
    sequences = defaultdict(list)
    for user, item, _ in sorted(rows, key=lambda row: row[2]):
        sequences[user].append(item)
    cuts = {user: len(own) - 1 for user, own in sequences.items()}
    if split == RATIOS:
        cuts = {user: int(0.9 * len(own) + 1e-9) for user, own in sequences.items()}
    asked = {user: set(own[cuts[user] :]) for user, own in sequences.items()}
    return asked, {user: asked[user] & set(own[: cuts[user]]) for user, own in sequences.items()}


@pytest.mark.parametrize("model", ["OPAL", "Pop", "GRU4Rec"])
@pytest.mark.parametrize("split", [LEAVE_ONE_OUT, RATIOS], ids=["LS", "RS"])
@pytest.mark.parametrize("mask_history", [True, False, None])
def test_seen_targets_are_told_with_and_without_the_mask(counts_of, model, split, mask_history):
    new = [(f"u{user}", f"new{at}", 100 * user + at) for user in range(7) for at in (50, 51, 52)]
    rows = [*FOUR_AGAIN_AND_AGAIN, *new]
    settings = {"eval_args": {"split": split}, "mask_history": mask_history, "loss_type": "CE"}
    if model != "GRU4Rec":
        settings.pop("loss_type")
    counts = counts_of(rows, model, **settings)
    asked, seen = by_hand(rows, split)
    assert counts["test_targets_already_seen"] == sum(len(items) for items in seen.values()) > 0
    assert counts["test_rows_all_already_seen"] == sum(asked[u] == seen[u] for u in asked) == 33
    masked = mask_history if mask_history is not None else split == RATIOS
    left_out = counts["test_targets_already_seen"] if masked else 0
    assert counts["test_targets_left_out"] == left_out
    assert counts["test_rows_without_targets"] == (33 if masked else 0)
    assert counts["test_targets"] + left_out == sum(len(items) for items in asked.values())


def test_repeats_are_told_whether_or_not_they_are_kept(counts_of):
    once = [(f"u{user}", f"once{at}", 100 * user + at) for user in range(40) for at in range(9)]
    rows = [*FOUR_AGAIN_AND_AGAIN, *once]
    repeats = len(rows) - len({(user, item) for user, item, _ in rows})
    kept = counts_of(rows, mask_history=False)
    assert kept["interactions_of_repeated_pairs"] == repeats
    assert "rows_of_repeated_pairs" not in kept
    dropped = counts_of(rows, mask_history=False, rm_dup_inter="first")
    assert dropped["interactions_of_repeated_pairs"] == 0
    assert dropped["rows_of_repeated_pairs"] == repeats


@pytest.mark.parametrize(("epoch_rows", "expected"), [(None, 400), (25, 25), (10**6, 400)])
def test_the_rows_of_an_epoch_are_those_that_are_drawn(counts_of, epoch_rows, expected):
    settings = {"cuts_per_user": 10, "mask_history": False, "epoch_rows": epoch_rows}
    assert counts_of(FOUR_AGAIN_AND_AGAIN, **settings)["training_rows_an_epoch"] == expected


def test_the_mask_is_blamed_only_where_it_left_something_out(make_config):
    seen = [(f"u{user}", f"i{place % 2}", place) for user in range(5) for place in range(12)]
    with pytest.raises(DataError, match=r"no user has a target.*--mask_history=False"):
        prepare_data(make_config(seen), future_items=True)
    prepare_data(make_config(seen, mask_history=False), future_items=True)
    short = [(f"u{user}", f"i{user}{place}", place) for user in range(5) for place in range(3)]
    with pytest.raises(DataError, match="no user has a target in the validation") as refusal:
        prepare_data(make_config(short, mask_history=False), future_items=True)
    assert "mask_history" not in str(refusal.value)
