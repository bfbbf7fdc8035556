"""What is wrong with a source of histories is told in one line, with its place and the fix."""

import numpy as np
import pandas as pd
import pytest

from recbole_opal.errors import DataError
from recbole_opal.serving.sources import Columns, read_histories

HEADER = "user_id,item_id,timestamp\n"


def refusal(source, **options):
    with pytest.raises(DataError) as caught:
        list(read_histories(source, **options))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "begins with no names of columns"),
        ("user_id,item\n", None),
        (
            "uid,item_id\nu,i\n",
            "no column user_id among uid, item_id; name that of the users with ",
        ),
        ("user_id,item_id,item_id\n", "two columns item_id"),
        (HEADER + "u,i,1\nu,i\n", "h.csv, line 3 has 2 fields where the header has 3"),
        (HEADER + "u,i,1\n\nu,i,1,\n", "h.csv, line 4 has 4 fields"),
        (HEADER + '"u\nv",i,1\nu,i,1,2\n', "h.csv, line 4 has 4 fields"),
        (HEADER + 'u,i,1\n"u"x,i,1\n', "h.csv, line 3: "),
        (HEADER + 'u,i,1\n"u,i,1\nu,i,1\n', "h.csv, line 3: unexpected end of data"),
        (HEADER + "u,i,1\n,i,1\n", "h.csv, line 3: the user is missing"),
        (HEADER + "u,i,1\n\nu,i,soon\n", "h.csv, line 4: timestamp is 'soon', which is no number"),
        (HEADER + "u,i,\n", "h.csv, line 2: timestamp is ''"),
        (HEADER + "u,i,nan\n", "h.csv, line 2: the time is missing or infinite"),
        (HEADER + "u,i,1\nu,,\n", "h.csv, line 3: the item is missing, though other rows"),
        (HEADER.encode() + b"u,i,1\nu,\xff,1\n", "h.csv, line 3 cannot be read as UTF-8"),
        (HEADER + "u,i,1600000000\nu,j,1600000000000\n", "looks like milliseconds"),
        (b"\x1f\x8b\x08\x00broken", "no whole gzip file"),
        (b"PK\x03\x04", "compressed; unpack it with unzip"),
    ],
)
def test_csv(tmp_path, content, told):
    path = tmp_path / "h.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    if told is None:
        assert list(read_histories(path)) == []
    else:
        assert told in refusal(path)


def test_the_flag_that_names_a_column_is_told(tmp_path):
    (tmp_path / "h.csv").write_text("usr_id,item_id\nu,i\n")
    told = refusal(tmp_path / "h.csv")
    assert "--user_field=COLUMN; did you mean usr_id?" in told
    (tmp_path / "h.csv").write_text("user_id,item_id\nu,i\n")
    columns = Columns.of_run({}, {"time_field": "ts"})
    assert "no column ts" in refusal(tmp_path / "h.csv", columns=columns)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 2 is no JSON"),
        ("[1]", 'line 2 is no object; write {"user": ...'),
        ('{"items": []}', "line 2 has no column user_id among items"),
        ('{"user": "u"}', "line 2 has no column item_id"),
        ('{"user": null, "items": []}', "line 2, the user: an id is missing"),
        ('{"user": "u", "items": "i1"}', "line 2, its items are 'i1', which is no list"),
        ('{"user": "u", "items": [1.0]}', "line 2, its items: an id is 1.0"),
        ('{"user": "u", "items": [true]}', "line 2, its items: an id is True"),
        ('{"user": "u", "items": ["a"], "times": [1, 2]}', "line 2 has 1 items and 2 times"),
        ('{"user": "u", "items": ["a"], "times": ["x"]}', "line 2: its times are not all numbers"),
        ('{"user": "u", "items": ["a"], "times": [NaN]}', "line 2: a time is missing or infinite"),
        ('{"user": "u", "items": ["a"], "times": "now"}', "line 2: its times are 'now'"),
        ("[" * 100_000, "line 2 is no JSON"),
    ],
)
def test_json_lines(tmp_path, line, told):
    path = tmp_path / "h.jsonl"
    path.write_text('{"user": "u", "items": []}\n' + line + "\n")
    assert told in refusal(path)


def test_json_lines_that_are_no_text(tmp_path):
    (tmp_path / "h.jsonl").write_bytes(b'{"user": "\xff", "items": []}\n')
    assert "line 1 cannot be read as UTF-8" in refusal(tmp_path / "h.jsonl")


def test_rows_with_and_without_times(tmp_path):
    lines = '{"user": "u", "items": ["a"], "times": [1]}\n{"user": "v", "items": ["a"]}\n'
    (tmp_path / "h.jsonl").write_text(lines)
    assert "line 2 has 1 items and 0 times" in refusal(tmp_path / "h.jsonl")


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"user_id": ["u", "v"], "item_id": [1.0, np.nan]}, "item_id holds floats"),
        ({"user_id": [1.0, np.nan], "item_id": ["a", "b"]}, "user_id holds floats"),
        ({"user_id": ["u"], "item_id": [True]}, "item_id"),
        ({"user_id": [None], "item_id": ["a"]}, "row 0: the user is missing"),
        ({"user_id": ["u"], "item": ["a"], "timestamp": [np.nan]}, "row 0: the time is missing"),
        ({"user_id": ["u"], "items": [["a", None]]}, "row 0, its items: an id is missing"),
        ({"user_id": ["u"], "items": [["a"]], "times": [1.5]}, "row 0 has 1 items and 1 times"),
        ({"user_id": ["u"], "items": [["a"]], "times": [[1.0, 2.0]]}, "1 items and 2 times"),
        ({"user_id": ["u", None], "items": [["a"], ["a"]]}, "row 1: the user is missing"),
        ({"user": ["u"]}, "no column item_id among user"),
    ],
)
def test_frames_and_parquet(tmp_path, columns, told):
    frame = pd.DataFrame(columns)
    assert told in refusal(frame)
    frame.to_parquet(tmp_path / "h.parquet")
    refusal(tmp_path / "h.parquet")


def test_floats_that_were_whole_numbers_are_told_with_the_fix():
    told = refusal(pd.DataFrame({"user_id": ["u", "v"], "item_id": [1.0, None]}))
    assert "dtype=str" in told
    assert ".astype('int64')" in told


def test_damaged_parquet(tmp_path):
    path = tmp_path / "h.parquet"
    path.write_bytes(b"PAR1")
    assert "is no parquet file" in refusal(path)
    pd.DataFrame({"user_id": ["u"] * 5000, "item_id": [str(n) for n in range(5000)]}).to_parquet(
        path, compression="gzip"
    )
    whole = bytearray(path.read_bytes())
    whole[1000:1400] = bytes(400)
    path.write_bytes(whole)
    assert "is damaged" in refusal(path)


def test_files_that_are_not_there(tmp_path):
    assert "is not there" in refusal(tmp_path / "no.csv")
    (tmp_path / "folder.csv").mkdir()
    assert "is a folder" in refusal(tmp_path / "folder.csv")


@pytest.mark.parametrize("items", ["abc", 5, None, [1.5], [float("nan")], [None], [b"x"]])
def test_histories_that_are_no_lists(items):
    if items is None:
        assert [part.items for part in read_histories({"u": None})] == [[[]]]
    else:
        assert "user u, its items" in refusal({"u": items})
