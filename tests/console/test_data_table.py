"""The counters of a data set as a small table."""

import io

import pytest
from rich.console import Console

from recbole_opal.console.data_table import data_table

COUNTS = {
    "users": 500, "items": 300, "interactions": 12477, "training_users": 494,
    "training_interactions": 9789, "exact_duplicates": 0, "users_not_in_training": 6,
    "users_not_in_test": 7, "valid_rows": 358, "test_rows": 416, "test_targets_already_seen": 0,
    "interactions_after_the_cut_without_history": 3,
}  # fmt: skip


def cells(width=80):
    console = Console(file=io.StringIO(), width=width)
    console.print(data_table(COUNTS))
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    rows = [[cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")]
            for line in lines if line[0] in "│┃"]  # fmt: skip
    return {row[0]: row[1:] for row in rows}


def test_a_kind_of_count_is_a_row_and_a_part_a_column():
    found = cells(100)
    assert found[""] == ["all", "training", "validation", "test"]
    assert found["users"] == ["500", "494", "", ""]
    assert found["interactions"] == ["12,477", "9,789", "", ""]
    assert found["rows"] == ["", "", "358", "416"]
    assert found["users not in it"] == ["", "6", "", "7"]
    assert found["interactions after the cut without history"] == ["3", "", "", ""]


def test_zeros_are_left_out():
    assert "exact duplicates" not in cells()
    assert "targets already seen" not in cells()


@pytest.mark.parametrize("width", [60, 160])
def test_it_fits_any_terminal(width):
    assert cells(width)["items"] == ["300", "", "", ""]
