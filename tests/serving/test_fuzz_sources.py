"""Damaged files of every format are read or refused in one line; nothing else is ever raised."""

import json
import tempfile
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.errors import OpalError
from recbole_opal.serving.sources import read_histories

ROWS = {"user_id": ["u", "ü", "u"], "item_id": ["i1", '"x"', "i,3"], "timestamp": [1.6e9] * 3}
WIDE = {"user": ["u", "ü"], "items": [["i1", "i2"], []], "times": [[1.6e9, 1.7e9], []]}


def whole(name):
    """Return the bytes of a sound file."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / name
        if name == "wide.parquet":
            pd.DataFrame(WIDE).to_parquet(path, compression=None)
        elif name.endswith(".parquet"):
            pd.DataFrame(ROWS).to_parquet(path, compression=None)
        elif name.endswith(".jsonl"):
            rows = zip(*WIDE.values(), strict=True)
            path.write_text(
                "\n".join(json.dumps(dict(zip(WIDE, row, strict=True))) for row in rows)
            )
        elif name.endswith(".inter"):
            path.write_text("user_id:token\titem_id:token\ttimestamp:float\nu\ti\t1.5\n")
        else:
            pd.DataFrame(ROWS).to_csv(path, index=False)
        return path.read_bytes()


FEWER = settings(max_examples=40)
NAMES = ("h.csv", "h.csv.gz", "h.inter", "h.jsonl", "long.parquet", "wide.parquet")
WHOLE = {name: whole(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
@FEWER
@given(data=st.data())
def test_damaged_bytes(name, data):
    content = bytearray(WHOLE[name])
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        stop = min(len(content), start + data.draw(st.integers(0, 8)))
        content[start:stop] = data.draw(st.binary(max_size=8))
    read_or_refused(name, bytes(content))


@pytest.mark.parametrize("name", NAMES)
@FEWER
@given(content=st.binary(max_size=200))
def test_any_bytes(name, content):
    read_or_refused(name, content)


@FEWER
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["user", "items", "times", "x"]), inner, max_size=4)
        ),
    )
)
def test_any_json(value):
    read_or_refused("h.jsonl", json.dumps(value).encode())


def read_or_refused(name, content):
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / name
        path.write_bytes(content)
        parts = []
        with suppress(OpalError):
            parts = list(read_histories(path, batch_size=2))
    for part in parts:
        assert len(part.users) == len(part.items) <= 2
        assert all(type(item) is str for own in part.items for item in own)
