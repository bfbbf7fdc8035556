"""What programs hand over beside settings: models, paths, and values that hold nothing plain."""

import enum
from pathlib import Path

import numpy as np
import pytest
import torch

from recbole_opal.errors import SettingsError
from recbole_opal.settings.border import paths_given, plain_settings_given, plain_value


class Color(enum.Enum):
    POP = "Pop"


@pytest.mark.parametrize(
    "value",
    [
        np.datetime64("2024-01-01T00:00:00.000000000"),
        np.datetime64("NaT"),
        np.timedelta64(1, "s"),
        np.timedelta64(1, "ns"),
        np.array(["2024-01-01"], dtype="datetime64[ns]"),
        np.ma.masked,
        torch.empty(1, device="meta"),
        torch.tensor([1.0]).to_sparse(),
    ],
    ids=str,
)
def test_dates_and_what_holds_nothing_have_no_plain_form(value):
    with pytest.raises(SettingsError, match="of type .* is no setting"):
        plain_value("learning_rate", value)


def test_a_number_given_for_a_text_is_its_digits():
    given = {"TIME_FIELD": np.int64(7), "RATING_FIELD": 1, "epochs": 2, "gpu_id": True}
    told = {"TIME_FIELD": "7", "RATING_FIELD": "1", "epochs": 2, "gpu_id": True}
    assert plain_settings_given(given) == told


@pytest.mark.parametrize(
    ("value", "count"),
    [("a b", 1), (Path("a"), 1), (np.array("a"), 1), (np.array(["a", "b"]), 2), (iter("ab"), 2)],
)
def test_paths_come_in_any_container(value, count):
    assert len(paths_given("config_files", value)) == count


@pytest.mark.parametrize(
    "value",
    [5, [b"a"], {"a": 1}, None, [-(10**5000)], [["a"]], 10**400],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_path_is_told(value):
    with pytest.raises(SettingsError):
        paths_given("config_files", value)


@pytest.mark.parametrize("model", [np.str_("Pop"), np.array("Pop"), Color.POP, "pop"])
def test_a_model_is_named_by_any_text(configure, model):
    assert configure(model)["model"] == "Pop"


@pytest.mark.parametrize("model", [np.int64(3), 3.5, None, True, ["Pop"], int, b"Pop"])
def test_what_names_no_model_is_told(refusal, model):
    assert refusal(model).startswith("--model")


@pytest.mark.parametrize("settings", [5, "epochs", [("epochs", 5)], np.array(3)])
def test_settings_are_a_mapping(settings):
    with pytest.raises(SettingsError, match="give a mapping"):
        plain_settings_given(settings)
