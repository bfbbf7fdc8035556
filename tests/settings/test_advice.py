"""Slips at the command line and in files: the message names what to write, and that works."""

import numpy as np
import pytest

import recbole_opal
from recbole_opal import cli
from recbole_opal.cli import main
from recbole_opal.errors import DataError, SettingsError
from recbole_opal.settings import parse_arguments
from recbole_opal.settings.values import load_settings_file, setting_value
from recbole_opal.side_by_side.planning import make_plan
from recbole_opal.side_by_side.variants import parse_variants


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("--helpp", "--helpp is not a flag; did you mean --help?"),
        ("--versoin", "--versoin is not a flag; did you mean --version?"),
        ("--help=1", "--help=1: there is no such topic; choose one of OPAL"),
        ("--version=1", "--version takes no value; write --version."),
        ("-v", "-v is not a flag here; write --version."),
        ("--fusion", "--fusion needs its value; write --fusion=VALUE"),
    ],
)
def test_flags_without_a_value(capsys, argument, told):
    assert main([argument]) == 2
    assert capsys.readouterr().err.startswith(f"error: {told}")


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("converter", "'converter' is not a command; did you mean convert?"),
        ("frob", "'frob' is not a command; choose from run, runs"),
        ("epochs=5", "'epochs=5' is not a flag; write --key=value"),
    ],
)
def test_what_is_no_command_is_told(capsys, argument, told):
    assert main([argument]) == 2
    assert capsys.readouterr().err.startswith(f"error: {told}")


def test_describe_names_a_whole_command(capsys):
    assert cli.main(["describe"]) == 2
    assert "describe ml-100k." in capsys.readouterr().err
    assert cli.main(["describe"]) == 2
    assert " for example describe" not in capsys.readouterr().err


def test_a_data_path_that_is_the_folder_of_the_data_set_itself(configure, tiny_data):
    with pytest.raises(DataError) as caught:
        configure(data_path=tiny_data / "tiny")
    advised = str(caught.value).rpartition("--data_path=")[2].partition(",")[0]
    assert configure(data_path=advised)["dataset"] == "tiny"


def test_a_config_file_whose_path_holds_spaces(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my files").mkdir()
    for name in ("my files/a b.yaml", "a.yaml"):
        (tmp_path / name).write_text("dataset: tiny\nepochs: 1\n")
    assert len(parse_arguments(["--config_files=my files/a b.yaml"]).config_files) == 1
    assert len(parse_arguments(["--config_files=a.yaml a.yaml"]).config_files) == 2


def test_a_misspelt_data_set_in_a_config_file(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("datset: tiny\n")
    with pytest.raises(SettingsError) as caught:
        parse_arguments([f"--config_files={path}"])
    assert str(caught.value) == f"{path}: datset is not a setting; did you mean dataset: tiny?"


@pytest.mark.parametrize(
    ("models", "told"),
    [
        ("OPAL@stages=soft,hard", "write OPAL@stages=[soft,hard]."),
        ("Pop,MultiVAE@mlp_hidden_size=600,200", "write MultiVAE@mlp_hidden_size=[600,200]."),
        ("OPAL@num_interests=8,SASRek", "did you mean --model=SASRec?"),
    ],
)
def test_a_list_behind_an_at_sign_needs_its_brackets(tiny_data, models, told):
    with pytest.raises(SettingsError) as caught:
        make_plan(parse_variants(models), "tiny", settings={"data_path": str(tiny_data)})
    assert str(caught.value).endswith(told)


@pytest.mark.parametrize("name", ["jobs", "seeds", "tune", "tune_seconds", "tune_steps"])
def test_a_flag_of_comparisons_is_no_setting_of_a_run(refusal, name):
    told = refusal(**{name: 1})
    assert "recbole_opal.compare" in told
    assert "did you mean" not in told


@pytest.mark.parametrize("sign", ["=", "<<"])
def test_signs_of_yaml_are_texts_where_a_text_is_wanted(tmp_path, sign):
    path = tmp_path / "a.yaml"
    path.write_text(f"field_separator: {sign}\n")
    assert load_settings_file(path) == {"field_separator": sign}


@pytest.mark.parametrize(
    ("model", "name", "text"),
    [("SASRec", "wandb_project", "1"), ("BPR", "RATING_FIELD", "01")],
)
def test_texts_of_recbole_s_models_that_look_like_numbers(configure, tmp_path, model, name, text):
    path = tmp_path / "a.yaml"
    path.write_text(f"{name}: {text}\n")
    assert configure(model, **{name: setting_value(name, text)})[name] == text
    assert configure(model, config_files=[path])[name] == text


@pytest.mark.parametrize("content", ["num_interest: 3\n", "[1]\n", "a: [\n", "epochs: 0\n"])
def test_what_lies_beside_the_data_later_does_not_stop_a_run_that_goes_on(
    quick_settings, data_path, content
):
    path = data_path / "tiny" / "tiny.yaml"
    names = ("data_path", "checkpoint_dir", "tensorboard", "show_progress", "topk", "valid_metric")
    plain = {name: quick_settings[name] for name in names}
    folder = recbole_opal.run("BPR", "tiny", epochs=1, **plain).folder
    path.write_text(content)
    try:
        recbole_opal.resume(np.array(str(folder)), epochs=np.array(2))
    finally:
        path.unlink()
