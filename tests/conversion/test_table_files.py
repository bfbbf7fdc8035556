import pandas as pd
import pytest

from recbole_opal.conversion.source import Tally
from recbole_opal.conversion.table_files import header, read_table, total_bytes


@pytest.mark.parametrize("name", ["log.parquet", "log.PARQUET", "log.Pq"])
def test_parquet_is_told_by_its_name_in_any_case(tmp_path, name):
    pytest.importorskip("pyarrow")
    path = tmp_path / name
    pd.DataFrame({"user": ["u"], "time": [1]}).to_parquet(path)
    assert header(path) == ["user", "time"]
    (frame,) = read_table(path, ["time", "user"], Tally())
    assert frame.to_numpy().tolist() == [["1", "u"]]


def test_bytes_of_the_files_that_are_there(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"12345")
    assert total_bytes([tmp_path / "a.csv", tmp_path / "b.csv", tmp_path]) == 5
