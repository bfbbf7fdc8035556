import os
from pathlib import Path

import pytest

from recbole_opal.conversion.layouts import LAYOUTS, detect_layout, find_layout
from recbole_opal.conversion.layouts.layout import Layout
from recbole_opal.errors import DataError, SettingsError


def _as_protocol(layout: Layout) -> Layout:
    return layout


def test_every_layout_says_what_the_user_must_know():
    for layout in map(_as_protocol, LAYOUTS):
        assert layout.licence
        assert "\n" not in layout.licence
        assert layout.citation
        assert layout.rules
        assert all(layout.rules.values())
    assert len({layout.name for layout in LAYOUTS}) == 9


def test_nothing_known_lists_what_was_looked_for(tmp_path):
    (tmp_path / "ratings.csv").write_text("user,item\n1,2\n")
    with pytest.raises(DataError, match="holds no known data set; looked for") as caught:
        detect_layout(tmp_path)
    message = str(caught.value)
    assert all(layout.name in message for layout in LAYOUTS)
    assert "user_action.csv" in message
    assert message.endswith("convert a table with --user, --item and --time.")
    assert "\n" not in message


def test_several_are_named(tmp_path, kuairand, wechat):
    kuairand(tmp_path / "one", "pure")
    wechat(tmp_path / "two")
    with pytest.raises(DataError, match=r"several data sets \(KuaiRand-Pure, WeChat-2021\); name"):
        detect_layout(tmp_path)
    assert detect_layout(tmp_path / "two").name == "WeChat-2021"


def test_a_path_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="there is no file or folder .*nowhere; check the path"):
        detect_layout(tmp_path / "nowhere")


def test_empty_and_binary_files_of_known_names(tmp_path):
    (tmp_path / "user_action.csv").write_bytes(b"")
    with pytest.raises(DataError, match="user_action.csv has the name of a WeChat-2021 log"):
        detect_layout(tmp_path)
    (tmp_path / "user_action.csv").write_bytes(b"\x00\xff\xfe" * 50)
    with pytest.raises(DataError, match="user_action.csv has the name of a WeChat-2021 log"):
        detect_layout(tmp_path)


def test_files_too_deep_or_hidden_are_passed_over(tmp_path, wechat):
    wechat(tmp_path / ".cache")
    wechat(tmp_path / "a" / "b" / "c" / "d")
    with pytest.raises(DataError, match="holds no known data set"):
        detect_layout(tmp_path)
    assert detect_layout(tmp_path / "a").name == "WeChat-2021"


def test_a_layout_by_its_name():
    assert find_layout("kuairec").name == "KuaiRec"
    with pytest.raises(SettingsError, match="--layout=kuairek is no known data set; did you mean"):
        find_layout("kuairek")
    with pytest.raises(SettingsError, match="choose from KuaiRand-Pure, KuaiRand-1K"):
        find_layout("xyz")


def test_a_file_of_another_name_is_no_log_of_a_layout(tmp_path):
    (tmp_path / "x.csv").write_text("user_id,video_id,timestamp,watch_ratio\n1,2,1593878903,3\n")
    for name in ("KuaiRec", "MicroLens-50k", "WeChat-2021"):
        with pytest.raises(DataError, match=rf"x\.csv is not all of {name}: its log .* is missing"):
            find_layout(name).tables(
                tmp_path / "x.csv", "shown" if name[0] != "M" else "comment", {}
            )


def test_a_log_that_lacks_a_column_is_not_passed_over(tmp_path, wechat):
    wechat(tmp_path)
    second = (tmp_path / "user_action.csv").read_text().replace("feedid", "feed")
    (tmp_path / "user_action2.csv").write_text(second)
    with pytest.raises(DataError, match=r"user_action2\.csv has no column feedid"):
        find_layout("WeChat-2021").tables(tmp_path, "shown", {})


def test_no_layout_reads_the_name_of_a_folder(tmp_path):
    for layout in LAYOUTS:
        folder: Path = tmp_path / layout.name
        folder.mkdir()
        assert not layout.detect(folder)


@pytest.mark.posix
def test_a_pipe_is_no_source(tmp_path):
    os.mkfifo(tmp_path / "log_standard_4_08_to_4_21_pure.csv")  # to open it would wait for ever
    with pytest.raises(DataError, match="is a pipe or a device; save it to a file first"):
        detect_layout(tmp_path / "log_standard_4_08_to_4_21_pure.csv")
