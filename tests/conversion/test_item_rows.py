import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.conversion.columns import Column
from recbole_opal.conversion.write import write_dataset
from tests.conversion.reading import frame_source

TAG, AUTHOR, SIZE = Column("tag", "token_seq"), Column("author", "token"), Column("size", "float")


def gathered(tmp_path, *chunks, columns=(TAG, AUTHOR, SIZE)):
    items = [row for chunk in chunks for row in chunk]
    log = [("u", row[0], 1.0) for row in items] or [("u", "x", 1.0)]
    written = write_dataset(frame_source(log, items, fields=columns), tmp_path / "m")
    lines = (tmp_path / "m/m.item").read_text().splitlines()[1:]
    told = [note for note in written.tally.notes if "repeat an item" in note]
    return [line.split("\t") for line in lines], written, "".join(told).removeprefix("the frame: ")


def test_lists_are_joined_and_contradictions_counted(tmp_path):
    lines, written, told = gathered(
        tmp_path,
        [("x", "A", "ann", 1.5), ("y", "A", "", 2.0), ("x", "B A", "ann", 1.5)],
        [("x", "C", "bob", 1.5), ("y", "A", "cy", 2.0), ("x", "A", "ann", 1.5)],
        [("z", "", "", 3.0), ("x", "", "eve", 9.0), ("z", "D", "", 3.0)],
    )
    assert lines == [["x", "A B C", "ann", "1.5"], ["y", "A", "cy", "2"], ["z", "D", "", "3"]]
    assert written.described == 3
    assert told == (
        "6 rows repeat an item: 1 say nothing new, 3 add values to tag, 1 add values to author, "
        "2 contradict the first row in author, which counts, 1 contradict the first row in size, "
        "which counts"
    )


def test_a_number_is_the_same_with_and_without_a_point(tmp_path):
    lines, written, told = gathered(
        tmp_path, [("x", 3.0), ("y", 0.5)], [("x", 3.0)], columns=(SIZE,)
    )
    assert lines == [["x", "3"], ["y", "0.5"]]
    assert told == "1 rows repeat an item: 1 say nothing new"


def test_a_list_of_one_row_stays_as_it_is(tmp_path):
    vector = Column("v", "float_seq")
    lines, _, _ = gathered(
        tmp_path, [("x", "0.0 0.0 1.0")], [("x", "0.0 0.0 1.0")], columns=(vector,)
    )
    assert lines == [["x", "0.0 0.0 1.0"]]


ROW = st.tuples(st.sampled_from("xyz"), st.sampled_from("ABC"))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(ROW, min_size=1), min_size=1))
def test_no_category_is_lost_wherever_its_row_stands(tmp_path_factory, chunks):
    lines, _, told = gathered(tmp_path_factory.mktemp("items"), *chunks, columns=(TAG,))
    pairs = [pair for chunk in chunks for pair in chunk]
    expected = {
        item: " ".join(dict.fromkeys(t for i, t in pairs if i == item)) for item, _ in pairs
    }
    assert {item: tags for item, tags in lines} == expected
    assert [item for item, _ in lines] == list(dict.fromkeys(item for item, _ in pairs))
    repeated, same = len(pairs) - len(expected), len(pairs) - len(set(pairs))
    assert told.startswith(f"{repeated:,} rows repeat an item") == bool(repeated)
    assert (f"{same:,} say nothing new" in told) == bool(same)


def test_the_summary_names_the_table_and_what_became_of_its_rows(tmp_path):
    items = [("x", "A"), (" x", "B"), ("", "C"), ("q", "C"), ("q", "D")]
    written = write_dataset(
        frame_source([(" u", "x", 1.0)], items, fields=(AUTHOR,)), tmp_path / "m"
    )
    assert (tmp_path / "m/m.item").read_text() == "item_id:token\tauthor:token\nx\tA\n"
    assert (written.described, written.unmet) == (1, 1)
    assert written.tally.notes[1:] == [
        "the log: 1 ids stood between blanks or invisible marks, which were taken off",
        "the frame: 1 ids stood between blanks or invisible marks, which were taken off",
        "the frame: 1 rows without an item were left out",
        "the frame: 1 rows repeat an item: 1 contradict the first row in author, which counts",
    ]


@pytest.mark.parametrize("columns", [(TAG,), (Column("v", "float_seq"),)])
def test_a_list_may_be_longer_than_a_token(tmp_path, columns):
    long = " ".join(str(number) for number in range(1000))
    lines, _, _ = gathered(tmp_path, [("x", long)], columns=columns)
    assert lines == [["x", long]]
