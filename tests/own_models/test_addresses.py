"""Where a class of the user's is found, and what is said where it is not."""

import sys

import pytest

from recbole_opal.errors import SettingsError
from recbole_opal.host import find_model_class
from recbole_opal.host.recommender import OPAL, as_recommender
from recbole_opal.own_models import address_of, class_at, is_ours, source_digests


def test_a_file_is_found_however_it_is_named_and_is_one_class(models_file, monkeypatch):
    by_path = class_at(f"{models_file}:Decayed")
    assert class_at("their_models.py:Decayed") is by_path
    assert class_at("./their_models.py:Decayed") is by_path
    found = find_model_class("their_models.py:Decayed")
    assert found.network_class is by_path
    assert address_of(found) == address_of(by_path) == f"{models_file}:Decayed"
    assert not is_ours(by_path)
    assert is_ours(OPAL)


def test_a_module_that_is_imported_already_is_not_imported_again(models_file, monkeypatch):
    monkeypatch.syspath_prepend(models_file.parent)
    import their_models

    assert class_at(f"{models_file}:Decayed") is their_models.Decayed
    assert class_at("their_models:Decayed") is their_models.Decayed


def test_a_module_of_a_package_imports_its_neighbours(models_file, tmp_path):
    package = tmp_path / "theirpackage" / "inner"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").write_text("")
    (package / "base.py").write_text(models_file.read_text())
    (package / "mine.py").write_text(
        "from .base import Decayed\n\n\nclass Mine(Decayed):\n    pass\n"
    )
    by_file = class_at(f"{package / 'mine.py'}:Mine")
    assert class_at("theirpackage.inner.mine:Mine") is by_file
    assert address_of(by_file) == f"{package / 'mine.py'}:Mine"
    assert set(source_digests(by_file)) == {"Mine", "Decayed"}
    assert source_digests(as_recommender(by_file)) == source_digests(by_file)


def test_files_of_one_name_in_two_folders_stay_apart(models_file, tmp_path):
    other = tmp_path / "other" / models_file.name
    other.parent.mkdir()
    other.write_text(models_file.read_text() + "\n# another\n")
    one, two = class_at(f"{models_file}:Decayed"), class_at(f"{other}:Decayed")
    assert one is not two
    assert [address_of(each) for each in (one, two)] == [
        f"{models_file}:Decayed",
        f"{other}:Decayed",
    ]
    assert source_digests(one) != source_digests(two)


def test_the_search_path_is_as_before(models_file):
    before = list(sys.path)
    class_at("their_models.py:Decayed")
    with pytest.raises(SettingsError):
        class_at("nowhere_at_all:Decayed")
    assert sys.path == before


def test_a_changed_file_has_another_digest(models_file):
    digest = source_digests(class_at("their_models.py:Decayed"))
    models_file.write_text(models_file.read_text() + "\n# changed\n")
    assert source_digests(class_at("their_models.py:Decayed")) != digest


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("their_models.py:Decaid", r"names no class there \(it holds Decayed, ThreeSteps, "),
        ("their_models.py:torch", "names no class there"),
        ("nowhere_at_all:Decayed", "there is no module nowhere_at_all; start where it lies"),
        ("nowhere.py:Decayed", r"there is no file .*nowhere\.py; check the path"),
        (":Decayed", "is no place of a class; write package.module:Class"),
        ("their_models.py:", "is no place of a class"),
        ("their_models.py:a b", "is no place of a class"),
        ("broken.py:X", r"cannot be imported \(SyntaxError"),
        ("failing.py:X", r"cannot be imported \(ZeroDivisionError: division by zero\); correct it"),
        ("missing.py:X", r"cannot be imported \(ModuleNotFoundError: No module named 'nowhere'"),
    ],
)
def test_what_cannot_be_found_is_one_line(models_file, address, message):
    for name, text in (("broken", "x ="), ("failing", "1 / 0"), ("missing", "import nowhere")):
        models_file.with_name(f"{name}.py").write_text(text)
    with pytest.raises(SettingsError, match=message) as caught:
        find_model_class(address)
    assert "\n" not in str(caught.value)


def test_a_class_without_a_place_is_told_what_to_do():
    class Inside(OPAL):
        pass

    with pytest.raises(SettingsError, match="made inside a function.*file of its own"):
        address_of(Inside)
