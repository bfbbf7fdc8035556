import bz2
import gzip
import shutil
import subprocess
import zipfile

import pytest

from recbole_opal.data.folder_check import check_data_folder
from recbole_opal.errors import DataError

COLUMNS = ["user_id", "item_id", "timestamp"]


def refusal(folder, dataset=None, **options):
    with pytest.raises(DataError) as caught:
        check_data_folder(folder, dataset or folder.name, COLUMNS, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def write(folder, header, name=None):
    folder.mkdir(exist_ok=True)
    (folder / f"{name or folder.name}.inter").write_text(header + "\n1\t2\t3\n")
    return folder


def test_a_complete_folder_is_accepted(tiny_data):
    check_data_folder(tiny_data / "tiny", "tiny", COLUMNS)


def test_a_missing_folder_is_told_with_the_place_and_the_nearest_name(tiny_data):
    message = refusal(tiny_data / "tinyy")
    assert str(tiny_data / "tinyy") in message
    assert "did you mean --dataset=tiny?" in message
    assert "--data_path" in message


def test_the_bundled_set_is_suggested_even_without_a_data_folder(tmp_path):
    assert "did you mean --dataset=ml-100k?" in refusal(tmp_path / "none" / "ml100k")
    assert "; put other.inter there" in refusal(tmp_path / "none" / "other")


def test_a_missing_file_is_told(tmp_path):
    folder = write(tmp_path / "a", "user_id:token", name="b")
    assert str(folder / "a.inter") in refusal(folder)


@pytest.mark.parametrize("dataset", ["../tiny", "a/b", ".."])
def test_a_name_is_no_path(tiny_data, dataset):
    assert "is a path" in refusal(tiny_data / dataset, dataset)


@pytest.mark.parametrize(
    "header", ["", "user_id\titem_id", "user_id:token,item_id:token:x", "1\t2"]
)
def test_a_header_without_types_is_told(tmp_path, header):
    message = refusal(write(tmp_path / "a", header))
    assert "line 1" in message
    assert "user_id:token\titem_id:token" in message


def test_a_missing_column_is_told_with_those_that_are_there(tmp_path):
    folder = write(tmp_path / "a", "user_id:token\titem_id:token\ttime:float")
    message = refusal(folder)
    assert "the column timestamp is missing among user_id, item_id, time" in message


def test_line_ends_of_windows_are_fine(tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    header = b"user_id:token\titem_id:token\ttimestamp:float\r\n"
    (folder / "a.inter").write_bytes(header)
    check_data_folder(folder, "a", COLUMNS)


def test_another_encoding_and_separator(tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    header = "user_id:token,item_id:token,timestamp:float,größe:float\n"
    (folder / "a.inter").write_bytes(header.encode("latin-1"))
    assert "--encoding" in refusal(folder, separator=",")
    assert "--encoding" in refusal(folder, separator=",", encoding="no-such-code")
    check_data_folder(folder, "a", COLUMNS, separator=",", encoding="latin-1")


def test_the_config_looks_before_anything_is_loaded(configure, tiny_data):
    with pytest.raises(DataError, match="did you mean --dataset=tiny"):
        configure(dataset="tini")
    with pytest.raises(DataError, match="when is missing"):
        configure(TIME_FIELD="when", load_col={"inter": ["user_id", "item_id", "when"]})


@pytest.mark.parametrize("ending", ["gz", "zip", "bz2"])
def test_a_packed_file_is_unpacked_by_what_is_told(tmp_path, monkeypatch, ending):
    folder = write(tmp_path / "a b", "user_id:token\titem_id:token\ttimestamp:float")
    path = folder / "a b.inter"
    packed = folder / f"a b.inter.{ending}"
    if ending == "zip":
        with zipfile.ZipFile(packed, "w") as archive:
            archive.write(path, "other.inter")
    else:
        packed.write_bytes({"gz": gzip, "bz2": bz2}[ending].compress(path.read_bytes()))
    path.unlink()
    command = refusal(folder).partition("`")[2].partition("`")[0]
    monkeypatch.chdir(tmp_path)
    if shutil.which(command.partition(" ")[0]) is None:
        pytest.skip(f"without the tool of {command}")
    subprocess.run(command, shell=True, check=True)  # noqa: S602, as pasted into a shell
    check_data_folder(folder, folder.name, COLUMNS)
