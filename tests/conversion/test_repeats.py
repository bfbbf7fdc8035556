import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.conversion import repeats
from recbole_opal.conversion.convert_command import main
from recbole_opal.conversion.repeats import RowHashes, mixed, without_lines
from recbole_opal.conversion.source import Source, Tally
from recbole_opal.conversion.write import write_dataset


@given(st.lists(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 3)), max_size=4))
def test_the_rows_that_equal_an_earlier_one(chunks):
    block = repeats._BLOCK
    repeats._BLOCK = 3
    try:
        with RowHashes("/tmp") as rows:  # noqa: S108
            for chunk in chunks:
                rows.add(np.array(chunk, dtype=np.uint64))
            found = rows.repeated().tolist()
    finally:
        repeats._BLOCK = block
    every = [one for chunk in chunks for one in chunk]
    assert found == [at for at, one in enumerate(every) if one in every[:at]]


def test_a_hash_depends_on_the_order_of_the_columns():
    one, two = (np.array([number], dtype=np.uint64) for number in (1, 2))
    assert len({int(mixed(*pair)[0]) for pair in ((one, two), (two, one), (one, one))}) == 3


@pytest.mark.parametrize("dropped", [[], [0], [1, 2, 4], [0, 1, 2, 3, 4]])
def test_lines_are_left_out(tmp_path, monkeypatch, dropped):
    monkeypatch.setattr(repeats, "_BLOCK", 2)
    parts = [b"0\n1\n", b"2\n", b"3\n4\n"]
    kept = b"".join(without_lines(parts, lambda: np.array(dropped, dtype=np.int64), tmp_path))
    assert kept.split() == [str(one).encode() for one in range(5) if one not in dropped]
    assert list(tmp_path.iterdir()) == []


ROWS = [
    [("u", "a", 1.0), ("u", "b", 1.0), ("u", " a", 1.0), ("v", "a", 1.0)],
    [("u", "a", 2.0), ("u", "a", 1.0), ("a", "u", 1.0), ("v", "a", 0.0), ("v", "a", -0.0)],
]


def source():
    names = ["user", "item", "time"]
    frames = [pd.DataFrame(rows, columns=names).rename_axis("log.csv, line") for rows in ROWS]
    return Source(iter(frames), Tally(rows=9))


def test_exact_duplicates_are_counted_across_chunks(tmp_path):
    written = write_dataset(source(), tmp_path / "m")
    assert (written.rows, written.duplicates, written.tally.dropped) == (9, 3, {})


def test_exact_duplicates_can_be_dropped_and_the_first_stay(tmp_path):
    written = write_dataset(source(), tmp_path / "m", drop_duplicates=True)
    assert (written.rows, written.duplicates) == (6, 0)
    assert written.tally.dropped == {"an exact duplicate (user, item, time)": 3}
    rows = (tmp_path / "m/m.inter").read_text().splitlines()[1:]
    assert rows == ["u\ta\t1", "u\tb\t1", "v\ta\t1", "u\ta\t2", "a\tu\t1", "v\ta\t0"]


def test_the_flag_is_for_public_data_sets_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw").mkdir()
    rows = "user,item,timestamp\n" + "1,5,1650000000123\n" * 3
    (tmp_path / "raw" / "MicroLens-50k_pairs.csv").write_text(rows)
    assert main(["raw", "--out=m", "--drop-duplicates"]) == 0
    assert (tmp_path / "m/m.inter").read_text().count("\n") == 2
