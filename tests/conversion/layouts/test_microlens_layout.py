import pytest

from recbole_opal.conversion.layouts import detect_layout, find_layout
from recbole_opal.errors import DataError, SettingsError

TIMES = [1_583_378_629.552, 1_583_378_699.552, 1_584_412_681.021]


@pytest.mark.parametrize("size", ["50k", "100k", "1M"])
def test_each_size_is_told_and_read(tmp_path, microlens, convert, size):
    microlens(tmp_path, size)
    layout = detect_layout(tmp_path)
    assert layout.name == f"MicroLens-{size}"
    inter, item, written = convert(layout, tmp_path)
    assert inter["user_id:token"].tolist() == ["36121", "36121", "40"]
    assert inter["item_id:token"].tolist() == ["1", "2", "1"]
    assert [float(time) for time in inter["timestamp:float"]] == TIMES
    assert item is not None
    assert item.to_numpy().tolist() == [["1", "Home_cooking"], ["2", "Games"]]
    assert any("milliseconds" in note for note in written.tally.notes)


@pytest.mark.parametrize("head", ["userID,videoID,timestamp\n", ""])
def test_other_headers_and_none(tmp_path, microlens, convert, head):
    microlens(tmp_path, "50k")
    log = tmp_path / "MicroLens-50k_pairs.csv"
    log.write_text(log.read_text().replace("user,item,timestamp\n", head))
    inter, _, _ = convert(detect_layout(tmp_path), tmp_path)
    assert [float(time) for time in inter["timestamp:float"]] == TIMES


def test_sequences_without_times(tmp_path, microlens, convert):
    microlens(tmp_path, "50k")
    (tmp_path / "MicroLens-50k_pairs.csv").unlink()
    inter, _, written = convert(detect_layout(tmp_path), tmp_path)
    assert inter.to_numpy().tolist() == [
        ["36121", "1", "0"],
        ["36121", "2", "1"],
        ["40", "1", "0"],
    ]
    assert written.tally.rows == 3
    assert any("has no times" in note for note in written.tally.notes)


def test_titles_on_request(tmp_path, microlens, convert):
    microlens(tmp_path, "50k")
    layout = find_layout("MicroLens-50k")
    _, item, written = convert(layout, tmp_path, None, {"titles": "True"})
    assert item is not None
    assert item.to_numpy().tolist() == [
        ["1", "Home_cooking", "Hey, look # \U0001f600"],
        ["2", "Games", 'one "quote'],
    ]
    assert not any("without an item" in note for note in written.tally.notes)


def test_titles_without_a_header(tmp_path, microlens, convert):
    microlens(tmp_path, "100k")
    (tmp_path / "MicroLens-100k_titles.csv").unlink()
    (tmp_path / "MicroLens-100k_title_en.csv").write_text("1,a b\n\n2, c\nbroken\n1,again\n")
    layout = find_layout("MicroLens-100k")
    _, item, written = convert(layout, tmp_path, None, {"titles": "True"})
    assert item is not None
    assert item["title:token_seq"].tolist() == ["a b", "c"]
    assert any(
        "MicroLens-100k_title_en.csv: 1 rows without an item" in note
        for note in written.tally.notes
    )


def test_files_that_are_missing(tmp_path, microlens, convert):
    microlens(tmp_path, "50k")
    (tmp_path / "MicroLens-50k_titles.csv").unlink()
    (tmp_path / "tags_to_summary.csv").unlink()
    layout = find_layout("MicroLens-50k")
    with pytest.raises(DataError, match="--titles=True needs MicroLens-50k_titles.csv"):
        layout.tables(tmp_path, "comment", {"titles": "True"})
    assert convert(layout, tmp_path)[1] is None  # categories are published for 100k only
    with pytest.raises(DataError, match="is not all of MicroLens-1M: its log"):
        find_layout("MicroLens-1M").tables(tmp_path, "comment", {})


def test_a_rule_that_the_data_cannot_answer(tmp_path, microlens):
    microlens(tmp_path, "50k")
    with pytest.raises(SettingsError, match="MicroLens-50k has no such rule; choose from comment"):
        find_layout("MicroLens-50k").tables(tmp_path, "long_view", {})
    with pytest.raises(SettingsError, match="no flag of MicroLens-50k"):
        find_layout("MicroLens-50k").tables(tmp_path, "comment", {"watch_ratio": "2"})


def test_a_pairs_file_without_its_columns(tmp_path):
    (tmp_path / "MicroLens-50k_pairs.csv").write_text("who,what\n1,2\n")
    with pytest.raises(DataError, match="has the name of a MicroLens-50k log but not its columns"):
        detect_layout(tmp_path)
    with pytest.raises(DataError, match="is not all of MicroLens-50k"):
        find_layout("MicroLens-50k").tables(tmp_path, "comment", {})


def test_times_of_two_units_are_refused(tmp_path, microlens, convert):
    microlens(tmp_path, "50k")
    log = tmp_path / "MicroLens-50k_pairs.csv"
    log.write_text(log.read_text().replace("1584412681021", "1584412681"))
    with pytest.raises(
        DataError, match=r"pairs\.csv, line 4: the time '1584412681' looks like sec"
    ):
        convert(detect_layout(tmp_path), tmp_path)


def test_a_video_of_two_categories_keeps_both(tmp_path, microlens, convert):
    microlens(tmp_path, "50k")
    table = tmp_path / "tags_to_summary.csv"
    table.write_text("1,Home cooking\n2,Games\n1,Food\n1,Home cooking\n")
    _, item, written = convert(detect_layout(tmp_path), tmp_path)
    assert item.to_numpy().tolist() == [["1", "Home_cooking Food"], ["2", "Games"]]
    assert any(
        "tags_to_summary.csv: 2 rows repeat an item: 1 say nothing new, 1 add values to" in note
        for note in written.tally.notes
    )


def test_sequences_are_an_order_alone(tmp_path, microlens, convert):
    microlens(tmp_path, "50k")
    _, _, written = convert(detect_layout(tmp_path), tmp_path)
    assert not written.order_only
    (tmp_path / "MicroLens-50k_pairs.csv").unlink()
    _, _, written = convert(detect_layout(tmp_path), tmp_path)
    assert written.order_only
    assert "time_unit: order" in (written.folder / "made.yaml").read_text()
