import shlex
from pathlib import Path

import pytest

from recbole_opal.data.next_commands import describe_command, train_command
from recbole_opal.description.describe_command import _folder
from recbole_opal.settings.commandline import parse_arguments


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_usual_folder_needs_no_data_path():
    folder = Path("dataset/mine")
    assert describe_command(folder) == "python -m recbole_opal describe mine"
    assert train_command(folder) == "python -m recbole_opal run --dataset=mine"


def test_the_script_is_named_where_it_stands(tmp_path):
    (tmp_path / "run_opal.py").write_text("")
    assert train_command(Path("dataset/mine")) == "python run_opal.py --dataset=mine"


@pytest.mark.parametrize("name", ["my data", "it's", "$HOME", "a;b", "a=b", "x*", "(1)", "a#b"])
@pytest.mark.parametrize("parent", [".", "other place", "/a/b", "-d", "..", "d=e"])
def test_every_name_comes_through_a_shell(name, parent):
    folder = Path(parent) / name
    request = parse_arguments(shlex.split(train_command(folder))[4:])
    assert (request.dataset, request.settings["data_path"]) == (name, parent)
    *_, described, place = shlex.split(describe_command(folder))
    assert _folder(described, place.removeprefix("--data_path=")) == folder


def test_a_folder_whose_name_begins_with_a_tilde(tmp_path):
    assert describe_command(Path("./~x/mine")).endswith(f"--data_path={tmp_path}/~x'")
