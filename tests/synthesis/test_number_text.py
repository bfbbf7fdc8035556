import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.synthesis import number_text
from recbole_opal.synthesis.number_text import number_lines


def text(columns):
    return b"".join(number_lines([np.array(column, dtype=np.int64) for column in columns]))


def naive(columns):
    rows = zip(*columns, strict=True)
    return "".join("\t".join(map(str, row)) + "\n" for row in rows).encode()


def test_by_hand():
    assert text([[0, 10, 7], [100, 0, 99]]) == b"0\t100\n10\t0\n7\t99\n"
    assert text([[]]) == b""


NUMBERS = st.one_of(st.integers(0, 120), st.integers(0, 10**18))
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.tuples(*[NUMBERS] * width), min_size=1, max_size=30)
)


@given(TABLES)
def test_as_python_writes_them(rows):
    columns = list(zip(*rows, strict=True))
    assert text(columns) == naive(columns)


def test_powers_of_ten_and_their_neighbours():
    column = sorted({10**power + step for power in range(18) for step in (-1, 0, 1)})
    assert text([column]) == naive([column])


def test_pieces_join_without_a_seam(monkeypatch):
    monkeypatch.setattr(number_text, "_ROWS", 7)
    columns = [list(range(100)), list(range(1000, 1100))]
    assert text(columns) == naive(columns)


@pytest.mark.slow
def test_ten_million_rows_are_drawn_and_written_in_twenty_seconds_of_one_core(tmp_path):
    from recbole_opal.synthesis.synthetic_files import write_atomic
    from recbole_opal.synthesis.synthetic_log import synthesize

    started = time.process_time()
    log = synthesize(250_000, 100_000, 200, 4, mean_length=40.0)
    assert len(log.users) > 9_900_000
    folder = write_atomic(log, tmp_path, "large")
    assert time.process_time() - started < 20
    assert (folder / "large.inter").stat().st_size > 200_000_000
