import pytest

from recbole_opal.errors import CheckpointError
from recbole_opal.host.config import OpalConfig
from recbole_opal.settings.values import load_settings_file
from recbole_opal.tuning import Tuned, save_tuned

FOUND = {"learning_rate": 0.00393, "temperature": 0.0852}


def trial(settings, score):
    state = "failed" if score is None else "done"
    return {"settings": settings, "score": score, "seconds": 1.0, "state": state, "reason": None}


def tuned(*scores):
    best = max(score for score in scores if score is not None)
    return Tuned(
        FOUND, best, [trial(FOUND, score) for score in scores], {name: {} for name in FOUND}
    )


def test_the_file_holds_model_given_and_found_settings(variant, tmp_path):
    one = variant("OPAL", "OPAL num_interests=8", {"num_interests": 8})
    path = save_tuned(one, tuned(0.2, 0.25, None), tmp_path)
    assert path == tmp_path / "tuned-OPAL-num_interests=8.yaml"
    assert load_settings_file(path) == {"model": "OPAL", "num_interests": 8} | FOUND
    assert path.read_text().splitlines()[:3] == [
        "# OPAL num_interests=8: the best of 3 trials on validation (1 failed).",
        "# Score 0.25; the defaults, which are the first trial, have 0.2.",
        "# Searched: learning_rate, temperature.",
    ]


def test_the_file_is_taken_by_config_files(variant, tmp_path):
    one = variant("OPAL", "OPAL", {"num_interests": 8})
    path = save_tuned(one, tuned(0.2, 0.25), tmp_path)
    config = OpalConfig("OPAL", "ml-100k", config_files=[path])
    assert config["num_interests"] == 8
    assert {name: config[name] for name in FOUND} == FOUND


def test_defaults_that_failed_and_an_empty_space_are_told(variant, tmp_path):
    text = save_tuned(variant(), tuned(None, 0.25), tmp_path).read_text()
    assert "have none: they failed." in text
    nothing = Tuned({}, 0.5, [trial({}, 0.5)])
    path = save_tuned(variant("Pop", "Pop"), nothing, tmp_path)
    assert "Searched: nothing, the model has no search space." in path.read_text()
    assert load_settings_file(path) == {"model": "Pop"}


def test_a_label_cannot_leave_the_folder(variant, tmp_path):
    path = save_tuned(variant("OPAL", "OPAL eval={'a/b': [1, 2]}\n"), tuned(0.5), tmp_path)
    assert path.parent == tmp_path
    assert path.read_text().startswith("# ")


def test_a_folder_that_is_not_there_is_told(variant, tmp_path):
    with pytest.raises(CheckpointError, match="cannot write"):
        save_tuned(variant(), tuned(0.5), tmp_path / "missing")
