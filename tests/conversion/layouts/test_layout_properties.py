"""Rules against a loop over the rows, and damaged files: never another exception."""

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.conversion.layouts import detect_layout, find_layout
from recbole_opal.conversion.log import stage_log
from recbole_opal.conversion.source import Tally
from recbole_opal.conversion.write import write_dataset
from recbole_opal.errors import OpalError
from recbole_opal.sql import opened_engine

HEADER = (
    "user_id,video_id,time_ms,is_click,is_like,is_follow,is_comment,is_forward,long_view,"
    "play_time_ms,duration_ms"
)
NAIVE = {
    "long_view": lambda row: row["long_view"] == "1",
    "click": lambda row: row["is_click"] == "1",
    "like": lambda row: row["is_like"] == "1",
    "follow": lambda row: row["is_follow"] == "1",
    "comment": lambda row: row["is_comment"] == "1",
    "forward": lambda row: row["is_forward"] == "1",
    "any_action": lambda row: (
        "1" in (row["is_like"], row["is_follow"], row["is_comment"], row["is_forward"])
    ),
    "watch_ratio": lambda row: (
        int(row["duration_ms"]) > 0 and int(row["play_time_ms"]) >= int(row["duration_ms"])
    ),
    "shown": lambda row: True,
}
bit = st.integers(0, 1)
log_row = st.tuples(
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(1_000_000_000_000, 2_000_000_000_000),
    *[bit] * 6,
    st.integers(0, 3),
    st.integers(0, 3),
)


def test_the_naive_rules_are_all_rules():
    assert list(NAIVE) == list(find_layout("KuaiRand-1K").rules)


@settings(max_examples=5, deadline=None)
@given(st.lists(log_row, min_size=1, max_size=12))
def test_every_rule_keeps_what_a_loop_keeps(rows):
    text = "\n".join([HEADER, *(",".join(map(str, row)) for row in rows)]) + "\n"
    layout = find_layout("KuaiRand-1K")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log_standard_4_08_to_4_21_1k.csv"
        log.write_text(text)
        for rule, keeps in NAIVE.items():
            source, tally = layout.tables(log, rule, {"items": "False"}), Tally()
            with opened_engine() as engine:
                stage_log(engine, source, tally)
                got = engine.rows("SELECT u, i, seconds FROM kept ORDER BY nr")
            wanted = [
                (row["user_id"], row["video_id"], int(row["time_ms"]) / 1000)
                for row in csv.DictReader(io.StringIO(text))
                if keeps(row)
            ]
            assert got == wanted
            assert tally.rows == len(rows) == len(got) + tally.dropped.total()


@pytest.fixture(scope="module")
def damaged():
    """Bytes to put into a file, where, and how many of its bytes they take the place of."""
    return st.tuples(
        st.floats(0, 1),
        st.integers(0, 30),
        st.one_of(st.binary(max_size=12), st.sampled_from([b",", b'"', b"\n", b"\r", b"\0", b"-"])),
    )


@pytest.mark.parametrize("name", ["kuairand", "kuairec", "wechat", "microvideo", "microlens"])
def test_damaged_files_raise_nothing_else(name, request, tmp_path, damaged):
    make = request.getfixturevalue(name)
    if name in ("kuairand", "microlens"):
        make(tmp_path, "pure" if name == "kuairand" else "50k")
    else:
        make(tmp_path)
    whole = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    seen = {"fine": 0, "told": 0, "lines": 0}

    @settings(max_examples=25, deadline=None)
    @given(st.sampled_from(sorted(whole)), damaged)
    def damage(path, how):
        place, taken, put = how
        data = whole[path]
        start = int(place * len(data))
        path.write_bytes(data[:start] + put + data[start + taken :])
        try:
            layout = detect_layout(tmp_path)
            options = {"titles": "True"} if name == "microlens" else {}
            source = layout.tables(tmp_path, next(iter(layout.rules)), options)
            write_dataset(source, tmp_path / "out" / "m")
            seen["fine"] += 1
        except OpalError as error:
            seen["told"] += 1
            seen["lines"] += str(error).count("\n")
        finally:
            path.write_bytes(data)

    damage()
    assert seen["fine"] > 0
    assert seen["told"] > 0
    assert seen["lines"] == 0
