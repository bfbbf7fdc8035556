import pytest

from recbole_opal.errors import DataError
from recbole_opal.tables import TextFormat, open_table
from tests.conversion.reading import read_rows


def header(path, form=TextFormat()):  # noqa: B008, frozen
    return list(open_table(path, form).names)


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
    assert read_rows(path, ["time", "user,name"]) == [(3 + first.count("\n"), "1", "u")]


def test_a_separator_that_is_given_wins(log):
    assert header(log("sep=;\na;b,c\n"), TextFormat(separator=",")) == ["a;b", "c"]


def test_a_separator_line_alone_is_no_table(log):
    with pytest.raises(DataError, match="is empty"):
        header(log("sep=;\n"))


@pytest.mark.parametrize(
    ("first", "fix"),
    [
        ("user item time", "write --separator=space, and --names if that is no header"),
        ("user^item^time", "write --separator=CHARACTERS"),
    ],
)
def test_a_header_of_one_column_hints_at_the_separator(log, first, fix):
    with pytest.raises(DataError) as caught:
        read_rows(log(first + "\n1 2 3\n"), ["user"])
    assert f"one column, '{first}'" in str(caught.value)
    assert fix in str(caught.value)


def test_the_separator_that_is_hinted_at_works(log):
    path = log("user item time\nu i 1\n")
    assert read_rows(path, ["item", "time"], TextFormat(separator=" ")) == [(2, "i", "1")]


@pytest.mark.parametrize("separator", ["::", "||", "-->", "\x01"])
def test_a_separator_of_several_characters(log, separator):
    path = log(separator.join(["user", "item", "time"]) + f"\n7{separator}a:b,c{separator}1\n")
    form = TextFormat(separator=None if separator == "::" else separator)
    assert read_rows(path, ["time", "item"], form) == [(2, "1", "a:b,c")]
    path = log(f"7{separator}i{separator}1\n8{separator}1\n")
    form = TextFormat(separator=separator, names=("user", "item", "time"))
    with pytest.raises(DataError, match="line 2: 2 fields, but the header has 3"):
        read_rows(path, ["user"], form)
