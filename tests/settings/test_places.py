"""Settings remember which file they came from, and messages blame that file."""

import logging

import pytest

import recbole_opal
from recbole_opal.cli import main
from recbole_opal.errors import OpalError, SettingsError
from recbole_opal.settings.places import naming
from recbole_opal.side_by_side.planning import make_plan
from recbole_opal.side_by_side.variants import Variant


@pytest.fixture
def beside(tiny_data):
    """Return a function that writes the settings beside the data."""
    path = tiny_data / "tiny" / "tiny.yaml"

    def write(text):
        path.write_text(text)
        return path

    return write


def told(message, places, may_change=None):
    with pytest.raises(OpalError) as caught, naming(places, may_change):
        raise SettingsError(message)
    return str(caught.value)


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("--topk=3 is wrong; write --topk=4.", "a.yaml: topk: 3 is wrong; write topk: 4."),
        ("--epochs=3 is wrong; write --topk=4.", "--epochs=3 is wrong; write --topk=4."),
        ("--topk and --seed differ; stop.", "a.yaml: topk and b.yaml: seed differ; stop."),
        ("--epochs against --topk=3; stop.", "--epochs against a.yaml: topk: 3; stop."),
        ("--topks=3 is wrong.", "--topks=3 is wrong."),
        ("nothing is named; stop.", "nothing is named; stop."),
    ],
)
def test_a_blamed_setting_is_called_as_its_file_calls_it(message, named):
    assert told(message, {"topk": "a.yaml", "seed": "b.yaml"}) == named


@pytest.mark.parametrize(
    ("message", "followable"),
    [
        ("x; free some bytes or set --checkpoint_dir to another disk.", "x; free some bytes."),
        ("x; put it there, or name it with --data_path.", None),
        (
            "--topk=3 is wrong; write --topk=4.",
            "--topk=3 is wrong; topk cannot change when a run is continued, so start a new run.",
        ),
    ],
)
def test_advice_that_would_be_refused_is_not_given(message, followable):
    assert told(message, {}, ("data_path", "epochs")) == (followable or message)


def test_a_wrong_value_in_a_file_is_told_with_the_file(configure, beside, tmp_path):
    path = beside("num_interests: 0\n")
    with pytest.raises(SettingsError) as caught:
        configure()
    assert str(caught.value).startswith(f"{path}: num_interests: 0 is not valid; write an integer")
    assert "--num_interests" not in str(caught.value)
    assert configure(num_interests=3)["num_interests"] == 3
    beside("")
    file = tmp_path / "more.yaml"
    file.write_text("epochs: 0\n")
    with pytest.raises(SettingsError) as caught:
        configure(config_files=[file])
    assert str(caught.value).startswith(f"{file}: epochs: 0 ")
    with pytest.raises(SettingsError) as caught:
        configure(config_files=[file], epochs=-1)
    assert str(caught.value).startswith("--epochs=-1 ")


def test_a_model_s_setting_beside_the_data_is_for_the_models_that_know_it(configure, beside):
    path = beside("num_interests: 5\nn_layers: 3\n")
    assert configure()["num_interests"] == 5
    pop = configure("Pop")
    assert pop["num_interests"] is None
    assert pop.notes == [f"{path}: n_layers, num_interests not read, Pop has no such setting"]
    assert configure("SASRec")["n_layers"] == 3
    assert "num_interests" not in pop.as_plain_dict()


def test_a_setting_beside_the_data_that_no_model_knows_is_an_error_of_that_file(configure, beside):
    path = beside("num_interest: 5\n")
    for model in ("Pop", "OPAL"):
        with pytest.raises(SettingsError) as caught:
            configure(model)
        assert str(caught.value).startswith(f"{path}: num_interest: 5: {model} has no setting")


def test_a_file_s_setting_of_another_model_stops_a_single_run_with_the_file(configure, tmp_path):
    file = tmp_path / "more.yaml"
    file.write_text("num_interests: 5\n")
    with pytest.raises(SettingsError) as caught:
        configure("Pop", config_files=[file])
    assert str(caught.value).startswith(f"{file}: num_interests: 5: Pop has no setting")


def test_what_was_not_read_is_in_the_log(quick_settings, data_path, caplog):
    path = data_path / "tiny" / "tiny.yaml"
    path.write_text("num_interests: 5\n")
    own = {"cuts_per_user", "num_interests", "num_negatives", "future_window", "hidden_size"}
    settings = {name: value for name, value in quick_settings.items() if name not in own}
    try:
        result = recbole_opal.run("Pop", "tiny", **settings | {"epochs": 1})
    finally:
        path.unlink()
    log = (result.folder / f"{result.folder.name}.log").read_text()
    assert f"{path}: num_interests not read, Pop has no such setting" in log


def plan(tiny_data, *models, files=(), **settings):
    shared = {"data_path": str(tiny_data)} | settings
    return make_plan(list(map(Variant, models)), "tiny", config_files=files, settings=shared)


def test_a_comparison_hands_the_settings_of_files_to_the_models_that_know_them(
    tiny_data, beside, tmp_path
):
    beside("num_interests: 5\n")
    file = tmp_path / "more.yaml"
    file.write_text("temperature: 0.5\n")
    made = plan(tiny_data, "OPAL", "Pop", files=[file])
    assert [made.given(variant).get("temperature") for variant in made.variants] == [0.5, None]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("temperatur: 0.5\n", "temperatur: 0.5: none of OPAL, Pop has a setting"),
        ("temperature: -1\n", "temperature: -1 is not valid"),
        ("epochs: 0\n", "epochs: 0 is not valid"),
    ],
)
def test_a_comparison_blames_the_file_too(tiny_data, tmp_path, text, told):
    file = tmp_path / "more.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        plan(tiny_data, "OPAL", "Pop", files=[file])
    assert f"{file}: {told}" in str(caught.value)
    assert "--temperature" not in str(caught.value).partition(";")[0]


def test_the_command_blames_no_flag_that_nobody_typed(tiny_data, beside, capsys):
    path = beside("num_interests: 0\n")
    flags = ["--dataset=tiny", f"--data_path={tiny_data}"]
    for model in ("OPAL", "OPAL,Pop"):
        assert main([*flags, f"--model={model}"]) == 2
        errors = capsys.readouterr().err
        assert f"{path}: num_interests: 0 is not valid" in errors
        assert "--num_interests" not in errors


def test_a_broken_file_beside_the_data_blames_no_flag(tiny_data, beside, capsys):
    path = beside("a: [\n")
    assert main(["--dataset=tiny", f"--data_path={tiny_data}", "--model=Pop"]) == 2
    errors = capsys.readouterr().err
    assert errors.startswith(f"error: {path}, line ")
    assert "--config_files" not in errors
    assert not logging.getLogger("recbole_opal").handlers
