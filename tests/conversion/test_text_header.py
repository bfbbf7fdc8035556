import pytest

from recbole_opal.conversion.source import Tally
from recbole_opal.conversion.table_files import header, read_table
from recbole_opal.conversion.text_table import TextFormat
from recbole_opal.errors import DataError


@pytest.fixture
def log(tmp_path):
    """Return a function that writes a text and returns its path."""

    def write(content):
        path = tmp_path / "log.csv"
        path.write_text(content)
        return path

    return write


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "\nsep=;"])
def test_the_separator_line_of_excel_is_used(log, first):
    path = log(f"{first}\nuser,name;time\nu;1\n")
    assert header(path) == ["user,name", "time"]
    (frame,) = read_table(path, ["time", "user,name"], Tally())
    assert frame.to_numpy().tolist() == [["1", "u"]]
    assert frame.index.tolist() == [3 + first.count("\n")]


def test_a_separator_that_is_given_wins(log):
    assert header(log("sep=;\na;b,c\n"), TextFormat(separator=",")) == ["a;b", "c"]


def test_a_separator_line_alone_is_no_table(log):
    with pytest.raises(DataError, match="is empty"):
        header(log("sep=;\n"))


@pytest.mark.parametrize(
    ("first", "fix"),
    [
        ("user item time", "write --separator=space, and --names if that is no header"),
        ("user::item::time", "write a tab in the place of each '::'"),
        ("user^item^time", "write --separator=CHARACTER"),
    ],
)
def test_a_header_of_one_column_hints_at_the_separator(log, first, fix):
    with pytest.raises(DataError) as caught:
        list(read_table(log(first + "\n1 2 3\n"), ["user"], Tally()))
    assert f"one column, '{first}'" in str(caught.value)
    assert fix in str(caught.value)


def test_the_separator_that_is_hinted_at_works(log):
    path = log("user item time\nu i 1\n")
    (frame,) = read_table(path, ["item", "time"], Tally(), TextFormat(separator=" "))
    assert frame.to_numpy().tolist() == [["i", "1"]]
