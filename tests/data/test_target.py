from pathlib import Path

import pytest

from recbole_opal.data.generated_settings import is_hand_written
from recbole_opal.data.target import check_target, remove_others
from recbole_opal.errors import DataError


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "dataset" / "mine"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    "name", ["-x", "~x", " x", "x ", "a\tb", "a\x1bb", "a\u2028b", "\ud800", "x" * 201, ".."]
)
def test_names_that_no_later_command_takes(folder, name):
    with pytest.raises(DataError, match="^--out"):
        check_target(folder.parent / name, overwrite=True)


def test_the_folder_of_all_data_sets_is_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for typed in ("dataset", "dataset/", "./dataset", "\udcff/mine"):
        with pytest.raises(DataError, match="^--out="):
            check_target(Path(typed), overwrite=False)


@pytest.mark.parametrize("name", ["my data", "x" * 200, "\u7528\u6237", "a[b]", "it's"])
def test_names_that_are_fine(folder, name):
    check_target(folder.parent / name, overwrite=False)


def test_names_with_bundled_settings_are_for_their_own_data(folder):
    target = folder.parent / "ml-100k"
    with pytest.raises(DataError, match="which would apply to this one too") as caught:
        check_target(target, overwrite=True)
    assert str(caught.value).endswith(f"--out={folder.parent / 'my-ml-100k'}.")
    check_target(folder.parent / "kuairand-pure", overwrite=False, own_name="kuairand-pure")


def test_a_file_or_a_folder_of_data_sets_is_no_place(folder):
    (folder.parent / "file").write_text("")
    with pytest.raises(DataError, match="file is a file"):
        check_target(folder.parent / "file", overwrite=True)
    check_target(folder.parent, overwrite=False)
    (folder / "mine.inter").write_text("")
    with pytest.raises(DataError, match="is a folder of data sets, as mine; write --out=.*/NAME"):
        check_target(folder.parent, overwrite=True)


@pytest.mark.parametrize("name", ["mine.inter", "mine.item", "mine.user", "truth.npz"])
def test_an_older_data_set_is_replaced_only_if_wanted(folder, name):
    (folder / "notes.txt").write_text("")
    check_target(folder, overwrite=False)
    (folder / name).write_text("")
    with pytest.raises(DataError, match=f"{name} is there already.*--overwrite=True"):
        check_target(folder, overwrite=False)
    check_target(folder, overwrite=True)


def test_settings_written_by_hand_stand_in_nobodys_way(folder):
    settings = folder / "mine.yaml"
    assert not is_hand_written(settings)
    settings.write_text("load_col: null\n")
    assert is_hand_written(settings)
    check_target(folder, overwrite=False)


def test_folders_in_the_place_of_files_are_told_beforehand(folder):
    (folder / "mine.item").mkdir()
    with pytest.raises(DataError, match="mine.item is a folder"):
        check_target(folder, overwrite=True)


def test_a_place_that_cannot_be_looked_at(folder):
    with pytest.raises(DataError, match="cannot be used .*name another folder"):
        check_target(folder / ("x" * 300) / "mine", overwrite=False)


def test_only_files_of_the_data_set_are_removed(folder):
    for name in ("mine.inter", "mine.item", "other.item", "truth.npz"):
        (folder / name).write_text("")
    assert remove_others(folder, ["mine.inter"]) == [folder / "mine.item", folder / "truth.npz"]
    assert {path.name for path in folder.iterdir()} == {"mine.inter", "other.item"}
