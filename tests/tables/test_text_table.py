import gzip
import itertools
import os

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.errors import DataError
from recbole_opal.tables import TextFormat, open_table
from tests.conversion.reading import read_rows


@pytest.fixture
def read(tmp_path):
    """Return a function that writes bytes and reads columns back as (line, cells...)."""

    def read(content, columns=("user", "time"), name="log.csv", **form):
        path = tmp_path / name
        path.write_bytes(content)
        return read_rows(path, columns, TextFormat(**form))

    return read


def test_cells_stay_text_and_know_their_line(read):
    content = b'user,item,time\n007,"a,""b""",1.50\n\nNA,x, 3 \n'
    assert read(content, ("time", "user")) == [(2, "1.50", "007"), (4, " 3 ", "NA")]


@pytest.mark.parametrize(
    "content",
    [
        b"user,item,time\nu,i,1\n",
        b"\xef\xbb\xbfuser,item,time\r\nu,i,1\r\n",
        b"user,item,time\nu,i,1",
        b"\n user ;item; time\nu;i;1\n",
        b'"user"\titem\ttime\nu\ti\t1\n',
        b"user|item|time\nu|i|1\n\n\n",
    ],
)
def test_the_usual_dialects_are_recognised(read, content):
    assert [row[1:] for row in read(content)] == [("u", "1")]


def test_gzip_is_read(read):
    content = gzip.compress(b"user,time\n" + b"u,1\n" * 5000, mtime=0)
    assert len(read(content, name="log.csv.gz")) == 5000


def test_a_file_without_header_gets_names(read):
    assert read(b"u,1\nv,2\n", names=("user", "time")) == [(1, "u", "1"), (2, "v", "2")]


def test_other_encodings_and_ordinary_quotes(read):
    content = "user,time\n\u7528\u6237,1\n".encode("gb18030")
    assert read(content, encoding="gb18030") == [(2, "\u7528\u6237", "1")]
    assert read(b'user,time\n"u,1\n', quoted=False) == [(2, '"u', "1")]


def test_lines_are_counted(read):
    content = b"user,time\n" + b"".join(b"u%d,%d\n" % (n, n) for n in range(10))
    assert read(content) == [(n + 2, f"u{n}", str(n)) for n in range(10)]


@pytest.mark.parametrize("surplus", [b",x", b",x,", b",x,y,z"])
@pytest.mark.parametrize("line", range(3))
def test_a_line_with_too_many_fields_is_refused_wherever_it_stands(read, surplus, line):
    lines = [b"u,1"] * 3
    lines[line] += surplus
    with pytest.raises(DataError, match=r"log\.csv") as caught:
        read(b"user,time\n" + b"\n".join(lines) + b"\n")
    assert "the header has 2" in str(caught.value)
    assert f"line {line + 2}:" in str(caught.value)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "lines",
    [
        [b"u,i,1", b"v,j", b"u,j,2"],
        [b"u,i,", b"v", b""],
        [b'u,"i,i",1', b'"v,w,x",1', b"u,i,2"],  # separators enough, at the wrong place
        [b'"u\nu",i,1', b"v,j", b""],
    ],
)
def test_a_line_that_ends_early_is_refused(read, packed, lines):
    content = b"\nuser,item,time\n" + b"\n".join(lines) + b"\n"
    line = 5 if b"\n" in lines[0] else 4
    data, name = (gzip.compress(content, mtime=0), "log.csv.gz") if packed else (content, "log.csv")
    with pytest.raises(DataError, match=f"line {line}: . fields?, but the header has 3"):
        read(data, name=name)


def test_lines_are_counted_past_quoted_breaks(read):
    content = b'user,item,time\r\nu,"i\r\ni",1\n"u\n\nu",i,2\n\nv,j,3\nw,"j\rj",4\nx,k,5\n'
    assert [row[0] for row in read(content)] == [2, 4, 8, 9, 11]


@pytest.mark.parametrize("lines", [b"u,\n,\n", b'u,""\n\n\n', b'"u,v",\r\n""\n', b"u,\n  \n"])
def test_empty_cells_are_no_missing_ones(read, lines):
    assert read(b"user,time\n" + lines)[0][2] == ""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\r\n", "is empty"),
        (b"user,time\nu,\xff\n", "cannot be read as utf-8"),
        (b"user,time\nu,\x001\n", "NUL"),
        (b"u\x00ser,time\n", "no table of text"),
        (b'user,time\nu,1\nu,"1\n', "line 3: a quote is opened"),
        (b"users,time\nu,1\n", "no column user; did you mean users"),
        (b"a,time\nu,1\n", "no column user; choose from a, time"),
        (b"user,user,time\nu,v,1\n", "two columns user"),
        (b"x" * (1 << 20), "no table of text"),
    ],
)
def test_what_is_no_table_is_told_with_the_file(read, content, message):
    with pytest.raises(DataError, match=message) as caught:
        read(content)
    assert "log.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"user,time\nu,1\n", gzip.compress(b"user,time\n" * 99, mtime=0)[:-9]]
)
def test_a_damaged_gzip_is_told(read, content):
    with pytest.raises(DataError, match="no whole gzip file"):
        read(content, name="log.csv.gz")


def test_an_unknown_encoding_is_told(read):
    with pytest.raises(DataError, match="--encoding"):
        read(b"user,time\n", encoding="klingon")


def test_folders_and_missing_files_are_told(tmp_path):
    for path, message in ((tmp_path, "is a folder"), (tmp_path / "no.csv", "there is no file")):
        with pytest.raises(DataError, match=message):
            open_table(path)


@pytest.mark.posix
def test_pipes_are_refused_and_not_opened(tmp_path):
    path = tmp_path / "log.csv"
    os.mkfifo(path)  # to open it would wait for a writer
    with pytest.raises(DataError, match="is a pipe or a device; save it to a file first"):
        open_table(path)


CELLS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r"), max_size=5)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=20))
def test_whatever_pandas_writes_is_read_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "log.csv"
    pd.DataFrame(rows, columns=["user", "time"]).to_csv(path, index=False)
    back = [(user, time) for _, user, time in read_rows(path, ["user", "time"])]
    # Rows of empty cells alone are blank lines to us.
    assert back == [row for row in rows if any(row)]


def test_separators_inside_the_header_are_counted_not_guessed_from_the_name(tmp_path):
    path = tmp_path / "log.csv"
    for separator, names in itertools.product("\t;|,", (["a", "b c", "d"],)):
        path.write_text(separator.join(names) + "\n")
        assert list(open_table(path).names) == names
