"""A `tuning.db` that is damaged, or not ours, is one line that names it."""

import shutil
import sqlite3

import pytest

from recbole_opal.errors import CheckpointError
from recbole_opal.tuning.knobs import Range
from recbole_opal.tuning.store import open_store

SPACE = {"learning_rate": Range(low=1e-4, high=1e-2, log=True)}
TRIAL = {"settings": {"learning_rate": 1e-3}, "score": 0.5, "seconds": 1.0, "state": "done",
         "reason": None}  # fmt: skip
ODD = ["'x'", "NULL", "-1", "x'ff00'", "1e999"]


def changes(table, column, values):
    return [" ".join(["update", table, "set", f"{column}={value}"]) for value in values]


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    with open_store(folder, "study", SPACE) as store:
        store.add(TRIAL)
    return folder / "tuning.db"


def use(folder):
    with open_store(folder, "study", SPACE) as store:
        trials = store.trials()
        store.add(TRIAL | {"settings": {"learning_rate": 2e-3}})
        return trials


def test_a_sound_one_is_read(sound, tmp_path):
    shutil.copy(sound, tmp_path)
    assert use(tmp_path) == [TRIAL]


@pytest.mark.parametrize(
    "change",
    [
        "drop table studies", "drop table study_directions", "delete from trial_params",
        "delete from trial_user_attributes",
        *changes("study_directions", "direction", [odd for odd in ODD if odd != "NULL"]),
        *changes("trials", "datetime_start", [odd for odd in ODD if odd != "NULL"]),
        *changes("trial_params", "param_value", ODD),
        *changes("trial_params", "distribution_json", ODD),
        *changes("trial_user_attributes", "value_json", ODD),
        *changes("trial_values", "value", ("'x'", "NULL", "x'ff00'")),
        "update alembic_version set version_num='x'",
    ],
)  # fmt: skip
def test_a_damaged_one_is_told_in_one_line(sound, tmp_path, change):
    shutil.copy(sound, tmp_path)
    with sqlite3.connect(tmp_path / "tuning.db") as connection:
        connection.execute(change)
    with pytest.raises(CheckpointError) as caught:
        use(tmp_path)
    told = str(caught.value)
    assert told.startswith(f"cannot use {tmp_path / 'tuning.db'} (")
    assert len(told.splitlines()) == 1
    assert len(told) < 500 + len(str(tmp_path))


def test_what_the_search_itself_raises_goes_through(tmp_path):
    with (
        pytest.raises(ZeroDivisionError),
        open_store(tmp_path, "study", SPACE),
    ):
        raise ZeroDivisionError
