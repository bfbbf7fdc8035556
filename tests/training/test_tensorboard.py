"""Events: nobody else's are touched where they are off, and no two runs share a folder."""

import logging
from pathlib import Path

import pytest
from recbole.trainer import trainer as recbole_trainer

import recbole_opal
from recbole_opal.host.trainer import _instead_of_recboles_writer
from recbole_opal.training.events import NoEvents


@pytest.fixture
def application_log(tmp_path):
    """Let the application log to a file, after which RecBole would name its folder of events."""
    handler = logging.FileHandler(tmp_path / "application.log")
    logging.getLogger().addHandler(handler)
    yield "application"
    logging.getLogger().removeHandler(handler)
    handler.close()


def test_events_of_others_stay_where_they_are_off(quick_settings, tmp_path, application_log):
    theirs = tmp_path / "log_tensorboard" / application_log / "events.out.tfevents.1"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"precious")
    before = sorted(tmp_path.joinpath("log_tensorboard").rglob("*"))
    recbole_opal.run("OPAL", "tiny", **quick_settings | {"epochs": 1, "stages": "soft"})
    assert sorted(tmp_path.joinpath("log_tensorboard").rglob("*")) == before
    assert theirs.read_bytes() == b"precious"


def test_no_folder_is_made_where_they_are_off(quick_settings, tmp_path):
    recbole_opal.run("Pop", "tiny", **general(quick_settings))
    assert not (tmp_path / "log_tensorboard").exists()


def test_each_run_has_the_folder_of_its_name(quick_settings, tmp_path, data_path, application_log):
    for name in ("tiny.1", "tiny.2"):
        place = tmp_path / "data" / name
        place.mkdir(parents=True)
        content = (data_path / "tiny" / "tiny.inter").read_text()
        (place / f"{name}.inter").write_text(content)
    settings = general(quick_settings) | {"data_path": str(tmp_path / "data"), "tensorboard": True}
    folders = {recbole_opal.run("Pop", f"tiny.{n}", **settings).folder.name for n in (1, 2, 2)}
    written = {path.parent for path in tmp_path.rglob("events.out.tfevents*")}
    tops = {path.relative_to(tmp_path / "log_tensorboard").parts[0] for path in written}
    assert tops == folders
    assert len(folders) == 3


def test_recboles_own_writer_is_back_after_a_trainer_was_built(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    original = recbole_trainer.get_tensorboard
    with _instead_of_recboles_writer(NoEvents()):
        assert recbole_trainer.get_tensorboard(logging.getLogger()).add_scalar("a", 1) is None
    assert recbole_trainer.get_tensorboard is original
    assert not Path("log_tensorboard").exists()


def general(settings):
    """Return the settings that every model knows."""
    of_ours = ("cuts_per_user", "hidden_size", "num_interests", "num_negatives", "future_window")
    return {name: value for name, value in settings.items() if name not in of_ours}
