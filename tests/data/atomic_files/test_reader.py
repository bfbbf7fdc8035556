from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.data.atomic_files import Roles, TableFormat, read_blocks, read_table
from recbole_opal.data.atomic_files import text_lines as lines
from recbole_opal.data.atomic_files.reader import line_of_row
from recbole_opal.errors import DataError

ROLES = Roles(["user_id", "item_id"], ["timestamp"])
TABS = TableFormat()
HEADER = "user_id:token\titem_id:token\ttimestamp:float"


@pytest.fixture
def read(tmp_path):
    """Return a function that writes a text and reads it as a table."""

    def to_frame(text, form=TABS, roles=ROLES, only=None):
        path = tmp_path / "x.inter"
        path.write_text(text, encoding=form.encoding, newline="")
        choose = (lambda columns: columns) if only is None else only
        return read_table(path, form, roles=roles, choose=choose)[1]

    return to_frame


@pytest.fixture
def refusal(read):
    """Return a function that gives the line with which rows below the usual header are refused."""

    def refuse(rows, header=HEADER):
        with pytest.raises(DataError) as caught:
            read(header + "\n" + rows)
        assert "\n" not in str(caught.value)
        assert "x.inter" in str(caught.value)
        return str(caught.value)

    return refuse


def test_values_and_types(read):
    frame = read(HEADER + "\n1\ta\t5\n01\té b\t1e3\nNA\tnull\t0.1\n")
    assert frame["user_id"].tolist() == ["1", "01", "NA"]
    assert frame["item_id"].tolist() == ["a", "é b", "null"]
    assert frame["timestamp"].tolist() == [5.0, 1000.0, 0.1]
    assert frame["timestamp"].dtype == np.float64


def test_quotation_marks_and_hashes_are_characters(read):
    frame = read(HEADER + '\n"1\t#a\t5\n1"\t"a"\t6\n')
    assert frame["user_id"].tolist() == ['"1', '1"']
    assert frame["item_id"].tolist() == ["#a", '"a"']


def test_empty_lines_are_left_out_and_still_counted(read, refusal):
    assert len(read(HEADER + "\n\n1\t2\t3\n\n\n4\t5\t6\n\n")) == 2
    assert "line 5: timestamp is negative" in refusal("\n1\t2\t3\n\n4\t5\t-6\n")


def test_features_may_be_missing(read):
    roles = Roles(["item_id"])
    header = "item_id:token\ttag:token\tx:float\tt:token_seq\tv:float_seq"
    frame = read(f"{header}\na\t\t\t\t\nb\tq\tNA\tr s\t1 2\n", roles=roles)
    assert frame["tag"].isna().tolist() == [True, False]
    assert frame["x"].isna().tolist() == [True, True]
    assert [list(values) for values in frame["t"]] == [[], ["r", "s"]]
    assert [list(values) for values in frame["v"]] == [[], [1.0, 2.0]]


def test_other_separators(read):
    text = "user_id:token,item_id:token,timestamp:float,t:token_seq\r\n1,2,3,a|b\r\n"
    frame = read(text, TableFormat(",", "|", "utf-16"))
    assert frame["timestamp"].tolist() == [3.0]
    assert frame["t"][0].tolist() == ["a", "b"]


def test_columns_can_be_chosen(read):
    text = HEADER + "\tx:float\n1\t2\t3\tnot looked at\n"
    frame = read(text, only=lambda columns: [columns[2], columns[0]][::-1])
    assert list(frame) == ["user_id", "timestamp"]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("", "holds a header and no row"),
        ("1\t2\n", "line 2 has 2 fields where the header has 3"),
        ("1\t2\t3\n1\t2\t3\t4\n", "line 3 has 4 fields"),
        ("1\t2\t3\n1\t2", "line 3 has 2 fields"),
        ("1\t2\t3\n1\t2\t3\t\n", "with one tab between two"),
        ("1,2,3\n", "line 2 has 1 fields"),
        ("1\t2\t3\n \n", "line 3 has 1 fields"),
        ("1\t2\tx\n", "line 2: timestamp is 'x', which is no number"),
        ("1\t2\t1\n1\t2\t2020-01-01\n1\t2\tx\n", "line 3: timestamp is '2020-01-01'"),
        ("1\t2\t1_0\n", "is '1_0'"),
        ("1\t2\t1,5\n", "is '1,5'"),
        ("1\t2\t1e400\n", "is '1e400'"),
        ("1\t2\tnan\n", "line 2: timestamp is missing"),
        ("1\t2\t\n", "line 2: timestamp is missing"),
        ("1\t2\tinf\n", "timestamp is infinite"),
        ("1\t2\t-1e400\n", "timestamp is infinite"),
        ("1\t2\t-1\n", "timestamp is negative; write seconds since 1970"),
        ("1\t2\t100000000000000000\n", "timestamp is too large to be exact; write seconds"),
        ("\t2\t3\n", "line 2: user_id is empty"),
        ("1\t\t3\n", "line 2: item_id is empty"),
        ("1\t[PAD]\t3\n", "item_id is [PAD]"),
        ("1\t" + "x" * 1001 + "\t3\n", "item_id is longer than 1000 characters"),
    ],
)
def test_mistakes_in_rows(refusal, rows, told):
    assert told in refusal(rows)


def test_an_empty_file(read):
    with pytest.raises(DataError, match="is empty"):
        read("")


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        ("float", "inf", "x is infinite"),
        ("float", "1e39", "x is infinite"),
        ("float_seq", "1 two", "line 2: x holds a part that is no finite number"),
        ("float_seq", "1 inf", "no finite number"),
        ("token_seq", "a [PAD]", "x holds [PAD]"),
        ("token_seq", "a " + "b" * 1001, "more than 1000 characters"),
        ("token", "[PAD]", "x is [PAD]"),
    ],
)
def test_mistakes_in_features(refusal, kind, value, told):
    assert told in refusal(f"1\t2\t3\t{value}\n", f"{HEADER}\tx:{kind}")


def test_long_ids_below_the_limit_are_fine(read):
    long = "é" * 1000
    assert read(f"{HEADER}\n1\t{long}\t3\n")["item_id"].tolist() == [long]
    parts = " ".join(["abc"] * 1000)
    assert len(read(f"{HEADER}\tt:token_seq\n1\t2\t3\t{parts}\n")["t"][0]) == 1000


def test_a_mistake_far_down_is_found_with_its_line(refusal, monkeypatch):
    monkeypatch.setattr(lines, "_FIRST", 1000)
    monkeypatch.setattr(lines, "_NEXT", 3000)
    good = "".join(f"{row}\t{row % 7}\t{row}\n" for row in range(5000))
    assert "line 5002: timestamp is 'x'" in refusal(good + "1\t2\tx\n" + good)
    assert "line 5002 has 2 fields" in refusal(good + "1\t2\n" + good)
    assert "line 5002: timestamp is negative" in refusal(good + "1\t2\t-3\n" + good)


PLAIN = st.text(st.characters(min_codepoint=33, exclude_categories=["Cs", "Cc", "Z"]), min_size=1)


@given(st.lists(st.tuples(PLAIN, PLAIN, st.floats(0, 1e15)), min_size=1, max_size=20))
def test_what_is_written_is_read(tmp_path_factory, rows):
    refused = ("[PAD]", "\ufeff")
    rows = [row for row in rows if not any(word in "".join(row[:2]) for word in refused)]
    rows = rows or [("a", "b", 1.0)]
    path = tmp_path_factory.mktemp("t") / "x.inter"
    text = HEADER + "\n" + "".join(f"{user}\t{item}\t{time!r}\n" for user, item, time in rows)
    path.write_text(text, encoding="utf-8", newline="")
    _, frame = read_table(path, TableFormat(), roles=ROLES)
    assert [tuple(row) for row in frame.itertuples(index=False)] == rows


def test_numbers_and_ids_are_those_of_recbole_s_reader(tmp_path):
    random = np.random.default_rng(0)
    path = tmp_path / "x.inter"
    rows = zip(range(2000), (random.random(2000) * 2e9).tolist(), strict=True)
    path.write_text(HEADER + "\n" + "".join(f"u{n}\ti{n}\t{time!r}\n" for n, time in rows))
    kinds = {"user_id:token": str, "item_id:token": str, "timestamp:float": np.float64}
    theirs = pd.read_csv(path, delimiter="\t", dtype=kinds, engine="python")
    theirs.columns = ["user_id", "item_id", "timestamp"]
    pd.testing.assert_frame_equal(read_table(path, TableFormat(), roles=ROLES)[1], theirs)


def test_rows_that_cannot_be_used_are_left_out_and_told_where_that_is_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "_FIRST", 40)
    monkeypatch.setattr(lines, "_NEXT", 40)
    path = tmp_path / "x.inter"
    rows = [
        "1\ta\t5",
        "\t\tx",
        "",
        "2\tb\t-6",
        "3\tc\tnan",
        "4\t[PAD]\t1",
        "5\te\t1e300",
        "6\tf\t7",
    ]
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    told = Counter()

    def leave_out(column, fault, number):
        told[column, fault.what] += number

    blocks = list(read_blocks(path, TABS, roles=ROLES, leave_out=leave_out))
    assert [user for block in blocks for user in block.frame["user_id"]] == ["1", "6"]
    assert [line for block in blocks for line in block.lines] == [2, 9]
    assert [line_of_row(blocks, row) for row in (0, 1)] == [2, 9]
    assert told == {
        ("user_id", "is empty"): 1,
        ("item_id", "is [PAD], which means none"): 1,
        ("timestamp", "is negative"): 1,
        ("timestamp", "is missing or not a number"): 1,
        ("timestamp", "is too large to be exact"): 1,
    }


def test_what_is_no_row_at_all_is_an_error_even_then(tmp_path):
    path = tmp_path / "x.inter"
    path.write_text(f"{HEADER}\n1\ta\t5\n1\ta\n")
    with pytest.raises(DataError, match="line 3 has 2 fields where the header has 3"):
        list(read_blocks(path, TABS, roles=ROLES, leave_out=lambda *told: None))


def test_the_first_that_is_no_number_is_told_whatever_its_column(refusal):
    header = f"{HEADER}\tx:float"
    assert "line 3: x is 'one'" in refusal("1\t2\t3\t4\n1\t2\t3\tone\n1\t2\ttwo\t4\n", header)
