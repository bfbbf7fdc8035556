import pytest

from recbole_opal.conversion.layouts import detect_layout, find_layout
from recbole_opal.errors import DataError, SettingsError


def test_the_big_matrix_with_tags_and_categories(tmp_path, kuairec, convert):
    kuairec(tmp_path)
    layout = detect_layout(tmp_path)
    assert layout.name == "KuaiRec"
    inter, item, written = convert(layout, tmp_path)
    # the row without a time is positive (3.64), but cannot be ordered
    assert inter.to_numpy().tolist() == [["0", "9598", "1593879221.297"]]
    assert written.tally.dropped == {
        "not positive by --rule=watch_ratio --watch_ratio=2": 2,
        "no finite time": 1,
    }
    assert written.tally.rows == 4
    assert item is not None
    assert item.to_numpy().tolist() == [["9598", "8", "颜值_x", "颜值随拍", ""]]
    assert "kuairec_caption_category.csv: 1 malformed rows were left out" in "".join(
        written.tally.notes
    )


@pytest.mark.parametrize(
    ("rule", "options", "items"),
    [
        ("watch_ratio", {"watch_ratio": "1.2"}, ["3649", "9598"]),
        ("watched", {}, ["3649", "9598"]),
        ("watched", {"watch_ratio": "0.01"}, ["3649", "9598", "5"]),
        ("shown", {}, ["3649", "9598", "5"]),
        ("watch_ratio", {"matrix": "small"}, ["148"]),
    ],
)
def test_rules_and_matrices(tmp_path, kuairec, convert, rule, options, items):
    kuairec(tmp_path)
    inter, _, _ = convert(find_layout("KuaiRec"), tmp_path, rule, options)
    assert inter["item_id:token"].tolist() == items


def test_a_matrix_by_its_file(tmp_path, kuairec, convert):
    kuairec(tmp_path)
    small = tmp_path / "KuaiRec 2.0" / "data" / "small_matrix.csv"
    inter, item, _ = convert(detect_layout(small), small)
    assert inter["user_id:token"].tolist() == ["14"]
    assert item is not None
    assert item["tag:token_seq"].tolist() == ["3 4 5"]


def test_captions_beside_the_log(tmp_path, kuairec, convert):
    kuairec(tmp_path)
    captions = tmp_path / "kuairec_caption_category.csv"
    captions.rename(tmp_path / "KuaiRec 2.0" / "data" / captions.name)
    _, item, _ = convert(find_layout("KuaiRec"), tmp_path, None, {"matrix": "small"})
    assert item is not None
    assert item.to_numpy().tolist() == [["148", "3 4 5", "Pets", "Dogs", "Small_dogs"]]


def test_without_captions_there_are_tags_only(tmp_path, kuairec, convert):
    kuairec(tmp_path)
    (tmp_path / "kuairec_caption_category.csv").unlink()
    _, item, _ = convert(find_layout("KuaiRec"), tmp_path)
    assert item is not None
    assert list(item) == ["item_id:token", "tag:token_seq"]


def test_files_that_are_missing(tmp_path, kuairec):
    kuairec(tmp_path)
    data = tmp_path / "KuaiRec 2.0" / "data"
    (data / "small_matrix.csv").unlink()
    layout = find_layout("KuaiRec")
    with pytest.raises(DataError, match=r"small_matrix\.csv \(--matrix=small\) is missing"):
        layout.tables(tmp_path, "shown", {"matrix": "small"})
    with pytest.raises(SettingsError, match="--matrix=huge: choose from big, small"):
        layout.tables(tmp_path, "shown", {"matrix": "huge"})
    (data / "item_categories.csv").unlink()
    with pytest.raises(DataError, match=r"no item_categories\.csv"):
        layout.tables(tmp_path, "shown", {})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"video_id,caption\n1,x\n", "has no column first_level_category_name"),
        (b"\xff\xfe\x00video", "cannot be read .* move it away"),
        (b"", "cannot be read .* move it away"),
    ],
)
def test_captions_that_are_none(tmp_path, kuairec, content, message):
    kuairec(tmp_path)
    (tmp_path / "kuairec_caption_category.csv").write_bytes(content)
    with pytest.raises(DataError, match=f"kuairec_caption_category.csv {message}"):
        find_layout("KuaiRec").tables(tmp_path, "shown", {})


def test_captions_of_nothing(tmp_path, kuairec, convert):
    kuairec(tmp_path)
    path = tmp_path / "kuairec_caption_category.csv"
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    _, item, _ = convert(find_layout("KuaiRec"), tmp_path)
    assert item.to_numpy().tolist() == [["9598", "8", "", "", ""]]


@pytest.mark.parametrize("time", ["-5", "0", "5e9"])
def test_times_out_of_range_are_counted(tmp_path, kuairec, convert, time):
    kuairec(tmp_path)
    log = tmp_path / "KuaiRec 2.0" / "data" / "big_matrix.csv"
    log.write_text(log.read_text().replace("1593878903.438", time))
    inter, _, written = convert(find_layout("KuaiRec"), tmp_path, "shown")
    assert inter["item_id:token"].tolist() == ["9598", "5"]
    assert written.tally.dropped == {
        "timestamp is no time of the years 1990 to 2099": 1,
        "no finite time": 1,
    }


@pytest.mark.parametrize("time", ["1593878909438", "2020-07-05"])
def test_times_of_another_unit_are_refused(tmp_path, kuairec, convert, time):
    kuairec(tmp_path)
    log = tmp_path / "KuaiRec 2.0" / "data" / "big_matrix.csv"
    log.write_text(log.read_text().replace("1593879366.687", time))
    match = rf"big_matrix\.csv, line 4: the time '{time}' looks like .* timestamp must hold seconds"
    with pytest.raises(DataError, match=match):
        convert(find_layout("KuaiRec"), tmp_path, "shown")


def test_categories_of_several_captions_are_joined(tmp_path, kuairec, convert):
    kuairec(tmp_path)
    path = tmp_path / "kuairec_caption_category.csv"
    levels = [f"{level}_level_category_name" for level in ("first", "second", "third")]
    rows = ["9598,Pets,Dogs,UNKNOWN", "5,Food,,", "9598,Pets,Cats,Kittens", "9598,Pets,Dogs,"]
    path.write_text("\n".join([",".join(["video_id", *levels]), *rows]) + "\n")
    _, item, written = convert(find_layout("KuaiRec"), tmp_path, "shown")
    found = item.set_index("item_id:token")
    assert found.loc["9598"].tolist() == ["8", "Pets", "Dogs Cats", "Kittens"]
    assert found.loc["5"].tolist() == ["1", "Food", "", ""]
    (note,) = [note for note in written.tally.notes if "repeat" in note]
    assert note.startswith(f"{path.name}: 2 rows repeat an item: 1 say nothing new, 1 add values")
