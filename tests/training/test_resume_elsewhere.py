"""A run goes on from another working folder, with moved data, and in a folder that was moved."""

import os
import re
import shutil

import pytest

import recbole_opal
from recbole_opal.cli import main
from recbole_opal.errors import OpalError, SettingsError
from recbole_opal.host.continued import MAY_CHANGE
from recbole_opal.runs import RunFolder

ITEMS = "item_id:token\tc:token\n" + "".join(f"i{item}\tx\n" for item in range(48))
PLAIN = {"epochs": 1, "show_progress": False, "tensorboard": False, "use_gpu": False}


def append(folder):
    with (folder / "tiny.inter").open("a") as file:
        file.write("u0\ti1\t1.7e9\n")


@pytest.fixture
def home(data_path, tmp_path, monkeypatch):
    """Stand in a folder that holds `data/tiny`."""
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copytree(data_path / "tiny", folder / "data" / "tiny")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def finished(home):
    """Return the folder of a run whose data and place were given as relative paths."""
    result = recbole_opal.run("Pop", "tiny", data_path="data", **PLAIN)
    return result.folder.resolve()


def as_older_versions_wrote_it(folder, data_path):
    """Give the run's config.yaml a relative folder of the data."""
    run = RunFolder.open(folder)
    with run.working():
        run.save_yaml("config.yaml", run.load_yaml("config.yaml") | {"data_path": data_path})


def test_the_working_folder_does_not_matter(finished, tmp_path, monkeypatch):
    stored = RunFolder.open(finished).load_yaml("config.yaml")
    assert os.path.isabs(stored["data_path"])  # noqa: PTH117
    monkeypatch.chdir(tmp_path)
    assert recbole_opal.resume(finished).folder == finished
    assert not (tmp_path / "saved").exists()


def test_nor_for_runs_whose_data_is_told_relatively(finished, tmp_path, monkeypatch):
    as_older_versions_wrote_it(finished, "data")
    monkeypatch.chdir(tmp_path)
    assert recbole_opal.resume(finished).folder == finished


def test_moved_data_is_named_as_the_message_says(finished, home, capsys):
    (home / "data").rename(home / "elsewhere")
    assert main([f"--resume={finished}"]) == 2
    errors = capsys.readouterr().err
    assert "there is no folder" in errors
    assert "--data_path" in errors
    assert "--dataset" not in errors
    assert main([f"--resume={finished}", "--data_path=elsewhere"]) == 0
    assert main([f"--resume={finished}", "--data_path=nowhere"]) == 2
    assert "name the folder above it with --data_path" in capsys.readouterr().err


def test_a_moved_run_goes_on_where_it_is(finished, tmp_path, monkeypatch):
    moved = tmp_path / "moved" / "run"
    moved.parent.mkdir()
    shutil.move(finished, moved)
    shutil.rmtree(finished.parent)
    monkeypatch.chdir(tmp_path)
    assert recbole_opal.resume(moved).folder == moved
    assert not finished.parent.exists()
    assert not (tmp_path / "saved").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (append, "tiny.inter differs"),
        (lambda folder: (folder / "tiny.item").write_text(ITEMS), "tiny.item is new"),
    ],
)
def test_other_data_is_refused_with_the_file_that_differs(home, change, told):
    folder = recbole_opal.run("Pop", "tiny", data_path="data", load_col=None, **PLAIN).folder
    shutil.copytree(home / "data", home / "other")
    change(home / "other" / "tiny")
    with pytest.raises(SettingsError, match="not the one this run was trained on") as caught:
        recbole_opal.resume(folder, data_path="other")
    assert f"other/tiny/{told}" in str(caught.value)
    assert recbole_opal.resume(folder, data_path="data").folder == folder


def test_a_file_that_is_gone_is_told(home):
    (home / "data" / "tiny" / "tiny.item").write_text(ITEMS)
    folder = recbole_opal.run("Pop", "tiny", data_path="data", load_col=None, **PLAIN).folder
    (home / "data" / "tiny" / "tiny.item").unlink()
    with pytest.raises(SettingsError, match=r"tiny\.item is missing"):
        recbole_opal.resume(folder)


def test_a_file_of_the_run_is_not_blamed_on_a_flag(finished):
    run = RunFolder.open(finished)
    with run.working():
        run.save_yaml("config.yaml", run.load_yaml("config.yaml") | {"eval_step": 0})
    with pytest.raises(SettingsError) as caught:
        recbole_opal.resume(finished)
    assert str(caught.value).startswith(f"{finished}/config.yaml: eval_step: 0 is not valid; ")
    assert str(caught.value).endswith("cannot change when a run is continued, so start a new run.")


def test_what_is_given_is_blamed_itself(finished):
    with pytest.raises(SettingsError, match=r"^--epochs=0 is not valid; write .*--epochs=300"):
        recbole_opal.resume(finished, epochs=0)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: shutil.rmtree(folder),
        lambda folder: (folder / "tiny.inter").unlink(),
        lambda folder: (folder / "tiny.inter").write_text(""),
        lambda folder: (folder / "tiny.inter").write_text("user_id:token\titem_id:token\n"),
    ],
)
def test_no_message_names_a_flag_that_is_refused(finished, home, spoil):
    spoil(home / "data" / "tiny")
    with pytest.raises(OpalError) as caught:
        recbole_opal.resume(finished)
    named = set(re.findall(r"--(\w+)", str(caught.value)))
    assert named <= set(MAY_CHANGE), str(caught.value)


@pytest.mark.parametrize("content", ["epochs: [\n", "nothing_known: 1\n", "topk: [3]\n"])
def test_settings_written_beside_the_data_since_are_not_read(finished, home, content):
    (home / "data" / "tiny" / "tiny.yaml").write_text(content)
    assert recbole_opal.resume(finished).folder == finished


def test_a_comparison_goes_on_with_moved_data(home, tmp_path):
    """What it hands to a run that goes on says where the data lies now."""
    from recbole_opal.side_by_side.execution import _job
    from recbole_opal.side_by_side.planning import make_plan
    from recbole_opal.side_by_side.variants import Variant

    plan = make_plan([Variant("Pop"), Variant("OPAL")], "tiny", settings={"data_path": "data"})
    job = _job(plan.run(plan.variants[0], 1), tmp_path, tmp_path / "unfinished")
    assert job["settings"]["data_path"] == str(home / "data")


def test_a_folder_that_is_no_run_is_told(tmp_path):
    with pytest.raises(OpalError, match="manifest"):
        recbole_opal.resume(tmp_path)
    with pytest.raises(SettingsError, match="of type int"):
        recbole_opal.resume(3)
