import gzip

import pytest

from recbole_opal.conversion.layouts import detect_layout, find_layout
from recbole_opal.errors import DataError, SettingsError


@pytest.mark.parametrize("size", ["Pure", "1K", "27K"])
def test_each_size_is_told_and_read_in_order(tmp_path, kuairand, convert, size):
    logs = kuairand(tmp_path / "some where" / "data", size.lower())
    layout = detect_layout(tmp_path)
    assert layout.name == f"KuaiRand-{size}"
    inter, item, written = convert(layout, tmp_path)
    assert list(inter) == ["user_id:token", "item_id:token", "timestamp:float"]
    assert inter["user_id:token"].tolist() == ["7"] * len(logs)
    # one long view a log, in the order of periods and parts
    assert inter["item_id:token"].tolist() == [f"1{place}" for place in range(len(logs))]
    assert float(inter["timestamp:float"][0]) == 1_649_400_000.123
    assert written.tally.rows == 3 * len(logs)
    assert written.tally.dropped == {"not positive by --rule=long_view": 2 * len(logs)}
    assert item is not None
    assert list(item) == [
        "item_id:token",
        "tag:token_seq",
        "author_id:token",
        "video_type:token",
        "upload_type:token",
        "video_duration:float",
    ]
    rows = item.set_index("item_id:token")
    assert rows.loc["10", "tag:token_seq"] == "12 65"
    assert float(rows.loc["10", "video_duration:float"]) == 17_200
    assert rows.loc["11", "upload_type:token"] == "Long_Import"
    assert rows.loc["11", "video_duration:float"] == ""


@pytest.mark.parametrize(
    ("rule", "options", "items"),
    [
        ("click", {}, ["10", "11"]),
        ("like", {}, ["20", "20"]),
        ("any_action", {}, ["20", "20"]),
        ("watch_ratio", {}, ["20", "20"]),
        ("watch_ratio", {"watch_ratio": "0.9"}, ["10", "20", "11", "20"]),
        ("shown", {}, ["10", "20", "30", "11", "20", "30"]),
        ("long_view", {"random": "True"}, ["10", "11", "99"]),
    ],
)
def test_rules(tmp_path, kuairand, convert, rule, options, items):
    kuairand(tmp_path, "pure")
    inter, _, _ = convert(find_layout("kuairand-pure"), tmp_path, rule, options)
    assert inter["item_id:token"].tolist() == items


def test_no_duration_is_no_watch(tmp_path, kuairand, convert):
    log = kuairand(tmp_path, "pure")[0]
    log.write_text(
        log.read_text().replace("9000,10000", "9000,0").replace("12000,10000", "12000,0")
    )
    inter, _, _ = convert(find_layout("KuaiRand-Pure"), tmp_path, "watch_ratio")
    assert inter["item_id:token"].tolist() == ["20"]


def test_the_folder_name_alone_says_nothing(tmp_path, kuairand):
    folder = tmp_path / "KuaiRand-27K"
    kuairand(folder, "pure")
    assert detect_layout(folder).name == "KuaiRand-Pure"


def test_one_log_by_itself(tmp_path, kuairand, convert):
    logs = kuairand(tmp_path, "27k")
    layout = detect_layout(logs[1])
    inter, item, _ = convert(layout, logs[1])
    assert layout.name == "KuaiRand-27K"
    assert inter["item_id:token"].tolist() == ["11"]
    assert item is not None


def test_gzipped_logs(tmp_path, kuairand, convert):
    for log in kuairand(tmp_path, "1k"):
        with gzip.open(f"{log}.gz", "wb") as zipped:
            zipped.write(log.read_bytes())
        log.unlink()
    inter, _, written = convert(detect_layout(tmp_path), tmp_path)
    assert len(inter) == 2


def test_a_missing_part_is_told(tmp_path, kuairand):
    kuairand(tmp_path, "27k")[3].unlink()
    with pytest.raises(DataError, match=r"4_22_to_5_08_27k_part2\.csv is missing; unpack"):
        find_layout("KuaiRand-27K").tables(tmp_path, "long_view", {})


def test_a_missing_item_table_is_told_or_waived(tmp_path, kuairand, convert):
    kuairand(tmp_path, "pure")
    (tmp_path / "video_features_basic_pure.csv").unlink()
    layout = find_layout("KuaiRand-Pure")
    with pytest.raises(DataError, match=r"no video_features_basic_pure\.csv.*--items=False"):
        layout.tables(tmp_path, "long_view", {})
    assert convert(layout, tmp_path, "long_view", {"items": "False"})[1] is None


def test_a_column_that_is_missing_names_the_file(tmp_path, kuairand):
    logs = kuairand(tmp_path, "pure")
    for log in logs:
        log.write_text(log.read_text().replace("long_view", "longview"))
    (tmp_path / "log_random_4_22_to_5_08_pure.csv").unlink()
    with pytest.raises(
        DataError, match=r"log_standard_4_08.*_pure\.csv has the name of a KuaiRand"
    ):
        detect_layout(tmp_path)
    with pytest.raises(DataError, match="has no column long_view; did you mean longview"):
        find_layout("KuaiRand-Pure").tables(tmp_path, "long_view", {})


def test_a_bad_number_names_file_and_line(tmp_path, kuairand, convert):
    log = kuairand(tmp_path, "pure")[1]
    lines = log.read_text().splitlines()
    lines[2] = lines[2].replace(",0,0,0,0,12000,", ",0,0,0,x,12000,")
    log.write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match=rf"{log.name}, line 3: 'x' in the column long_view"):
        convert(find_layout("KuaiRand-Pure"), tmp_path)
    assert not (tmp_path / "atomic" / "made" / "made.inter").exists()


def test_a_line_that_was_cut_off_is_told(tmp_path, kuairand, convert):
    log = kuairand(tmp_path, "pure")[0]
    log.write_text(log.read_text() + "9,31,20220408,400,16494")
    with pytest.raises(
        DataError, match=r"line 5: 5 fields, but the header has 19; .*get the file again"
    ):
        convert(find_layout("KuaiRand-Pure"), tmp_path)


def test_the_same_log_twice(tmp_path, kuairand):
    kuairand(tmp_path / "a", "pure")
    kuairand(tmp_path / "b", "pure")
    with pytest.raises(DataError, match="are the same log twice; name the folder of one"):
        find_layout("KuaiRand-Pure").tables(tmp_path, "long_view", {})


@pytest.mark.parametrize(
    ("rule", "options", "message"),
    [
        ("longview", {}, "--rule=longview: KuaiRand-Pure has no such rule; did you mean"),
        ("zzz", {}, "choose from long_view, click"),
        ("long_view", {"watch_ratio": "2"}, "no meaning under --rule=long_view; write --rule="),
        ("watch_ratio", {"watch_ratio": "-1"}, "give a number above 0"),
        ("watch_ratio", {"watch_ratio": "nan"}, "give a number above 0"),
        ("watch_ratio", {"watch_ratio": "x"}, "give a number above 0"),
        ("long_view", {"randm": "True"}, "did you mean --random"),
        ("long_view", {"zzz": "True"}, "its own flags are --random, --items"),
        ("long_view", {"random": "maybe"}, "write True or False"),
    ],
)
def test_settings_that_make_no_sense(tmp_path, kuairand, rule, options, message):
    kuairand(tmp_path, "pure")
    with pytest.raises(SettingsError, match=message):
        find_layout("KuaiRand-Pure").tables(tmp_path, rule, options)


def test_a_line_without_its_number_is_told(tmp_path, kuairand, convert):
    log = kuairand(tmp_path, "pure")[0]
    log.write_text(log.read_text() + "9,31,20220408,400,1649400000123" + "," * 14)
    with pytest.raises(DataError, match=r"line 5: no long_view; .*get the file again"):
        convert(find_layout("KuaiRand-Pure"), tmp_path)


def test_times_are_milliseconds_or_counted_or_refused(tmp_path, kuairand, convert):
    log = kuairand(tmp_path, "pure")[0]
    whole = log.read_text()
    log.write_text(whole.replace("1649400002123", "-1"))
    inter, _, written = convert(find_layout("KuaiRand-Pure"), tmp_path, "shown")
    assert inter["timestamp:float"].astype(float).min() == 1_649_400_000.123
    assert written.tally.dropped == {"time_ms is no time of the years 1990 to 2099": 1}
    log.write_text(whole.replace("1649400002123", "1649400002"))
    with pytest.raises(DataError, match=r"pure\.csv, line 4: the time '1649400002' looks like sec"):
        convert(find_layout("KuaiRand-Pure"), tmp_path, "shown")
