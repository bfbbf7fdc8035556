import sys
from pathlib import Path
from types import ModuleType

import pytest

from recbole_opal import cli
from recbole_opal.comparison.row import Row
from recbole_opal.errors import SettingsError
from recbole_opal.settings.commandline import parse_arguments

MODELS = ["--dataset=ml-100k", "--model=OPAL,MIND"]


@pytest.fixture
def answer_with(monkeypatch):
    """Return a function that sets what a comparison gives."""

    def install(outcome):
        asked = []

        def compare_request(request, command):
            asked.append((request, command))
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        module = ModuleType("recbole_opal.side_by_side.compare")
        module.compare_request = compare_request
        monkeypatch.setitem(sys.modules, "recbole_opal.side_by_side.compare", module)
        return asked

    return install


@pytest.fixture
def rows(row_maker):
    return [row_maker("OPAL", "OPAL", 0.2), row_maker("MIND", "MIND", 0.1)]


def test_the_last_line_is_the_folder_in_one_piece(answer_with, rows, result_maker, capsys):
    folder = Path("saved") / ("a-rather-long-name" * 12)
    asked = answer_with(result_maker(rows, folder))
    assert cli.main([*MODELS, "--seeds=1,2", "--topk=[5,10]"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == f"comparison folder: {folder}"
    assert "Recall@10" in captured.out
    request, command = asked[0]
    assert request.seeds == (1, 2)
    wanted = "python run_opal.py --dataset=ml-100k --model=OPAL,MIND --seeds=1,2 '--topk=[5,10]'"
    assert command == wanted


def test_a_failed_run_is_exit_code_1_and_the_table_is_still_there(
    answer_with, rows, result_maker, capsys
):
    failed = Row(label="SASRec", variant="SASRec", model="SASRec", error="seed 1: killed")
    rows.append(failed)
    answer_with(result_maker(rows))
    assert cli.main(MODELS) == 1
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1].startswith("comparison folder: ")
    assert captured.err == "error: runs failed: SASRec; the same command tries them again.\n"


def test_wrong_settings_are_exit_code_2(answer_with, capsys):
    answer_with(SettingsError("--model=OPLA is not a model."))
    assert cli.main(MODELS) == 2
    assert capsys.readouterr().err == "error: --model=OPLA is not a model.\n"


def test_an_interrupt_says_that_the_same_command_goes_on(answer_with, capsys):
    answer_with(KeyboardInterrupt())
    assert cli.main(MODELS) == 130
    told = capsys.readouterr().err
    assert "python run_opal.py --dataset=ml-100k --model=OPAL,MIND" in told


@pytest.mark.parametrize(
    "arguments", [["--model=A,B"], ["--model=A@x=1"], ["--seeds=1"], ["--tune=2"]]
)
def test_several_models_or_seeds_or_tuning_make_a_comparison(arguments):
    assert parse_arguments(["--dataset=ml-100k", *arguments]).compares


def test_one_model_stays_a_single_run():
    request = parse_arguments(["--dataset=ml-100k", "--model=MIND", "--seed=3"])
    assert not request.compares
    assert request.settings == {"seed": 3}


@pytest.mark.parametrize(
    ("arguments", "seeds"),
    [("--seeds=1,2,3", (1, 2, 3)), ("--seeds=[4,5]", (4, 5)), ("--seeds=7", (7,))],
)
def test_seeds(arguments, seeds):
    assert parse_arguments(["--dataset=ml-100k", arguments]).seeds == seeds


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seeds=a"], "a list of integers"),
        (["--seeds=1,-2"], "a list of integers"),
        (["--seeds=1.5"], "a list of integers"),
        (["--seeds=True"], "a list of integers"),
        (["--seeds=[]"], "--seeds names no seed"),
        (["--seeds=1,1"], "names a seed twice"),
        (["--seeds="], "--seeds is empty"),
        (["--seeds=1", "--seed=2"], "keep --seeds"),
        (["--model=A,B", "--jobs=0"], r"--jobs=0 is not valid; write an integer in \[1, 4096\]"),
        (["--model=A,B", "--jobs=two"], "--jobs=two is not valid; write an integer"),
        (["--model=A,B", "--tune=-1"], "--tune=-1 is not valid; write an integer"),
        (["--jobs=2"], "--jobs needs several runs"),
    ],
)
def test_what_cannot_be_is_told_with_the_fix(arguments, message):
    with pytest.raises(SettingsError, match=message):
        parse_arguments(["--dataset=ml-100k", *arguments])


@pytest.mark.parametrize("flag", ["--seeds=1", "--tune=3", "--jobs=2"])
def test_a_comparison_is_not_resumed_by_its_folder(flag):
    with pytest.raises(SettingsError, match="giving its command again"):
        parse_arguments(["--resume=saved/run", flag])
