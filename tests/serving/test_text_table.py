"""Cells of a text are what they are, wherever a chunk ends and whatever a field holds."""

import csv
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.errors import DataError
from recbole_opal.serving.sources import read_histories, text_table

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=5)
ROWS = st.lists(st.tuples(TEXTS, TEXTS), max_size=12)


@given(ROWS, st.integers(1, 4), st.sampled_from(",;\t|"))
def test_whatever_python_writes_is_read_back(rows, chunk, separator):
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_table, "_CHUNK", chunk)
        path = Path(place) / "h.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=separator).writerows([("user_id", "item_id"), *rows])
        expected = {}
        for user, item in rows:
            expected.setdefault(user, []).append(item)
        read = {}
        for part in read_histories(path, batch_size=2):
            read |= dict(zip(part.users, part.items, strict=True))
    assert read == expected
    assert list(read) == list(expected)


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ("u,i\nu,i\nu,i\nu\n", 5),
        ('u,i\n"u\n\nv",i\n\nu,i\nu\n', 8),
        ('u,i\nu,i\nu,"i\nu,i\n', 4),
        ("u,i\r\n\r\nu,i\r\n,i\r\n", 5),
    ],
)
def test_the_line_of_a_fault_is_told_in_every_chunk(tmp_path, monkeypatch, chunk, rows, line):
    monkeypatch.setattr(text_table, "_CHUNK", chunk)
    path = tmp_path / "h.csv"
    path.write_bytes(b"user_id,item_id\n" + rows.encode())
    with pytest.raises(DataError, match=f"h.csv, line {line}[ :]"):
        list(read_histories(path))


def test_an_atomic_file_knows_no_quotes(tmp_path):
    (tmp_path / "h.inter").write_text('user_id:token\titem_id:token\n"u\t"i"\n')
    (part,) = read_histories(tmp_path / "h.inter")
    assert (part.users, part.items) == (['"u'], [['"i"']])
