import numpy as np
import pandas as pd

from recbole_opal.data.repeated_rows import joined_rows


def test_lists_are_joined_in_the_order_of_the_rows_and_the_rest_is_of_the_first():
    frame = pd.DataFrame(
        {
            "id": ["a", "b", "a", "c", "a"],
            "tag": [np.array(["x"]), np.array(["y"]), np.array(["longer", "x"]), np.array([]), []],
            "v": [np.array([0.5, 0.5]), np.array([1.0]), np.array([2.0, 0.5]), np.array([]), []],
            "kind": ["p", "q", "r", "s", "t"],
        }
    )
    for name in ("tag", "v"):
        frame[name] = [np.array(cell) for cell in frame[name]]
    joined = joined_rows(frame, "id", ["tag", "v"])
    assert joined["id"].tolist() == ["a", "b", "c"]
    assert [cell.tolist() for cell in joined["tag"]] == [["x", "longer"], ["y"], []]
    assert [cell.tolist() for cell in joined["v"]] == [[0.5, 0.5, 2.0], [1.0], []]
    assert joined["kind"].tolist() == ["p", "q", "s"]


def test_a_table_of_one_row_each_is_left_alone():
    frame = pd.DataFrame({"id": ["a", "b"], "kind": ["p", "q"]})
    assert joined_rows(frame, "id", []) is frame


def test_a_missing_value_is_the_first_that_a_further_row_has():
    frame = pd.DataFrame(
        {
            "id": ["a", "b", "a", "c", "a"],
            "kind": [np.nan, "q", "r", np.nan, "t"],
            "year": [1.0, np.nan, 2.0, 3.0, np.nan],
        }
    )
    joined = joined_rows(frame, "id", [])
    assert joined["kind"].fillna("").tolist() == ["r", "q", ""]
    assert joined["year"].fillna(0).tolist() == [1.0, 0.0, 3.0]
