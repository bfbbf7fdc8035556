import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.conversion.write import write_dataset
from recbole_opal.data.atomic_files import Roles, TableFormat, read_table
from recbole_opal.errors import DataError
from tests.conversion.reading import frame_source


def lines(folder, rows):
    """Return the lines that rows (user and item, time) become."""
    write_dataset(frame_source([(user, user, time) for user, time in rows]), folder / "m")
    return (folder / "m/m.inter").read_text(encoding="utf-8").split("\n")[1:-1]


def test_lines_as_they_stand(tmp_path):
    assert lines(tmp_path, [("007", 5), ('a "b"', 6)]) == ["007\t007\t5", 'a "b"\ta "b"\t6']
    assert lines(tmp_path, [("u", 5.25), ("u", 0.1)]) == ["u\tu\t5.25", "u\tu\t0.1"]


@pytest.mark.parametrize("sign", ["\t", "\n", "\r", "\0"])
def test_control_characters_are_refused_with_their_row(tmp_path, sign):
    with pytest.raises(DataError, match=r"row 2: .* in user holds a tab or a line break"):
        lines(tmp_path, [("u", 1), (f"a{sign}b", 2)])


@pytest.mark.parametrize(
    ("user", "message"), [("[PAD]", "means no id"), ("x" * 1001, "longer than 1000")]
)
def test_ids_that_cannot_be_read_back_are_refused(tmp_path, user, message):
    with pytest.raises(DataError, match=message):
        lines(tmp_path, [("u", 1), (user, 2)])


def test_what_is_no_character_is_refused(tmp_path):
    with pytest.raises(DataError, match="the frame cannot be read"):
        lines(tmp_path, [("u", 1), ("\ud800", 2)])


def test_byte_order_marks_are_left_out(tmp_path):
    assert lines(tmp_path, [("u", 1), ("a\ufeffb", 2)]) == ["u\tu\t1", "ab\tab\t2"]


def test_words_for_nothing_are_no_ids(tmp_path):
    ids = ["", "NA", "nan", "NULL", r"\N", "None", None, "0", "nanna", "na"]
    found = lines(tmp_path, [(one, 1) for one in ids])
    assert [line.split("\t")[0] for line in found] == ["0", "nanna", "na"]


IDS = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\t\r\n\0\ufeff"),
    min_size=1,
    max_size=6,
).filter(lambda text: text.strip() == text and text not in ("[PAD]", "NA", r"\N"))
ROWS = st.lists(st.tuples(IDS, st.floats(0, 2**53, exclude_max=True)), min_size=1, max_size=20)


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_whatever_is_written_is_read_back(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("atomic")
    lines(folder, rows)
    users, times = [row[0] for row in rows], [row[1] for row in rows]
    roles = Roles(["user_id", "item_id"], ["timestamp"])
    _, frame = read_table(folder / "m/m.inter", TableFormat(), roles=roles)
    assert frame["user_id"].tolist() == frame["item_id"].tolist() == users
    assert frame["timestamp"].tolist() == times
