from datetime import datetime, timezone

import pytest

from recbole_opal.conversion.convert_command import main as convert
from recbole_opal.errors import DataError
from recbole_opal.tables import open_table
from tests.conversion.reading import read_rows


@pytest.fixture
def write(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")

    def write(**columns):
        path = tmp_path / "log.parquet"
        parquet.write_table(arrow.table(columns), path)
        return path

    return write


def test_every_type_becomes_text(write):
    moment = datetime(2022, 4, 11, 12, tzinfo=timezone.utc)
    path = write(
        user=[7, None],
        item=["a,\tb", ""],
        time=[moment, None],
        score=[1.5, 2.0],
        seen=[True, False],
        tags=[["x", "y"], []],
    )
    assert list(open_table(path).names) == ["user", "item", "time", "score", "seen", "tags"]
    first, second = read_rows(path, ["tags", "user", "item", "score", "seen", "time"])
    assert first[:6] == (1, "x,y", "7", "a,\tb", "1.5", "true")
    assert first[6].startswith("2022-04-11 12:00:00")
    assert first[6].endswith("Z")
    assert second == (2, "", "", "", "2", "false", "")
    assert open_table(path).place(1) == f"{path}, row 2"


def test_missing_columns_and_files_that_are_none_are_told(write, tmp_path):
    path = write(users=[1])
    with pytest.raises(DataError, match="no column user; did you mean users"):
        read_rows(path, ["user"])
    broken = tmp_path / "broken.parquet"
    for content in (b"", b"PAR1", path.read_bytes()[:-5]):
        broken.write_bytes(content)
        with pytest.raises(DataError, match="no parquet file"):
            open_table(broken)


def test_structures_are_refused(write):
    path = write(user=[{"a": 1}])
    with pytest.raises(DataError, match="cannot be read"):
        read_rows(path, ["user"])


def test_a_column_that_is_there_twice_is_refused(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = [arrow.array(["a"]), arrow.array([1]), arrow.array([2])]
    parquet.write_table(arrow.Table.from_arrays(columns, ["u", "t", "t"]), tmp_path / "log.parquet")
    with pytest.raises(DataError, match="log.parquet has two columns t; rename one"):
        read_rows(tmp_path / "log.parquet", ["u", "t"])
    assert read_rows(tmp_path / "log.parquet", ["u"]) == [(1, "a")]


def test_an_element_of_a_list_is_never_divided(write):
    with pytest.raises(DataError, match="tags holds lists with a comma in an element.*--list_sep"):
        read_rows(write(tags=[["x,y"], None]), ["tags"])


def test_lists_are_no_ids(write, tmp_path, capsys):
    path = str(write(user=["a", "b"], item=[["x"], ["x", "y"]], time=[1_600_000_000] * 2))
    flags = [f"--out={tmp_path / 'm'}", "--time=time"]
    for roles in (["--user=user", "--item=item"], ["--user=item", "--item=user"]):
        assert convert([path, *flags, *roles]) == 2
        assert "item holds lists, and an id is one value" in capsys.readouterr().err


def test_records_in_a_cell_are_refused(write):
    with pytest.raises(DataError, match="item cannot be read as text, since it holds records"):
        read_rows(write(item=[{"a": 1}]), ["item"])
