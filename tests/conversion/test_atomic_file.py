import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.conversion.atomic_file import is_missing, lines
from recbole_opal.data.atomic_files import Roles, TableFormat, read_table
from recbole_opal.errors import DataError

HEADER = b"user_id:token\titem_id:token\ttimestamp:float\n"


def chunk(users, times):
    frame = pd.DataFrame({"user": users, "item": users, "time": np.asarray(times, float)})
    return frame.rename_axis("log.csv, line")


def test_lines_as_they_stand():
    assert lines(chunk(["007", 'a "b"'], [5, 6])) == b'007\t007\t5\na "b"\ta "b"\t6\n'
    assert lines(chunk(["u"] * 2, [5.25, np.nan])) == b"u\tu\t5.25\nu\tu\t\n"


@pytest.mark.parametrize("sign", ["\t", "\n", "\r", "\0"])
def test_control_characters_are_refused_with_their_line(sign):
    with pytest.raises(DataError, match=r"log.csv, line 1: .* in user holds a tab or a line break"):
        lines(chunk(["u", f"a{sign}b"], [1, 2]))


@pytest.mark.parametrize(
    ("user", "message"),
    [("[PAD]", "means no id"), ("x" * 1001, "longer than 1000"), ("\ud800", "no character")],
)
def test_ids_that_cannot_be_read_back_are_refused(user, message):
    with pytest.raises(DataError, match=message):
        lines(chunk(["u", user], [1, 2]))


def test_byte_order_marks_are_left_out():
    assert lines(chunk(["u", "a\ufeffb"], [1, 2])) == b"u\tu\t1\nab\tab\t2\n"


def test_words_for_nothing_are_no_ids():
    ids = pd.Series(["", "NA", "nan", "NULL", r"\N", "None", None, "0", "nanna", "na"])
    assert is_missing(ids).tolist() == [True] * 7 + [False] * 3


IDS = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\t\r\n\0\ufeff"),
    min_size=1,
    max_size=6,
).filter(lambda text: text != "[PAD]")
ROWS = st.lists(st.tuples(IDS, st.floats(0, 2**53)), min_size=1, max_size=20)


@given(ROWS)
def test_whatever_is_written_is_read_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("atomic") / "x.inter"
    users, times = [row[0] for row in rows], [row[1] for row in rows]
    path.write_bytes(HEADER + lines(chunk(users, times)))
    _, frame = read_table(path, TableFormat(), roles=Roles(["user_id", "item_id"], ["timestamp"]))
    assert frame["user_id"].tolist() == frame["item_id"].tolist() == users
    assert frame["timestamp"].tolist() == times
