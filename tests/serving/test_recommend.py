"""Lists of anybody by raw ids, and what is refused."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch

from recbole_opal.errors import DataError, SettingsError
from recbole_opal.serving import request
from recbole_opal.serving.histories import RawHistories

HISTORIES = {"ann": ["i1", "i2", "i3"], "bob": ["i4"], "cy": ["i1"] * 9 + ["i7"]}
COLUMNS = ["user", "rank", "item", "score", "interest", "by_popularity"]


def by_hand(recommender, items):
    """Return the scores of all items of one history, (N,), and its interests' products."""
    table = recommender.network.item_table()
    numbers = torch.tensor([int(item[1:]) for item in items][-5:])
    history = recommender.known(RawHistories(["x"], [items])).histories
    assert history.items.equal(numbers)
    with torch.no_grad():
        products = table.double() @ recommender.network.interests(history)[0].double().T
    best = products.amax(dim=1)
    winners = (products >= best[:, None] - 1e-6).byte().argmax(dim=1)  # of equals the first
    if recommender.network.scoring.soft:
        best = 0.1 * (products / 0.1).logsumexp(dim=1)
    return best, winners


@pytest.mark.parametrize("settings", [{}, {"scoring": "maximum"}], ids=["soft", "maximum"])
def test_lists_are_the_best_by_hand(make_recommender, settings):
    recommender = make_recommender(**settings)
    frame = recommender.recommend(HISTORIES, k=4)
    assert list(frame.columns) == COLUMNS
    for user, items in HISTORIES.items():
        own = frame[frame["user"] == user]
        assert own["rank"].tolist() == [1, 2, 3, 4]
        scores, winners = by_hand(recommender, items)
        scores[[0, *(int(item[1:]) for item in items)]] = -torch.inf
        best = scores.argsort(descending=True)[:4]
        assert own["item"].tolist() == [f"i{number}" for number in best]
        assert own["interest"].tolist() == winners[best].tolist()
        np.testing.assert_allclose(own["score"], scores[best].detach(), rtol=1e-6)


def test_every_form_of_histories_gives_the_same(recommender, tmp_path):
    expected = recommender.recommend(HISTORIES, k=3)
    rows = [(user, item) for user, items in HISTORIES.items() for item in items]
    frame = pd.DataFrame(rows, columns=["user_id", "item_id"])
    frame.to_csv(tmp_path / "histories.csv", index=False)
    for source in (frame, tmp_path / "histories.csv"):
        pd.testing.assert_frame_equal(recommender.recommend(source, k=3), expected)
    as_lists = recommender.recommend(list(HISTORIES.values()), k=3)
    assert as_lists["item"].tolist() == expected["item"].tolist()
    arrays = {user: np.array(items) for user, items in HISTORIES.items()}
    pd.testing.assert_frame_equal(recommender.recommend(arrays, k=3), expected)


def test_the_batch_size_changes_nothing(recommender):
    whole = recommender.recommend(HISTORIES, k=3)
    parts = list(recommender.stream(HISTORIES, k=3, batch_size=1))
    assert [len(part) for part in parts] == [1, 1, 1]
    joined = pd.concat([part.to_frame() for part in parts], ignore_index=True)
    pd.testing.assert_frame_equal(joined, whole, check_exact=False)


def test_users_keep_their_type(recommender):
    frame = recommender.recommend({7: ["i1"], 8: ["i2"]}, k=1)
    assert frame["user"].dtype == np.int64
    assert frame["user"].tolist() == [7, 8]
    mixed = recommender.recommend({("a", 1): ["i1"], "b": ["i2"]}, k=1)
    assert mixed["user"].tolist() == [("a", 1), "b"]


def test_nobody_and_nothing(recommender):
    frame = recommender.recommend({})
    assert (list(frame.columns), len(frame)) == (COLUMNS, 0)
    assert len(recommender.lists(RawHistories([], []))) == 0


def test_an_empty_history_is_answered_by_popularity(recommender):
    with pytest.warns(UserWarning, match="1 unknown item, 'new'; left out"):
        frame = recommender.recommend(
            {"ann": ["i1"], "bob": [], "cy": ["new"]}, k=4, exclude={"cy": ["i3"]}
        )
    assert frame["by_popularity"].tolist() == [False] * 4 + [True] * 8
    bob, cy = (frame[frame["user"] == user] for user in ("bob", "cy"))
    assert bob["item"].tolist() == ["i2", "i3", "i12", "i11"]  # of equals the first
    assert bob["score"].tolist() == [9, 9, 8, 7]
    assert cy["item"].tolist() == ["i2", "i12", "i11", "i10"]
    assert set(bob["interest"]) == {-1}


def test_seen_excluded_and_allowed_items(recommender):
    history = {"ann": ["i1", "i2"], 5: ["i1"]}
    seen = recommender.recommend(history, k=12, exclude_seen=False)
    assert len(seen) == 24
    new = recommender.recommend(history, k=12)  # more than are left
    assert new.groupby("user", sort=False)["item"].count().tolist() == [10, 11]
    with pytest.warns(UserWarning, match="exclude holds 1 unknown item, 'unknown'"):
        without = recommender.recommend(history, k=12, exclude=["i3", "i4", "unknown"])
    with pytest.raises(DataError, match="exclude holds 1 unknown item, 'unknown'; take them out"):
        recommender.recommend(history, exclude={"ann": ["unknown"]}, unknown="error")
    assert {"i1", "i3", "i4"}.isdisjoint(without["item"])
    own = recommender.recommend(history, k=12, exclude={"ann": ["i3"], "5": ["i4"], "di": ["i5"]})
    assert own.groupby("user")["item"].agg(set).to_dict() == {
        "ann": {f"i{number}" for number in range(4, 13)},
        5: {f"i{number}" for number in range(2, 13)} - {"i4"},
    }
    only = recommender.recommend(history | {"bob": []}, k=12, only=["i2", "i3"], exclude=["i12"])
    assert only.groupby("user")["item"].agg(set).to_dict() == {
        "ann": {"i3"},
        5: {"i2", "i3"},
        "bob": {"i2", "i3"},
    }


def test_unknown_items_are_counted_and_named(recommender):
    strange = {"ann": ["i1", "x", "x", "y"], "bob": ["x", "i2"]}
    with pytest.warns(UserWarning, match=r"2 unknown items, 'x' \(3 times\), 'y'"):
        frame = recommender.recommend(strange, k=3)
    assert frame.attrs["unknown_items"] == {"x": 3, "y": 1}
    known = recommender.recommend({"ann": ["i1"], "bob": ["i2"]}, k=3)
    assert frame["item"].tolist() == known["item"].tolist()
    assert known.attrs["unknown_items"] == {}
    many = {"ann": [f"x{number}" for number in range(8)]}
    with pytest.raises(DataError, match="8 unknown items, 'x0', .*, 3 more; take them out"):
        recommender.recommend(many, unknown="error")


def test_numbers_count_as_their_digits(make_recommender):
    recommender = make_recommender()
    recommender.trained.items[1:] = [str(number) for number in range(1, 13)]
    recommender = type(recommender)(recommender.trained)
    expected = recommender.recommend({"a": ["3", "4"]}, k=3)
    for items in ([3, 4], np.array([3, 4]), [np.int64(3), "4"], (np.uint8(3), 4)):
        raw = RawHistories(["a"], [items])
        assert recommender.lists(raw, 3).items() == [expected["item"].tolist()]
    assert recommender.recommend({"a": [3, 4]}, k=12, exclude=[5], only=[5, 6, 7])["item"].tolist()


@pytest.mark.parametrize(
    "strange", [3.0, np.float32(3), float("nan"), None, True, np.True_, b"i1", ["i1"], ("i1",)]
)
def test_what_is_no_id(recommender, strange):
    for call in (
        lambda: recommender.lists(RawHistories(["a"], [["i1", strange]])),
        lambda: recommender.recommend({"a": ["i1"]}, exclude=["i1", strange]),
        lambda: recommender.recommend({"a": ["i1"]}, only=[strange]),
        lambda: recommender.similar_items([strange]),
        lambda: recommender.explain(["i1"], strange),
        lambda: recommender.explain([strange], "i1"),
    ):
        with pytest.raises(DataError, match="neither text nor a whole number; write it as text"):
            call()


def test_a_column_of_floats_is_told_of(recommender):
    frame = pd.DataFrame({"user_id": ["a", "a"], "item_id": [242.0, np.nan]})
    with pytest.raises(DataError, match=r"floats.*\.astype\('int64'\)"):
        recommender.recommend(frame)
    with pytest.raises(DataError, match=r"an id is 242\.0, which is neither text"):
        recommender.lists(RawHistories(["a"], [[242.0]]))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"k": 0}, "k=0 is not allowed; use a whole number from 1"),
        ({"k": -3}, "k=-3"),
        ({"k": 2.0}, r"k=2\.0"),
        ({"k": True}, "k=True"),
        ({"k": "5"}, "k='5'"),
        ({"diversity": float("nan")}, "diversity=nan is not allowed"),
        ({"diversity": -1.0}, "diversity=-1"),
        ({"rule": "random"}, "rule 'random' is unknown"),
        ({"k": 5, "per_interest": 6}, "per_interest=6"),
        ({"by_share": 1.5}, "by_share"),
        ({"unknown": "warn"}, "use 'ignore' or 'error'"),
        ({"only": []}, "only holds no item"),
    ],
)
def test_arguments_that_are_not_allowed(recommender, given, message):
    """They are told before a history is read."""
    with pytest.raises(SettingsError, match=message):
        recommender.stream(iter([]), **given)


def test_items_that_must_be_known(recommender):
    with pytest.raises(DataError, match="only hold 2 unknown items, 'x', 'y'"):
        recommender.recommend({"a": ["i1"]}, only=["i1", "x", "y"])
    for call in (
        lambda: recommender.recommend({"a": ["i1"]}, only="i1"),
        lambda: recommender.recommend({"a": ["i1"]}, exclude="i1"),
        lambda: recommender.recommend({"a": ["i1"]}, exclude={"a": "i1"}),
        lambda: recommender.lists(RawHistories(["a"], ["i1"])),
        lambda: recommender.recommend({"a": "i1"}),
    ):
        with pytest.raises(DataError, match=r"\["):
            call()


def test_k_beyond_the_catalogue_costs_nothing(recommender):
    frame = recommender.recommend({"a": ["i1"], "b": []}, k=10**9, per_interest=50)
    assert frame["user"].value_counts().to_dict() == {"b": 12, "a": 11}


def test_diversity_and_places_for_interests(recommender):
    history = {"ann": ["i1", "i2", "i3", "i8"], "bob": []}
    plain = recommender.recommend(history, k=4)
    diverse = recommender.recommend(history, k=4, diversity=10.0)
    assert plain["item"].tolist() != diverse["item"].tolist()
    own = diverse[diverse["user"] == "ann"]
    parity = [int(item[1:]) % 2 for item in own["item"]]
    assert sum(parity) == 2  # of each of the two categories as many
    every = recommender.recommend(history, k=12)
    of_ann = every[every["user"] == "ann"]["interest"].value_counts()  # what there is
    places = recommender.recommend(history, k=6, per_interest=2)
    counts = places[places["user"] == "ann"]["interest"].value_counts()
    assert len(counts) == len(of_ann) > 1
    assert (counts >= of_ann.clip(upper=2)).all()
    bob = places[places["user"] == "bob"]["item"].tolist()
    assert bob == every[every["user"] == "bob"]["item"].tolist()[:6]


def test_times_are_needed_by_models_that_read_them(make_recommender):
    recommender = make_recommender("PIMI")
    items, times = {"a": ["i1", "i2", "i3"]}, {"a": [0.0, 86400.0, 9e5]}
    frame = recommender.recommend(items, k=3, times=times)
    assert len(frame) == 3
    other = recommender.recommend(items, k=3, times={"a": [0.0, 9e6, 2e7]})
    assert frame["score"].tolist() != other["score"].tolist()
    with pytest.raises(DataError, match="reads when each item was met; give times"):
        recommender.recommend(items, k=3)
    assert len(recommender.recommend({"a": []}, k=3)) == 3  # new users have none
    for wrong, message in (
        ([[0.0, 1.0]], "has 3 items and 2 times"),
        ([[0.0, 1.0, float("nan")]], "has the time nan"),
        ([[0.0, 2.0, 1.0]], "go back; sort"),
        ([["a", "b", "c"]], "no numbers"),
        ([], "1 histories and times of 0"),
    ):
        with pytest.raises(DataError, match=message):
            recommender.lists(RawHistories(["a"], list(items.values()), wrong), 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert recommender.explain(["i1", "i2"], "i3", times=[0.0, 5.0]).rank >= 1


@pytest.mark.parametrize("wishes", [{}, {"diversity": 0.3}, {"per_interest": 1}])
def test_lists_are_made_in_parts_and_are_the_same(recommender, wishes, monkeypatch):
    raw = RawHistories(["a", "b", "c"], [["i1"], [], ["i2", "what"]])
    whole = recommender.lists(raw, k=4, **wishes)
    monkeypatch.setattr(request, "_MOST_LISTED", 4)
    parts = recommender.lists(raw, k=4, **wishes)
    pd.testing.assert_frame_equal(whole.to_frame(), parts.to_frame())  # scores by their last bits
    assert parts.unknown == {"what": 1}
    assert parts.users == raw.users
