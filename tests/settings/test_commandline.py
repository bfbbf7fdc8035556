from pathlib import Path

import pytest

from recbole_opal.errors import SettingsError
from recbole_opal.settings import Request, parse_arguments


def refusal(*argv):
    with pytest.raises(SettingsError) as caught:
        parse_arguments(argv)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_request_holds_what_was_typed():
    request = parse_arguments(
        [
            "--dataset=ml-100k",
            "--model=SASRec",
            "--learning_rate=1e-3",
            "--topk=[10,20]",
            "--tag=a=b",
        ]
    )
    assert request == Request(
        model="SASRec",
        dataset="ml-100k",
        settings={"learning_rate": 0.001, "topk": [10, 20], "tag": "a=b"},
    )


def test_the_model_is_opal_unless_named():
    assert parse_arguments(["--dataset=x"]).model == "OPAL"


def test_a_dataset_named_like_a_number_stays_text():
    assert parse_arguments(["--dataset=2020"]).dataset == "2020"


def test_arguments_that_look_like_the_process_are_not_read(monkeypatch):
    monkeypatch.setattr("sys.argv", ["pytest", "--dataset=other", "--cov=src"])
    assert parse_arguments(["--dataset=ml-100k"]) == Request(dataset="ml-100k")


@pytest.mark.parametrize(
    ("argv", "fix"),
    [
        (["--use_gpu", "--epochs"], "True or False for a switch"),
        (["--learning_rate", "0.1", "0.2"], "'0.2' is not a flag; write --key=value"),
        (["--learning_rate"], "write --learning_rate=VALUE"),
        (["--learning_rate", "--epochs=3"], "write --learning_rate=VALUE"),
        (["-m", "OPAL"], "write --model=OPAL"),
        (["-d", "ml-100k"], "write --dataset=ml-100k"),
        (["-d=ml-100k"], "write --dataset=ml-100k"),
        (["-epochs=3"], "write --epochs=3"),
        (["-x", "3"], "write --x=3"),
        (["ml-100k"], "write --key=value"),
        (["epochs=3"], "write --key=value"),
        (["--=3"], "no proper name"),
        (["--a b=3"], "no proper name"),
        (["--"], "write --key=value"),
        ([""], "write --key=value"),
    ],
)
def test_another_grammar_is_refused_with_the_right_spelling(argv, fix):
    message = refusal("--dataset=ml-100k", *argv)
    assert fix in message
    assert argv[0].partition("=")[0] in message or argv[-1] in message


@pytest.mark.parametrize(
    ("argv", "settings"),
    [
        (
            ["--learning_rate", "0.01", "--use_gpu", "False"],
            {"learning_rate": 0.01, "use_gpu": False},
        ),
        (["--stopping-step", "3"], {"stopping_step": 3}),
        (["--seed", "-1", "--epochs=2"], {"seed": -1, "epochs": 2}),
        (["--topk", "[5, 10]", "--tag", "a=b"], {"topk": [5, 10], "tag": "a=b"}),
    ],
)
def test_a_value_may_stand_behind_a_space(argv, settings):
    assert parse_arguments(["--dataset", "ml-100k", *argv]) == Request(
        dataset="ml-100k", settings=settings
    )


def test_two_values_for_one_flag_are_refused():
    message = refusal("--dataset=ml-100k", "--epochs=3", "--epochs=4")
    assert "--epochs is given twice, as 3 and as 4" in message


def test_the_same_value_twice_is_one_value():
    request = parse_arguments(["--dataset=a", "--epochs=3", "--epochs=3"])
    assert request.settings == {"epochs": 3}


def test_a_missing_dataset_is_told_with_examples():
    message = refusal("--epochs=3")
    assert "--dataset is missing" in message
    assert "--dataset=ml-100k" in message
    assert "kuairand" not in message  # it is not there


def test_a_misspelt_dataset_flag_is_recognised():
    assert "did you mean --dataset=ml-100k?" in refusal("--datset=ml-100k")


@pytest.mark.parametrize("name", ["dataset", "model", "config_files", "resume"])
def test_an_empty_name_is_refused(name):
    assert f"--{name} is empty" in refusal(f"--{name}=")


def test_config_files_are_split_at_spaces_and_may_name_the_dataset(tmp_path):
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("dataset: one\nepochs: 3\n")
    second.write_text("dataset: two\nmodel: SASRec\n")
    request = parse_arguments([f"--config_files={first} {second}"])
    assert request.config_files == (first, second)
    assert (request.dataset, request.model) == ("two", "SASRec")
    assert parse_arguments([f"--config_files={first}", "--dataset=mine"]).dataset == "mine"


def test_a_missing_config_file_is_told_before_anything_else(tmp_path):
    assert "cannot read" in refusal(f"--config_files={tmp_path / 'none.yaml'}", "--dataset=a")


def test_resume_needs_no_dataset():
    request = parse_arguments(["--resume=saved/run", "--epochs=4"])
    assert request == Request(resume=Path("saved/run"), settings={"epochs": 4})


@pytest.mark.parametrize("flag", ["--model=OPAL", "--dataset=ml-100k", "--config_files=a.yaml"])
def test_resume_takes_model_and_data_from_its_folder(flag):
    message = refusal("--resume=saved/run", flag)
    assert flag.partition("=")[0] in message
    assert "--resume" in message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tune=3", "--tune_seconds=0"], "number in"),
        (["--tune=3", "--tune_seconds=soon"], "number in"),
        (["--tune_seconds=9"], "write --tune=8 too"),
        (["--tune_steps=9"], "--tune_steps bounds the trials of --tune; write --tune=8 too"),
        (["--tune=3", "--tune_steps=0"], "integer in"),
        (["--tune=3", "--tune_steps=1.5"], "integer in"),
    ],
)
def test_the_bound_of_trials_is_a_positive_number_and_needs_trials(arguments, message):
    with pytest.raises(SettingsError, match=message):
        parse_arguments(["--dataset=d", *arguments])


def test_the_bound_of_trials_is_read_as_seconds():
    request = parse_arguments(["--dataset=d", "--tune=3", "--tune_seconds=20"])
    assert (request.tune, request.tune_seconds) == (3, 20.0)


def test_the_bound_of_trials_is_read_as_steps():
    request = parse_arguments(["--dataset=d", "--tune=3", "--tune_steps=200"])
    assert (request.tune, request.tune_steps) == (3, 200)
