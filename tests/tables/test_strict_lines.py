import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.errors import DataError
from recbole_opal.tables.text_rows import TextFormat, read_header, rows
from tests.conversion.reading import read_rows

MIDDLE = "in the middle of a field"


@pytest.fixture
def read(tmp_path):
    """Return a function that reads all rows of a text as the converter does."""

    def read(content, name="log.csv", **form):
        path = tmp_path / name
        path.write_text(content, newline="")
        names = content.splitlines()[0].replace("\t", ",").split(",")
        return [row[1:] for row in read_rows(path, names, TextFormat(**form))]

    return read


STRAY = [
    ["u1", "i1", '"best of', "1600000000"],
    ["u2", "i2", "plain", "1600000001"],
    ["u3", "i2", '"hello', "1600000002"],
    ["u4", "i2", "x", "1600000001"],
]


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [0, 1, 3, 2], [2, 0, 1, 3]])
@pytest.mark.parametrize("separator", [",", "\t"])
def test_stray_quotes_do_not_make_one_row_of_two(read, separator, order):
    lines = [["user", "item", "title", "time"], *STRAY]
    content = "".join(separator.join(line[at] for at in order) + "\n" for line in lines)
    with pytest.raises(DataError, match=r"log\.csv, line 2: .*in line 4; .*--quoted=False"):
        read(content)
    assert len(read(content, quoted=False)) == 4


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ('u,"a"b,1\n', f"line 2: a quote {MIDDLE}; correct the line, or write --quoted=False"),
        ('u,"a" ,1\n', f"line 2: a quote {MIDDLE}"),
        ('u,"a\nb",1\nu,"c"d,1\n', f"line 4: a quote {MIDDLE}"),
        ('u,"a,1\nu,b,1\n', "line 2: a quote is opened and never closed"),
        ('u,"a\nb",1\nu,b\n', "line 4: 2 fields, but the header has 3"),
        ('u,"a\nb",1\nu,b,1,1\n', "line 4: 4 fields, but the header has 3"),
    ],
)
def test_the_line_in_which_the_row_begins_is_told(read, lines, place):
    with pytest.raises(DataError, match=place):
        read("user,item,time\n" + lines)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('u,"a\nb",1\r\n', [("u", "a\nb", "1")]),
        ('"u","a ""b"" c","1"', [("u", 'a "b" c', "1")]),
        ('u,5" disk,1\n', [("u", '5" disk', "1")]),  # only a quote at the start encloses
        ('u, "a,1\n', [("u", ' "a', "1")]),
        ('u,"",1,\n\nv,"",2\n', [("u", "", "1"), ("v", "", "2")]),
    ],
)
def test_legal_quotes_pass(read, lines, expected):
    assert read("user,item,time\n" + lines) == expected


CELL = st.text(st.sampled_from('a",\n\r '), max_size=6)


@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=8))
def test_whatever_csv_writes_is_taken(tmp_path_factory, cells):
    path = tmp_path_factory.mktemp("csv") / "log.csv"
    text = io.StringIO()
    csv.writer(text).writerows([("a", "b", "c"), *cells])
    path.write_text(text.getvalue(), newline="")
    form = TextFormat()
    taken = [tuple(fields) for _, fields in rows(path, form, read_header(path, form))]
    assert taken == [row for row in cells if any(row)]


@given(st.text(st.sampled_from('a",\n'), max_size=40))
def test_what_is_taken_is_read_by_duckdb_as_by_csv(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("csv") / "log.csv"
    path.write_text("x,y\n" + text, newline="")
    try:
        got = read_rows(path, ["x", "y"])
    except DataError:
        return
    reader = csv.reader(io.StringIO("x,y\n" + text, newline=""), strict=True)
    wanted, line = [], 1
    for fields in reader:
        cells = ([*fields, "", ""])[:2]
        wanted += [(line, *cells)] if any(cells) else []
        line = reader.line_num + 1
    assert got == wanted[1:]
