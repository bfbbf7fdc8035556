import pandas as pd
import pytest

from recbole_opal.conversion import cells as module
from recbole_opal.conversion.columns import Column, parse_columns
from recbole_opal.errors import DataError
from recbole_opal.sql import opened_engine


def typed(cells, kind, separator=",", column=None):
    cell = module.typed(column or Column("x", kind), "x", separator)
    with opened_engine() as engine:
        engine.register("given", pd.DataFrame({"y": cells}, dtype="string").reset_index())
        engine.run('CREATE TABLE rows AS SELECT "index" AS nr, stripped(y) AS x FROM given')
        (wrong,) = engine.row(f"SELECT {module.first_row([cell.fault])} FROM rows")
        module.refuse_row(engine, "rows", [cell.fault], wrong, lambda row: f"items.csv, line {row}")
        return [one for (one,) in engine.rows(f"SELECT {cell.value} FROM rows ORDER BY nr")]


def test_tokens_lose_words_for_nothing_and_line_breaks():
    cells = [" 07 ", "", "NaN", "null", r"\N", "two\nlines\there"]
    assert typed(cells, "token") == ["07", "", "", "", "", "two lines here"]


def test_lists_are_divided_by_blanks():
    cells = ["1,2", "[a b, 'c']", "", "nan", '["x"]', ",1,,"]
    assert typed(cells, "token_seq") == ["1 2", "a_b c", "", "", "x", "1"]
    assert typed(["1 2  3"], "token_seq", " ") == ["1 2 3"]
    assert typed(["1|2,3"], "token_seq", "|") == ["1 2,3"]


def test_numbers_and_their_absence():
    assert typed(["1.5", "", "None", "-2e3"], "float") == ["1.5", "", "", "-2000"]
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


def test_texts_are_lists_of_their_words():
    (column,) = parse_columns("x:text", "fields")
    assert column.header == "x:token_seq"
    assert typed(["Two  words, more", ""], "", column=column) == ["Two words, more", ""]
