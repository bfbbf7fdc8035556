import pandas as pd
import pytest

from recbole_opal.tables import open_table
from tests.conversion.reading import read_rows


@pytest.mark.parametrize("name", ["log.parquet", "log.PARQUET", "log.Pq"])
def test_parquet_is_told_by_its_name_in_any_case(tmp_path, name):
    pytest.importorskip("pyarrow")
    path = tmp_path / name
    pd.DataFrame({"user": ["u"], "time": [1]}).to_parquet(path)
    table = open_table(path)
    assert (list(table.names), table.size()) == (["user", "time"], path.stat().st_size)
    assert read_rows(path, ["time", "user"]) == [(1, "1", "u")]
