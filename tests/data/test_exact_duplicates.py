"""Rows with the same user, item and time are counted, told where they leak, dropped on request."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.data.user_sequences import UserSequences
from recbole_opal.host.prepare import prepare_data

LEAVE_ONE_OUT = {"eval_args": {"split": {"LS": "valid_and_test"}}}
ROWS = [(f"u{user}", f"i{(user + step) % 20}", step) for user in range(6) for step in range(10)]
LAST_TWICE = [row for row in ROWS for _ in range(1 + (row[2] == 9))]


def prepared(make_config, rows, **settings):
    return prepare_data(make_config(rows, "SASRec", **settings), future_items=False)


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(0, 3)), min_size=1))
def test_they_are_found_as_by_a_loop(rows):
    users, items, times = np.array(rows).T
    sequences = UserSequences.from_columns(users, items, times)
    later, earlier = sequences.duplicates
    owners = np.repeat(sequences.users, sequences.lengths)
    found = list(zip(owners, sequences.items, sequences.times, strict=True))
    first, expected = {}, {}
    for position, row in enumerate(found):
        if row in first:
            expected[position] = first[row]
        first.setdefault(row, position)
    assert dict(zip(later.tolist(), earlier.tolist(), strict=True)) == expected
    assert len(later) == len(rows) - len(set(rows))


def test_they_are_counted_and_told_where_they_leak(make_config):
    data = prepared(make_config, LAST_TWICE, **LEAVE_ONE_OUT)
    assert data.counts["exact_duplicates"] == 6
    (warning,) = data.warnings
    assert warning.startswith("6 of 6 test interactions stand in their own history too")
    assert "--drop_duplicates=True" in warning


def test_they_leak_into_validation_too_and_not_behind_a_mask(make_config):
    rows = [
        *ROWS,
        *[row for row in ROWS if row[2] == 8],
        *[(row[0], "last", 99) for row in ROWS[::10]],
    ]
    rows = [row for row in rows if row[2] != 9]
    data = prepared(make_config, rows, **LEAVE_ONE_OUT)
    assert [warning.split(" stand")[0] for warning in data.warnings] == [
        "6 of 6 validation interactions"
    ]
    masked = prepared(make_config, LAST_TWICE, eval_args={"split": {"RS": [8, 1, 1]}})
    assert masked.counts["exact_duplicates"] == 6
    assert masked.warnings == ()


def test_a_repeat_at_another_time_is_none(make_config):
    rows = [*ROWS, *[(user, item, 50) for user, item, time in ROWS if time == 9]]
    data = prepared(make_config, rows, **LEAVE_ONE_OUT)
    assert data.counts["exact_duplicates"] == 0
    assert data.warnings == ()


def test_they_are_dropped_on_request(make_config):
    expected = prepared(make_config, ROWS, **LEAVE_ONE_OUT)
    data = prepared(make_config, LAST_TWICE, drop_duplicates=True, **LEAVE_ONE_OUT)
    assert data.counts.pop("rows_of_exact_duplicates") == 6
    assert data.counts == expected.counts
    assert data.warnings == ()
    np.testing.assert_array_equal(data.dataset.sequences.items, expected.dataset.sequences.items)


def test_a_row_that_a_filter_keeps_is_not_dropped_for_one_that_it_takes(tmp_path):
    from recbole_opal.host.config import OpalConfig

    folder = tmp_path / "tiny"
    folder.mkdir()
    kinds = ("click", "like")
    lines = [f"{user}\t{item}\t{time}\t{kind}\n" for user, item, time in ROWS for kind in kinds]
    header = "user_id:token\titem_id:token\ttimestamp:float\tkind:token\n"
    (folder / "tiny.inter").write_text(header + "".join(lines))
    settings = {
        "data_path": str(tmp_path),
        "use_gpu": False,
        "drop_duplicates": True,
        "load_col": {"inter": ["user_id", "item_id", "timestamp", "kind"]},
        "val_interval": {"kind": ["like"]},
    }
    counts = prepare_data(OpalConfig("SASRec", "tiny", settings), future_items=False).counts
    assert counts["interactions"] == len(ROWS)
    assert "rows_of_exact_duplicates" not in counts


def test_all_copies_of_an_answer_in_the_history_are_counted(make_config):
    rows = [*ROWS, *[row for row in ROWS if row[2] in (8, 9)]]
    rows += [row for row in ROWS if row[2] == 8 for _ in range(2)]
    data = prepared(
        make_config, rows, mask_history=False, eval_args={"split": {"RS": [9, 3, 2]}}
    )  # 14 rows a user: eight, 8 8 8 8 from the ninth to the twelfth, 9 9
    assert [warning.split(" stand")[0] for warning in data.warnings] == [
        "18 of 18 validation interactions"
    ]
