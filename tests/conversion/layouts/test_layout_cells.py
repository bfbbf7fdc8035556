import numpy as np
import pandas as pd
import pytest

from recbole_opal.conversion.layouts.cells import numbers, sequences, tokens
from recbole_opal.errors import DataError


def frame(*cells: str) -> pd.DataFrame:
    index = pd.RangeIndex(2, 2 + len(cells), name="log.csv, line")
    return pd.DataFrame({"x": list(cells)}, index=index)


def test_numbers_and_missing_ones():
    got = numbers(frame("1", "-2.5", "", "nan", "1e3", "NULL"), "x")
    np.testing.assert_array_equal(got, [1, -2.5, np.nan, np.nan, 1000, np.nan])


@pytest.mark.parametrize("cell", ["abc", "1,5", "12:00", "0x1f"])
def test_a_cell_that_is_no_number(cell):
    with pytest.raises(DataError, match=rf"log\.csv, line 3: '{cell}' in the column x is no"):
        numbers(frame("1", cell, "also"), "x")


def test_an_empty_cell_where_one_is_needed():
    with pytest.raises(DataError, match="line 3: no x; correct the line"):
        numbers(frame("1", ""), "x", required=True)


def test_a_long_cell_is_shortened():
    with pytest.raises(DataError) as caught:
        numbers(frame("z" * 10_000), "x")
    assert len(str(caught.value)) < 200


def test_lists_of_all_spellings():
    cells = pd.Series(["[27, 9]", "27,9", "27;9", "['a', 'b']", "7", "", "[]", " 1  2 "])
    assert sequences(cells).tolist() == ["27 9", "27 9", "27 9", "a b", "7", "", "", "1 2"]


def test_names_become_one_token():
    assert tokens(pd.Series([" Home  cooking ", "a\tb", ""])).tolist() == [
        "Home_cooking",
        "a_b",
        "",
    ]
