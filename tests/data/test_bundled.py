"""The data sets that come along are found from anywhere, and one of the user's own comes first."""

from pathlib import Path

import pytest

from recbole_opal.data import bundled
from recbole_opal.data.data_folder import data_root
from recbole_opal.host.config import OpalConfig
from recbole_opal.settings import properties

ROOT = Path(__file__).parents[2]
OWN = "synthetic-small"


@pytest.fixture
def empty(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def config(**settings):
    return OpalConfig("OPAL", OWN, {"use_gpu": False} | settings)


def test_both_are_there():
    for name in ("ml-100k", OWN):
        assert (bundled.bundled_folder(name) / f"{name}.inter").is_file()
    assert bundled.bundled_folder("tiny") is None


def test_a_run_in_an_empty_folder_reads_it_and_knows_where(empty):
    assert data_root(OWN, {}, []) == ROOT / "dataset"
    plain = config().as_plain_dict()
    assert plain["data_path"] == str(ROOT / "dataset")
    assert plain["category_field"] == "category"


def test_one_s_own_of_that_name_comes_first_and_a_named_folder_counts(empty):
    for root in (empty / "dataset", empty / "elsewhere"):
        (root / OWN).mkdir(parents=True)
        text = "user_id:token\titem_id:token\ttimestamp:float\nu\ti\t1\n"
        (root / OWN / f"{OWN}.inter").write_text(text)
    settings = {"load_col": {"inter": ["user_id", "item_id", "timestamp"]}, "category_field": None}
    assert config(**settings).as_plain_dict()["data_path"] == str(empty / "dataset")
    place = str(empty / "elsewhere")
    assert config(**settings, data_path=place).as_plain_dict()["data_path"] == place


def test_others_are_looked_for_in_dataset(empty):
    assert data_root("tiny", {}, []) == Path("dataset")


def test_in_a_wheel_it_lies_inside_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(properties, "_PACKAGE", tmp_path / "recbole_opal")
    assert properties.own_data_root() is None
    assert properties.datasets_at_hand("nowhere") == []
    place = tmp_path / "recbole_opal" / "dataset" / OWN
    place.mkdir(parents=True)
    (place / f"{OWN}.inter").write_text("")
    assert properties.own_data_root() == tmp_path / "recbole_opal" / "dataset"
