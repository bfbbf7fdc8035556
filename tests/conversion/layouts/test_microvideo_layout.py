import pytest

from recbole_opal.conversion.layouts import detect_layout, find_layout
from recbole_opal.errors import DataError


def test_test_videos_are_not_the_train_videos_of_their_number(tmp_path, microvideo, convert):
    microvideo(tmp_path / "data" / "input")
    layout = detect_layout(tmp_path)
    assert layout.name == "MicroVideo-1.7M"
    inter, item, written = convert(layout, tmp_path)
    assert inter.to_numpy().tolist() == [
        ["0", "17", "1500000000"],
        ["1", "17", "1500000120"],
        ["0", "test-17", "1500090000"],
    ]
    assert item is not None
    assert item.to_numpy().tolist() == [["17", "3"], ["test-17", "9"]]
    assert written.tally.dropped == {"not positive by --rule=click": 2}
    assert written.tally.rows == 5  # the second pass, for the categories, counts no rows
    assert any("holds seconds" in note for note in written.tally.notes)


@pytest.mark.parametrize(
    ("rule", "part", "items"),
    [
        ("shown", "both", ["17", "18", "17", "test-17", "test-2"]),
        ("click", "train", ["17", "17"]),
        ("shown", "test", ["test-17", "test-2"]),
    ],
)
def test_rules_and_parts(tmp_path, microvideo, convert, rule, part, items):
    microvideo(tmp_path)
    inter, _, _ = convert(find_layout("microvideo-1.7m"), tmp_path, rule, {"part": part})
    assert inter["item_id:token"].tolist() == items


def test_milliseconds_are_told_by_size(tmp_path, microvideo, convert):
    microvideo(tmp_path)
    log = tmp_path / "train_data.csv"
    log.write_text(log.read_text().replace(",15000", ",15000").replace("0\n", "0000\n"))
    inter, _, written = convert(detect_layout(log), log)
    assert [float(time) for time in inter["timestamp:float"]] == [1_500_000_000, 1_500_000_120]
    assert any("holds milliseconds" in note for note in written.tally.notes)


def test_columns_go_by_place(tmp_path, microvideo, convert):
    microvideo(tmp_path)
    log = tmp_path / "train_data.csv"
    log.write_text(log.read_text().replace("item_id,cate_id,is_click", "vid,category,click"))
    inter, _, _ = convert(detect_layout(tmp_path), tmp_path)
    assert len(inter) == 3


def test_records_go_by_place_too(tmp_path, convert):
    record = '{"user_id": 1, "vid": 2, "category": 3, "click": 1, "timestamp": 1500000000}'
    (tmp_path / "train_data.csv").write_text(f"{record}\n")
    log = tmp_path / "train_data.csv"
    inter, item, _ = convert(detect_layout(log), log)
    assert inter.to_numpy().tolist() == [["1", "2", "1500000000"]]
    assert item.to_numpy().tolist() == [["2", "3"]]


def test_other_tables_of_these_common_names_are_not_taken(tmp_path):
    (tmp_path / "train_data.csv").write_text("a,b,c,d,e\n1,2,3,4,5\n")
    (tmp_path / "test_data.csv").write_text("user_id,item_id,label\n1,2,3\n")
    with pytest.raises(DataError, match="has the name of a MicroVideo-1.7M log but not its col"):
        detect_layout(tmp_path)


def test_a_part_that_is_missing(tmp_path, microvideo):
    microvideo(tmp_path)
    (tmp_path / "test_data.csv").unlink()
    with pytest.raises(DataError, match=r"test_data\.csv \(--part=both\) is missing"):
        find_layout("MicroVideo-1.7M").tables(tmp_path, "click", {})


def test_a_header_of_another_width(tmp_path, microvideo):
    microvideo(tmp_path)
    log = tmp_path / "test_data.csv"
    log.write_text("," + log.read_text())
    with pytest.raises(DataError, match=r"test_data\.csv, line 1: 6 columns, but .* has 5"):
        detect_layout(tmp_path).tables(tmp_path, "click", {})


def test_items_can_be_left_out(tmp_path, microvideo, convert):
    microvideo(tmp_path)
    _, item, written = convert(find_layout("MicroVideo-1.7M"), tmp_path, None, {"items": "False"})
    assert item is None


def test_small_times_are_taken_as_they_are(tmp_path, microvideo, convert):
    microvideo(tmp_path)
    for path in tmp_path.glob("*_data.csv"):
        path.write_text(path.read_text().replace(",15000", ",").replace(",1500", ","))
    inter, _, written = convert(detect_layout(tmp_path), tmp_path)
    assert [float(time) for time in inter["timestamp:float"]] == [0, 120, 90000]
    assert any("no known unit" in note for note in written.tally.notes)


def test_both_parts_have_one_clock(tmp_path, microvideo, convert):
    microvideo(tmp_path)
    log = tmp_path / "test_data.csv"
    log.write_text(log.read_text().replace(",1500090000", ",1500090000000"))
    with pytest.raises(DataError, match=r"test_data\.csv, line 2: the time .* like milliseconds"):
        convert(detect_layout(tmp_path), tmp_path)


def test_a_video_of_two_categories_keeps_both(tmp_path, microvideo, convert):
    microvideo(tmp_path)
    log = tmp_path / "train_data.csv"
    log.write_text(log.read_text() + "7,17,5,1,1500000200\n7,17,3,1,1500000300\n")
    _, item, written = convert(detect_layout(tmp_path), tmp_path)
    assert item.to_numpy().tolist() == [["17", "3 5"], ["test-17", "9"]]
    assert [note for note in written.tally.notes if "repeat" in note] == [
        "the table of the items: 1 rows repeat an item: 1 add values to category"
    ]
