import numpy as np
import pandas as pd
import pytest

from recbole_opal.conversion.cells import typed_columns
from recbole_opal.conversion.source import Column
from recbole_opal.errors import DataError


def typed(cells, kind, separator=","):
    frame = pd.DataFrame({"x": cells}, dtype=object).rename_axis("items.csv, line")
    ((name, result),) = typed_columns(frame, (Column("x", kind),), separator)
    assert name == "x"
    return result.tolist()


def test_tokens_lose_words_for_nothing_and_line_breaks():
    cells = [" 07 ", "", "NaN", "null", r"\N", "two\nlines\there"]
    assert typed(cells, "token") == ["07", "", "", "", "", "two lines here"]


def test_lists_are_divided_by_blanks():
    cells = ["1,2", "[a b, 'c']", "", "nan", '["x"]', ",1,,"]
    assert typed(cells, "token_seq") == ["1 2", "a_b c", "", "", "x", "1"]
    assert typed(["1 2  3"], "token_seq", " ") == ["1 2 3"]
    assert typed(["1|2,3"], "token_seq", "|") == ["1 2,3"]


def test_numbers_and_their_absence():
    numbers = typed(["1.5", "", "None", "-2e3"], "float")
    assert np.array_equal(numbers, [1.5, np.nan, np.nan, -2000.0], equal_nan=True)
    assert typed(["[1,2.5]", "", "3"], "float_seq") == ["1 2.5", "", "3"]


@pytest.mark.parametrize(("kind", "cell"), [("float", "x"), ("float", "inf"), ("float", "1e39")])
def test_what_is_no_number_is_told(kind, cell):
    with pytest.raises(DataError, match=f"items.csv, line 1: '{cell}' in x is no finite number"):
        typed(["1", cell], kind)


def test_a_part_of_a_list_that_is_no_number_is_told():
    with pytest.raises(DataError, match="items.csv, line 1: 'x' in x"):
        typed(["1", "2,x"], "float_seq")


def test_no_rows_are_no_trouble():
    for kind in ("token", "token_seq", "float", "float_seq"):
        assert typed([], kind) == []
