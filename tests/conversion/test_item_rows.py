from collections import Counter

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.conversion.item_rows import ItemRows
from recbole_opal.conversion.source import Column, ItemTable, Source, Tally
from recbole_opal.conversion.write import write_dataset

TAG, AUTHOR, SIZE = Column("tag", "token_seq"), Column("author", "token"), Column("size", "float")


def gathered(tmp_path, *chunks, columns=(TAG, AUTHOR, SIZE)):
    rows = ItemRows(columns)
    names = ["item", *(column.header for column in columns)]
    frames = [pd.DataFrame(chunk, columns=names).rename_axis("i.csv, line") for chunk in chunks]
    text = b"".join(rows.lines(iter(frames), tmp_path)).decode()
    return [line.split("\t") for line in text.splitlines()], rows


def test_lists_are_joined_and_contradictions_counted(tmp_path):
    lines, rows = gathered(
        tmp_path,
        [("x", "A", "ann", 1.5), ("y", "A", "", 2.0), ("x", "B A", "ann", 1.5)],
        [("x", "C", "bob", 1.5), ("y", "A", "cy", 2.0), ("x", "A", "ann", 1.5)],
        [("z", "", "", 3.0), ("x", "", "eve", 9.0), ("z", "D", "", 3.0)],
    )
    assert lines == [["x", "A B C", "ann", "1.5"], ["y", "A", "cy", "2.0"], ["z", "D", "", "3"]]
    assert len(rows.items) == 3
    assert rows.repeats.rows == 6
    assert rows.repeats.same == 1
    assert rows.repeats.joined == Counter(tag=3, author=1)
    assert rows.repeats.contradicting == Counter(author=2, size=1)
    assert rows.repeats.told() == (
        "6 rows repeat an item: 1 say nothing new, 3 add values to tag, 1 add values to author, "
        "2 contradict the first row in author, which counts, 1 contradict the first row in size, "
        "which counts"
    )


def test_a_number_is_the_same_with_and_without_a_point(tmp_path):
    lines, rows = gathered(tmp_path, [("x", 3.0), ("y", 0.5)], [("x", 3.0)], columns=(SIZE,))
    assert lines == [["x", "3.0"], ["y", "0.5"]]
    assert (rows.repeats.rows, rows.repeats.same) == (1, 1)


def test_a_list_of_one_row_stays_as_it_is(tmp_path):
    vector = Column("v", "float_seq")
    lines, _ = gathered(tmp_path, [("x", "0.0 0.0 1.0")], [("x", "0.0 0.0 1.0")], columns=(vector,))
    assert lines == [["x", "0.0 0.0 1.0"]]


@given(st.lists(st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from("ABC")), min_size=1)))
def test_no_category_is_lost_wherever_its_row_stands(tmp_path_factory, chunks):
    lines, rows = gathered(tmp_path_factory.getbasetemp(), *chunks, columns=(TAG,))
    pairs = [pair for chunk in chunks for pair in chunk]
    expected = {
        item: " ".join(dict.fromkeys(t for i, t in pairs if i == item)) for item, _ in pairs
    }
    assert {item: tags for item, tags in lines} == expected
    assert [item for item, _ in lines] == list(dict.fromkeys(item for item, _ in pairs))
    assert rows.repeats.rows == len(pairs) - len(expected)
    assert rows.repeats.same == len(pairs) - len(set(pairs))


def test_the_summary_names_the_table_and_what_became_of_its_rows(tmp_path):
    log = pd.DataFrame([(" u", "x", 1.0)], columns=["user", "item", "time"])
    items = pd.DataFrame([("x", "A"), (" x", "B"), ("", "C"), ("q", "C"), ("q", "D")])
    table = ItemTable((AUTHOR,), iter([items.rename_axis("i.csv, line")]), "items.csv")
    written = write_dataset(
        Source(iter([log.rename_axis("l.csv, line")]), Tally(), items=table), tmp_path / "m"
    )
    assert (tmp_path / "m/m.item").read_text() == "item_id:token\tauthor:token\nx\tA\n"
    assert (written.described, written.unmet) == (1, 1)
    assert written.tally.notes == [
        "the log: 1 ids stood between blanks or invisible marks, which were taken off",
        "items.csv: 1 ids stood between blanks or invisible marks, which were taken off",
        "items.csv: 1 rows without an item were left out",
        "items.csv: 1 rows repeat an item: 1 contradict the first row in author, which counts",
    ]


@pytest.mark.parametrize("columns", [(TAG,), (Column("v", "float_seq"),)])
def test_a_list_may_be_longer_than_a_token(tmp_path, columns):
    long = " ".join(str(number) for number in range(1000))
    lines, _ = gathered(tmp_path, [("x", long)], columns=columns)
    assert lines == [["x", long]]
