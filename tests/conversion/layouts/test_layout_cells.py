import pytest

from recbole_opal.conversion.cells import first_row, must_be_number, refuse_row
from recbole_opal.conversion.layouts.layout import NAME, TAGS
from recbole_opal.errors import DataError
from recbole_opal.sql import literal, opened_engine


def asked(sql, cells):
    """Return an expression of each cell."""
    values = ", ".join(f"({place}, {literal(cell)})" for place, cell in enumerate(cells))
    with opened_engine() as engine:
        rows = f"(VALUES {values}) AS v(nr, x)"
        return [one for (one,) in engine.rows(f"SELECT {sql} FROM {rows} ORDER BY nr")]


def checked(*cells):
    check = must_be_number("x", "x")
    values = ", ".join(f"({place}, {literal(cell)})" for place, cell in enumerate(cells))
    with opened_engine() as engine:
        rows = f"(SELECT * FROM (VALUES {values}) AS v(nr, x))"
        (wrong,) = engine.row(f"SELECT {first_row([check])} FROM {rows}")
        refuse_row(engine, rows, [check], wrong, lambda row: f"log.csv, line {row + 2}")


def test_numbers_and_missing_ones():
    cells = ["1", "-2.5", "nan", "1e3", "NULL"]
    assert asked("number(x)", cells) == [1, -2.5, None, 1000, None]
    checked(*cells)


@pytest.mark.parametrize("cell", ["abc", "1,5", "12:00", "0x1f"])
def test_a_cell_that_is_no_number(cell):
    with pytest.raises(DataError, match=rf"log\.csv, line 3: '{cell}' in the column x is no"):
        checked("1", cell, "also")


def test_an_empty_cell_where_one_is_needed():
    with pytest.raises(DataError, match="line 3: no x; correct the line"):
        checked("1", "")


def test_a_long_cell_is_shortened():
    with pytest.raises(DataError) as caught:
        checked("z" * 10_000)
    assert len(str(caught.value)) < 200


def test_lists_of_all_spellings():
    cells = ["[27, 9]", "27,9", "27;9", "['a', 'b']", "7", "", "[]", " 1  2 "]
    assert asked(TAGS.format("x"), cells) == ["27 9", "27 9", "27 9", "a b", "7", "", "", "1 2"]


def test_names_become_one_token():
    assert asked(NAME.format("x"), [" Home  cooking ", "a\tb", ""]) == ["Home_cooking", "a_b", ""]
