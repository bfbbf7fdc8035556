"""Ids of a flag: a file of them, or the ids themselves."""

import pytest

from recbole_opal.errors import DataError, SettingsError
from recbole_opal.recommending.item_list import item_list


def test_ids_stand_between_commas_or_in_a_file(tmp_path):
    assert item_list("007, b,,c", "only") == ["007", "b", "c"]
    (tmp_path / "ids").write_bytes("\ufeff007\r\na,b\n\n日本".encode())
    assert item_list(str(tmp_path / "ids"), "only") == ["007", "a,b", "日本"]


@pytest.mark.parametrize("text", ["ids.txt", "more/ids", "ids.CSV"])
def test_what_reads_as_a_path_must_be_there(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match="--exclude=.*there is no such file"):
        item_list(text, "exclude")


def test_no_id_and_no_text(tmp_path):
    with pytest.raises(SettingsError, match="names no item"):
        item_list(" , ", "only")
    (tmp_path / "ids").write_bytes(b"\xff")
    with pytest.raises(DataError, match="cannot be read as UTF-8"):
        item_list(str(tmp_path / "ids"), "only")
