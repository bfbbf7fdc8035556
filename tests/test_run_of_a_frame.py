"""A data frame in the place of a data set: written once, kept, and what runs go on with."""

import json

import pandas as pd
import pytest

import recbole_opal
from recbole_opal.errors import DataError, SettingsError

ROLES = {"user": "who", "item": "what", "time": "when"}


@pytest.fixture
def frame(data_path):
    """Return the tiny log as a frame with names of its own."""
    log = pd.read_csv(data_path / "tiny/tiny.inter", sep="\t", dtype=str)
    log = log.iloc[:, :3].set_axis(["who", "what", "when"], axis=1)
    return log.assign(liked=1)


@pytest.fixture
def settings(quick_settings, tmp_path):
    return quick_settings | {"data_path": str(tmp_path / "data"), "stages": ["soft"]}


def kept(tmp_path):
    return sorted(path.name for path in (tmp_path / "data").iterdir())


def test_a_run_of_a_frame_is_that_of_its_data_set(frame, settings, tmp_path, data_path):
    result = recbole_opal.run("OPAL", frame, **ROLES, label="liked==1", **settings)
    (name,) = kept(tmp_path)
    assert name.startswith("frame-")
    assert {path.name for path in (tmp_path / "data" / name).iterdir()} == {f"{name}.inter"}
    config = (result.folder / "config.yaml").read_text()
    assert f"dataset: {name}\n" in config
    assert "liked" not in config
    plain = recbole_opal.run("OPAL", "tiny", **(settings | {"data_path": str(data_path)}))
    assert result.stages["soft"]["test"] == plain.stages["soft"]["test"]
    # The same frame is the same data set; from Arrow and with usual names too.
    usual = frame.set_axis(["user_id", "item_id", "timestamp", "liked"], axis=1)
    for other, roles in ((frame, ROLES), (usual, {})):
        recbole_opal.run("OPAL", other, **roles, **(settings | {"epochs": 1}))
        assert kept(tmp_path) == [name]


def test_a_run_of_a_frame_goes_on(frame, settings, tmp_path):
    whole = settings | {"learning_rate_schedule": "constant"}
    result = recbole_opal.run("OPAL", frame, **ROLES, **(whole | {"epochs": 1}))
    again = recbole_opal.resume(result.folder, epochs=2)
    direct = recbole_opal.run("OPAL", frame, **ROLES, **whole)
    assert again.stages["soft"]["test"] == direct.stages["soft"]["test"]
    origins = [json.loads((one.folder / "origin.json").read_text()) for one in (again, direct)]
    assert origins[0]["data"] == origins[1]["data"]


def test_a_frame_is_compared_and_its_runs_are_found_again(frame, settings, tmp_path):
    arrow = pytest.importorskip("pyarrow")
    first = recbole_opal.run("Pop", frame, **ROLES, **quick(settings))
    table = arrow.Table.from_pandas(frame)
    result = recbole_opal.compare("Pop", table, **ROLES, **quick(settings))
    (folder,) = result.run_folders(result.rows[0]).values()
    assert folder.samefile(first.folder)
    assert kept(tmp_path) == [result.dataset]


def quick(settings):
    """Return those of the settings that RecBole's models know."""
    own = ("cuts_per_user", "num_interests", "num_negatives", "future_window", "hidden_size")
    return {name: value for name, value in settings.items() if name not in (*own, "stages")}


@pytest.mark.parametrize(
    ("roles", "error", "message"),
    [
        ({}, SettingsError, "data frames need the names of their columns; write for example"),
        (ROLES | {"user": "whom"}, DataError, "the frame has no column whom; did you mean who"),
        (ROLES | {"usr": "who"}, SettingsError, "usr"),
        (ROLES | {"where": "liked > 1"}, DataError, "no interaction is left"),
    ],
)
def test_mistakes_leave_nothing_behind(frame, settings, tmp_path, roles, error, message):
    with pytest.raises(error, match=message):
        recbole_opal.run("OPAL", frame, **roles, **settings)
    assert not [path for path in tmp_path.rglob("*.inter") if "usr" not in roles]
