import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from recbole_opal import cli, host
from recbole_opal.errors import DataError, TrainingError

SCRIPT = Path(__file__).resolve().parents[2] / "run_opal.py"
STAGES = {
    "soft": {"valid": {"recall@10": 0.5}, "test": {"recall@10": 0.25}},
    "hard": {"valid": {"recall@10": 0.6}, "test": {"recall@10": 0.375}},
}


@pytest.fixture
def answer_with(monkeypatch):
    """Return a function that sets what running a request does; the requests are collected."""

    def install(outcome):
        requests = []

        def run_request(request):
            requests.append(request)
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        module = ModuleType("recbole_opal.experiment")
        module.run_request = run_request
        module.next_steps = lambda result: ["what to do next"]
        monkeypatch.setitem(sys.modules, "recbole_opal.experiment", module)
        return requests

    return install


@pytest.fixture
def result():
    folder = Path("saved") / ("a-rather-long-name" * 12)
    return SimpleNamespace(folder=folder, stages=STAGES, best_stage="hard", seconds=1.5)


def test_the_last_line_is_the_run_folder_in_one_piece(answer_with, result, capsys):
    requests = answer_with(result)
    assert cli.main(["--dataset=ml-100k", "--epochs=1"]) == 0
    output = capsys.readouterr().out
    assert output.splitlines()[-2:] == ["what to do next", f"run folder: {result.folder}"]
    assert "0.2500" in output
    assert "0.3750" in output
    assert "hard (best)" in output
    assert [(request.dataset, request.settings) for request in requests] == [
        ("ml-100k", {"epochs": 1})
    ]


def test_the_arguments_of_the_process_are_the_default(answer_with, result, monkeypatch, capsys):
    requests = answer_with(result)
    monkeypatch.setattr("sys.argv", ["run_opal.py", "--dataset=ml-100k"])
    assert cli.main() == 0
    assert requests[0].dataset == "ml-100k"


@pytest.mark.parametrize(
    ("error", "code"),
    [(DataError("no file; put it there."), 2), (TrainingError("loss is nan."), 1)],
)
def test_an_error_is_one_line_and_its_exit_code(answer_with, capsys, error, code):
    answer_with(error)
    assert cli.main(["--dataset=ml-100k"]) == code
    captured = capsys.readouterr()
    assert captured.err == f"error: {error}\n"
    assert captured.out == ""


def test_a_bug_is_not_hidden(answer_with):
    answer_with(ZeroDivisionError("bug"))
    with pytest.raises(ZeroDivisionError):
        cli.main(["--dataset=ml-100k"])


def test_an_interrupt_says_how_to_go_on(answer_with, capsys):
    interrupt = KeyboardInterrupt()
    interrupt.folder = Path("saved/run-1")
    answer_with(interrupt)
    assert cli.main(["--dataset=ml-100k"]) == 130
    assert "--resume=saved/run-1" in capsys.readouterr().err
    interrupt.folder = Path("my runs/run-1")
    answer_with(interrupt)
    assert cli.main(["--dataset=ml-100k"]) == 130
    assert "'--resume=my runs/run-1'" in capsys.readouterr().err
    answer_with(KeyboardInterrupt())
    assert cli.main(["--dataset=ml-100k"]) == 130
    assert capsys.readouterr().err.startswith("interrupted before anything was saved")


def test_a_missing_recbole_is_one_line(answer_with, result, monkeypatch, capsys):
    answer_with(result)

    def missing(name):
        raise host.install.PackageNotFoundError(name)

    monkeypatch.setattr(host.install, "version", missing)
    assert cli.main(["--dataset=ml-100k"]) == 2
    assert "pip install" in capsys.readouterr().err


def test_nothing_runs_after_a_mistyped_argument(answer_with, result, capsys):
    requests = answer_with(result)
    assert cli.main(["--dataset", "tiny", "--epochs"]) == 2
    assert requests == []
    assert "write --epochs=VALUE" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--dataset", "tiny", "--help"]])
def test_help(capsys, arguments):
    assert cli.main(arguments) == 0
    assert "usage: python run_opal.py" in capsys.readouterr().out


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("recbole-opal ")


def run_script(*arguments, **options):
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # noqa: S603


def test_the_script_exits_with_the_code_and_one_line(tmp_path):
    done = run_script("--dataset", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: --dataset needs its value")


def test_a_reader_that_goes_away_is_no_traceback():
    command = f"'{sys.executable}' '{SCRIPT}' --help | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
