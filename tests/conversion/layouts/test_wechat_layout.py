import pytest

from recbole_opal.conversion.layouts import detect_layout, find_layout
from recbole_opal.errors import DataError


def test_any_action_with_days_as_times(tmp_path, wechat, convert):
    wechat(tmp_path)
    layout = detect_layout(tmp_path)
    assert layout.name == "WeChat-2021"
    inter, item, written = convert(layout, tmp_path)
    assert inter["item_id:token"].tolist() == ["71474", "73916", "50282"]
    assert inter["timestamp:float"].astype(float).tolist() == [0, 0, 13 * 86_400]
    assert item is not None
    assert item.to_numpy().tolist() == [
        ["71474", "3 12", "3 12", "1", "20"],
        ["73916", "", "", "2", "10"],
        ["50282", "7", "", "3", "10"],
    ]
    assert any("ties" in note for note in written.tally.notes)


@pytest.mark.parametrize(
    ("rule", "options", "items"),
    [
        ("like", {}, ["73916"]),
        ("read_comment", {}, ["71474"]),
        ("click_avatar", {}, ["50282"]),
        ("watch_ratio", {}, ["50282"]),
        ("watch_ratio", {"watch_ratio": "0.7"}, ["73916", "50282", "50282"]),
        ("shown", {}, ["71474", "73916", "50282", "50282"]),
    ],
)
def test_rules(tmp_path, wechat, convert, rule, options, items):
    wechat(tmp_path)
    inter, _, _ = convert(find_layout("WeChat-2021"), tmp_path, rule, options)
    assert inter["item_id:token"].tolist() == items


def test_a_video_without_a_duration_was_not_watched(tmp_path, wechat, convert):
    wechat(tmp_path)
    table = tmp_path / "feed_info.csv"
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:3]))
    inter, _, _ = convert(
        find_layout("WeChat-2021"), tmp_path, "watch_ratio", {"watch_ratio": "0.7"}
    )
    assert inter["item_id:token"].tolist() == ["73916"]


def test_the_feed_table_is_needed(tmp_path, wechat, convert):
    wechat(tmp_path)
    (tmp_path / "feed_info.csv").unlink()
    layout = find_layout("WeChat-2021")
    with pytest.raises(DataError, match=r"no feed_info\.csv"):
        layout.tables(tmp_path, "like", {})
    with pytest.raises(DataError, match=r"needs the durations of feed_info\.csv"):
        layout.tables(tmp_path, "watch_ratio", {"items": "False"})
    assert convert(layout, tmp_path, "like", {"items": "no"})[1] is None


def test_a_bad_day_names_the_line(tmp_path, wechat, convert):
    wechat(tmp_path)
    log = tmp_path / "user_action.csv"
    log.write_text(log.read_text().replace("50282,14,", "50282,monday,"))
    with pytest.raises(DataError, match=r"user_action\.csv, line 4: 'monday' in the column date_"):
        convert(find_layout("WeChat-2021"), tmp_path)


@pytest.mark.parametrize("day", ["0", "-1", "1.5", "20210601", "1600000000"])
def test_what_is_no_day_is_counted(tmp_path, wechat, convert, day):
    wechat(tmp_path)
    log = tmp_path / "user_action.csv"
    log.write_text(log.read_text().replace("50282,14,", f"50282,{day},"))
    inter, _, written = convert(find_layout("WeChat-2021"), tmp_path)
    assert inter["item_id:token"].tolist() == ["71474", "73916"]
    assert written.tally.dropped["date_ is no day from 1 to 366"] == 1
