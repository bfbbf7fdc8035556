"""The same histories from every source."""

import gzip
import json
from itertools import chain

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.errors import SettingsError
from recbole_opal.serving.histories import RawHistories
from recbole_opal.serving.sources import Columns, read_histories

ITEMS = {"u1": ["007", "i,2", "7"], "u2": ["i4"], "ü": ["7", "7", "x y"]}
TIMES = {"u1": [1.6e9, 1.6e9, 1.7e9], "u2": [1.65e9], "ü": [1.6e9, 1.61e9, 1.62e9]}


def gathered(source, **options):
    """Return users, their items and their times out of all batches."""
    parts = list(read_histories(source, **options))
    users = [user for part in parts for user in part.users]
    items = [list(own) for part in parts for own in part.items]
    timed = parts and parts[0].times is not None
    times = [list(own) for part in parts for own in part.times] if timed else None
    return users, items, times


def long_frame():
    rows = [
        (user, item, time)
        for user, items in ITEMS.items()
        for item, time in zip(items, TIMES[user], strict=True)
    ]
    return pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])


def wide_frame():
    return pd.DataFrame(
        {"user": list(ITEMS), "items": list(ITEMS.values()), "times": list(TIMES.values())}
    )


def json_lines():
    return "\n".join(
        json.dumps({"user": user, "items": items, "times": TIMES[user]}, ensure_ascii=False)
        for user, items in ITEMS.items()
    )


def atomic_text():
    rows = ("\t".join(map(str, row)) for row in long_frame().itertuples(index=False))
    return "\n".join(["user_id:token\titem_id:token\ttimestamp:float", *rows, ""])


@pytest.fixture
def files(tmp_path):
    """Every format, by the name of its file."""
    long_frame().to_csv(tmp_path / "h.csv", index=False)
    long_frame().to_csv(tmp_path / "semicolon.csv", index=False, sep=";", lineterminator="\r\n")
    long_frame().to_csv(tmp_path / "h.tsv", index=False, sep="\t")
    long_frame().to_csv(tmp_path / "packed.csv.gz", index=False)
    long_frame().to_parquet(tmp_path / "long.parquet")
    wide_frame().to_parquet(tmp_path / "wide.parquet")
    dated = pd.to_datetime(long_frame().timestamp, unit="s")
    long_frame().assign(timestamp=dated).to_parquet(tmp_path / "dated.parquet")
    (tmp_path / "h.jsonl").write_text(json_lines(), encoding="utf-8-sig")
    with gzip.open(tmp_path / "packed.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json_lines())
    (tmp_path / "h.inter").write_text(atomic_text(), encoding="utf-8")
    return sorted(tmp_path.iterdir())


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_every_format_holds_the_same(files, batch_size):
    expected = list(ITEMS), list(ITEMS.values()), list(TIMES.values())
    assert len(files) == 10
    for file in files:
        assert gathered(file, batch_size=batch_size) == expected, file.name
    for source in (long_frame(), wide_frame(), long_frame().astype({"user_id": "category"})):
        assert gathered(source, batch_size=batch_size) == expected
    assert gathered(pa.Table.from_pandas(long_frame()), batch_size=batch_size) == expected
    assert gathered(ITEMS, times=TIMES, batch_size=batch_size) == expected


def test_lists_are_numbered_and_a_generator_of_them_is_read_bit_by_bit():
    items = list(ITEMS.values())
    times = list(TIMES.values())
    assert gathered(items, times=times) == ([0, 1, 2], items, times)
    endless = (["a"] for _ in iter(int, 1))
    assert next(read_histories(endless, batch_size=3)).items == [["a"]] * 3


def test_raw_histories_are_passed_on():
    parts = [RawHistories(["a"], [["x"]]), RawHistories(["b"], [[]])]
    assert list(read_histories(iter(parts))) == parts
    assert list(read_histories(parts[0])) == [parts[0]]
    large = RawHistories(["a", "b", "c"], [["x"], ["y"], ["z"]], [[1.0], [2.0], [3.0]])
    first, last = read_histories(large, batch_size=2)
    assert first == RawHistories(["a", "b"], [["x"], ["y"]], [[1.0], [2.0]])
    assert last == RawHistories(["c"], [["z"]], [[3.0]])


def test_without_times_the_given_order_counts(tmp_path):
    frame = pd.DataFrame({"user_id": [2, 1, 2, 1], "item_id": [9, 8, 7, 6]})
    assert gathered(frame) == ([2, 1], [["9", "7"], ["8", "6"]], None)
    frame.to_csv(tmp_path / "h.csv", index=False)
    assert gathered(tmp_path / "h.csv") == (["2", "1"], [["9", "7"], ["8", "6"]], None)


def test_whole_numbers_are_ids():
    expected = [["1", "20"]]
    for items in ([1, 20], np.array([1, 20]), (1, np.int64(20)), ["1", 20], pd.Series([1, 20])):
        assert gathered([items])[1] == expected


def test_users_without_items_stay(tmp_path):
    (tmp_path / "h.csv").write_text("user_id,item_id\nnew,\nu,i\n")
    (tmp_path / "h.jsonl").write_text('{"user": "new", "items": []}\n\n{"user":"u","items":["i"]}')
    wide = pd.DataFrame({"user": ["new", "u"], "items": [None, ["i"]]})
    wide.to_parquet(tmp_path / "h.parquet")
    expected = (["new", "u"], [[], ["i"]], None)
    for source in (*tmp_path.iterdir(), wide, {"new": [], "u": ["i"]}):
        assert gathered(source) == expected


def test_no_history_at_all(tmp_path):
    (tmp_path / "h.csv").write_text("user_id,item_id\n")
    (tmp_path / "h.jsonl").write_text("")
    for source in ({}, [], *tmp_path.iterdir(), long_frame()[:0]):
        assert list(read_histories(source)) == []


def test_a_user_of_a_million_items(tmp_path):
    items = [f"i{number}" for number in range(1_000_000)]
    (tmp_path / "h.csv").write_text("user_id,item_id\n" + "".join(f"u,{item}\n" for item in items))
    assert gathered(tmp_path / "h.csv") == (["u"], [items], None)


def test_times_in_milliseconds_become_seconds(tmp_path):
    frame = long_frame().assign(timestamp=long_frame().timestamp * 1000)
    assert gathered(frame)[2] == list(TIMES.values())
    kept = gathered(frame, columns=Columns(time_unit="number"))[2]
    assert kept[1] == [1.65e12]


def test_columns_by_other_names(tmp_path):
    settings = {"USER_ID_FIELD": "uid", "ITEM_ID_FIELD": "video", "TIME_FIELD": "ts"}
    long_frame().set_axis(["uid", "video", "ts"], axis=1).to_csv(tmp_path / "a.csv", index=False)
    assert gathered(tmp_path / "a.csv", columns=Columns.of_run(settings, {}))[0] == list(ITEMS)
    long_frame().set_axis(["a", "b", "c"], axis=1).to_csv(tmp_path / "b.csv", index=False)
    columns = Columns.of_run(settings, {"user_field": "a", "item_field": "b", "time_field": "c"})
    assert gathered(tmp_path / "b.csv", columns=columns)[2] == list(TIMES.values())


histories = st.lists(
    st.lists(st.tuples(st.sampled_from(["a", "07", "7"]), st.integers(0, 9)), max_size=6),
    min_size=1,
    max_size=8,
)


@given(histories, st.randoms(use_true_random=False), st.integers(1, 4))
def test_a_shuffled_long_frame_equals_the_wide_one(histories, random, batch_size):
    rows = [
        (f"u{user}", item, time + place / 10)  # no two times of a user are equal
        for user, history in enumerate(histories)
        for place, (item, time) in enumerate(history)
    ]
    wide = {
        f"u{user}": [item for item, _ in history]
        for user, history in enumerate(histories)
        if history
    }
    times = {f"u{user}": [] for user, history in enumerate(histories) if history}
    for user, _, time in rows:
        times[user].append(time)
    random.shuffle(rows)
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    frame["timestamp"] = frame["timestamp"].astype(float)
    users, items, when = gathered(frame, batch_size=batch_size)
    expected = gathered(wide, times=times, batch_size=batch_size)
    assert dict(zip(users, items, strict=True)) == dict(zip(*expected[:2], strict=True))
    assert sorted(chain.from_iterable(when or [])) == sorted(row[2] for row in rows)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (5, "histories are a int"),
        ({"a"}, "histories are a set"),
        (["a", "b"], "write a list of one list"),
        ("h.xlsx", "no known ending"),
    ],
)
def test_what_is_no_source_is_told(source, told):
    with pytest.raises(SettingsError, match=told):
        read_histories(source)


def test_a_batch_has_a_user():
    with pytest.raises(SettingsError, match="batch_size=0"):
        read_histories({}, batch_size=0)


def test_times_go_with_lists_alone():
    with pytest.raises(SettingsError, match="column of their own"):
        read_histories(long_frame(), times=[[1.0]])
    with pytest.raises(SettingsError, match="same users"):
        read_histories(ITEMS, times={"u1": [1.0]})
    with pytest.raises(SettingsError, match="as long"):
        read_histories([["a"], ["b"]], times=[[1.0]])
