"""A model of the user's does all that a name does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import recbole_opal
from recbole_opal.errors import SettingsError
from recbole_opal.own_models import class_at
from recbole_opal.runs import RunReader
from recbole_opal.tuning.search_space import search_space

ROOT = Path(__file__).resolve().parents[2]


def test_a_run_by_class_and_by_place_are_the_same(models_file, settings):
    own = class_at("their_models.py:Decayed")
    one = recbole_opal.run(own, "tiny", **settings, decay=0.5, hidden_size=8)
    other = recbole_opal.run(
        "their_models.py:Decayed", "tiny", **settings, decay=0.5, hidden_size=8
    )
    assert one.stages == other.stages
    config = RunReader.open(one.folder).load_yaml("config.yaml")
    assert config["model"] == f"{models_file}:Decayed"
    assert (config["decay"], config["MAX_ITEM_LIST_LENGTH"]) == (0.5, 10)
    assert one.folder.name.startswith("Decayed-tiny-")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"decai": 0.5}, "Decayed has no setting decai; did you mean --decay"),
        ({"decay": 1.5}, r"--decay=1\.5 is not valid; write a number in \(0, 1\]"),
        ({"num_interests": 2}, "Decayed has no setting num_interests"),
        ({"decay": "much"}, "--decay='?much'? is not valid"),
    ],
)
def test_its_settings_are_checked(models_file, settings, given, message):
    with pytest.raises(SettingsError, match=message):
        recbole_opal.run("their_models.py:Decayed", "tiny", **settings, **given)


def test_its_published_recipe_and_its_search_space(models_file, settings):
    address = "their_models.py:Decayed"
    result = recbole_opal.run(address, "tiny", **settings, recipe="published")
    config = RunReader.open(result.folder).load_yaml("config.yaml")
    assert (config["decay"], config["similarity"]) == (0.25, "inner_product")
    assert search_space(address)["decay"].as_plain() == {"choices": [0.8, 0.5]}
    assert search_space(address, {"decay": 0.5}) == {}
    assert "decay" not in search_space(address, {"recipe": "published"})


def test_stages_of_any_number_and_name(models_file, settings):
    own = "their_models.py:ThreeSteps"
    result = recbole_opal.run(own, "tiny", **settings)
    assert list(result.stages) == ["warm", "main", "cool"]
    assert RunReader.open(result.folder).stages == ["cool", "main", "warm"]
    again = recbole_opal.resume(result.folder)
    assert again.stages == result.stages
    some = recbole_opal.run(own, "tiny", **settings, stages="warm,cool")
    assert list(some.stages) == ["warm", "cool"]
    for wrong in ("cool,warm", "warm,hot", []):
        with pytest.raises(SettingsError, match="write warm,main,cool, or some of them"):
            recbole_opal.run(own, "tiny", **settings, stages=wrong)


@pytest.mark.parametrize(
    ("name", "own"), [("LastItem", {"width": 8}), ("NarrowGRU", {"hidden_size": 8})]
)
def test_plain_models_of_recboles_kind_run(models_file, settings, name, own):
    result = recbole_opal.run(f"their_models.py:{name}", "tiny", **settings, **own)
    assert 0 <= result.stages["train"]["test"]["recall@10"] <= 1
    with pytest.raises(SettingsError, match=f"{name} has no setting decay"):
        recbole_opal.run(f"their_models.py:{name}", "tiny", **settings, decay=0.5)


def test_a_plain_model_may_have_stages_and_keep_them(models_file, settings):
    given = settings | {"hidden_size": 8}
    result = recbole_opal.run("their_models.py:StagedGRU", "tiny", **given)
    assert list(result.stages) == ["warm", "main"]
    assert recbole_opal.resume(result.folder).stages == result.stages


def test_what_is_no_model_is_told(models_file, settings):
    with pytest.raises(SettingsError, match="NoModel is no model; derive it from"):
        recbole_opal.run("their_models.py:NoModel", "tiny", **settings)


@pytest.mark.parametrize("stages", [(), ("a", "a"), ("warm up",), ("../x",), (1,), "main"])
def test_stages_that_are_no_names_are_refused_before_training(models_file, settings, stages):
    own = type("Staged", (class_at("their_models.py:Decayed"),), {"stages": stages})
    with pytest.raises(SettingsError, match=r"Staged\.stages is .*as stages = \('warm', 'main'\)"):
        recbole_opal.run(own, "tiny", **settings)


def test_it_resumes_from_elsewhere_and_not_with_another_file(models_file, settings, monkeypatch):
    settings |= {"learning_rate_schedule": "constant", "stopping_step": 50}
    result = recbole_opal.run("their_models.py:Decayed", "tiny", **settings)
    unbroken = recbole_opal.run("their_models.py:Decayed", "tiny", **settings | {"epochs": 3})
    (models_file.parent / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    resumed = recbole_opal.resume(result.folder, epochs=3)
    assert resumed.stages == unbroken.stages
    models_file.write_text(models_file.read_text() + "\n# changed\n")
    with pytest.raises(
        SettingsError, match="the file of Decayed is not the one this run was begun"
    ):
        recbole_opal.resume(result.folder, epochs=4)


def test_a_class_typed_into_a_session_runs_and_resumes_but_is_not_compared(models_file, settings):
    base = class_at("their_models.py:Decayed")

    class Typed(base):
        pass

    result = recbole_opal.run(Typed, "tiny", **settings)
    assert recbole_opal.resume(result.folder, model=Typed).stages == result.stages
    with pytest.raises(SettingsError, match="Typed is made inside a function.*file of its own"):
        recbole_opal.compare([Typed, "MIND"], "tiny", **settings)


def test_weights_are_refused_by_another_stage(models_file, settings):
    own = class_at("their_models.py:ThreeSteps")
    result = recbole_opal.run(own, "tiny", **settings)
    weights = RunReader.open(result.folder).load_weights("cool")
    assert torch.is_tensor(weights["attribute.stage"])
    assert bytes(weights["attribute.stage"].tolist()) == b"cool"


def test_two_models_of_one_name_are_refused(models_file, settings):
    copy = models_file.with_name("their_copy.py")
    copy.write_text(models_file.read_text())
    models = ["their_models.py:Decayed", "their_copy.py:Decayed"]
    with pytest.raises(SettingsError, match="two models are called Decayed"):
        recbole_opal.compare(models, "tiny", **settings)


def test_a_comparison_with_tuning_trains_it_in_other_processes(models_file, settings):
    models = [class_at("their_models.py:Decayed"), "their_models.py:LastItem@width=8"]
    result = recbole_opal.compare(models, "tiny", tune=2, **settings)
    assert not result.failed
    assert [row.label for row in result.rows] == ["Decayed", "LastItem width=8"]
    assert result.rows[0].settings["decay"] in (0.8, 0.5)
    again = recbole_opal.compare(models, "tiny", tune=2, **settings)
    assert [row.runs for row in again.rows] == [row.runs for row in result.rows]
    models_file.write_text(models_file.read_text() + "\n# changed\n")
    anew = recbole_opal.compare(models[:1], "tiny", **settings)
    assert not {*anew.rows[0].runs.values()} & {*result.rows[0].runs.values()}


def test_a_script_that_compares_while_it_is_imported_is_told(models_file, settings):
    script = models_file.with_name("careless.py")
    call = f"recbole_opal.compare([Mine], 'tiny', **{settings!r})"
    script.write_text(
        "import recbole_opal\nfrom their_models import Decayed\n\n\n"
        f"class Mine(Decayed):\n    pass\n\n\nresult = {call}\nprint(result.rows[0].error)\n"
    )
    output = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )
    last = output.stderr.splitlines()[-1]
    assert "careless.py starts a run whenever it is imported" in last
    assert 'behind `if __name__ == "__main__":`' in last
    assert not list(models_file.parent.glob("saved/*"))
