"""What is printed as a command works when it is pasted, however the program was called."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recbole_opal import cli
from recbole_opal.process.program import command, installation

pytestmark = pytest.mark.posix  # the lines are pasted into /bin/sh
ROOT = Path(__file__).parents[2]
INSTALLED = Path(sys.executable).with_name("recbole-opal")
CALLS = {
    "script": [sys.executable, str(ROOT / "run_opal.py")],
    "package": [sys.executable, "-m", "recbole_opal"],
    "run": [sys.executable, "-m", "recbole_opal", "run"],
    "installed": [str(INSTALLED)],
}


def start(words, folder, path=None):
    environment = os.environ | ({"PATH": path} if path else {})
    return subprocess.run(words, capture_output=True, text=True, cwd=folder, env=environment)


def shell(line, folder, path=None):
    return start(["/bin/sh", "-c", line], folder, path)


@pytest.fixture(params=CALLS)
def call(request):
    if request.param == "installed" and not INSTALLED.exists():
        pytest.skip("the package is not installed here")
    return CALLS[request.param]


def test_the_program_is_named_as_it_was_called(call, tmp_path):
    refused = start([*call, "--dataset=ml-100k", "--qqqq=1"], tmp_path)
    assert refused.returncode == 2
    line = refused.stderr.split("`")[1]  # `... --help` lists the settings.
    shown = shell(line, tmp_path)
    assert shown.stdout.startswith("Train a recommender"), (line, shown.stderr)
    assert ("run_opal.py" in line) == ("run_opal.py" in str(call))
    assert ("run_opal.py" in shown.stdout) == ("run_opal.py" in str(call))


def test_the_commands_to_go_on_with_work_as_printed(call, tmp_path):
    base = [word for word in call if word != "run"]
    drawn = start([*base, "synthesize", "--out=my data/x y", "--users=30", "--items=20"], tmp_path)
    line = drawn.stdout.splitlines()[-1].removeprefix("train with: ")
    # The command is right where it gets as far as refusing our addition to it.
    refused = shell(f"{line} --epochs=0", tmp_path)
    assert refused.stderr.startswith("error: --epochs=0 is not valid"), (line, refused.stderr)


def test_a_command_on_the_path_is_named_without_its_folder(tmp_path):
    if not INSTALLED.exists():
        pytest.skip("the package is not installed here")
    path = f"{INSTALLED.parent}{os.pathsep}{os.environ['PATH']}"
    for words in (["recbole-opal", "--help"], [str(INSTALLED), "--help"]):
        assert "usage: recbole-opal --dataset=NAME" in start(words, tmp_path, path).stdout
    assert f"usage: {INSTALLED} --dataset" in start([str(INSTALLED), "--help"], tmp_path).stdout


@pytest.mark.parametrize("name", ["convert", "describe", "synthesize"])
def test_each_command_explains_itself_by_the_name_of_the_program(name, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["recbole-opal"])
    monkeypatch.setattr("recbole_opal.process.program._is_on_path", lambda program: True)
    assert cli.main([name, "--help"]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"usage: recbole-opal {name} ")
    assert "python" not in told


def test_an_interrupted_run_is_continued_by_what_it_prints(quick_settings, tmp_path):
    """Ctrl-C after the first validation; the process passes for the script."""
    flags = [f"--{name}={value}".replace(" ", "") for name, value in quick_settings.items()]
    words = [str(ROOT / "run_opal.py"), "--dataset=tiny", *flags]
    code = (
        "import os, signal, sys; import recbole_opal.experiment.session as experiment\n"
        "save = experiment.Session._save\n"
        "def stop(*values):\n"
        "    save(*values)\n"
        "    if values[2].loop.history: os.kill(os.getpid(), signal.SIGINT)\n"
        "experiment.Session._save = stop\n"
        f"sys.argv = {words!r}\n"
        "from recbole_opal.cli import console; console()"
    )
    told = start([sys.executable, "-c", code], tmp_path)
    assert told.returncode == 130, told.stderr
    line = told.stderr.splitlines()[-1].removeprefix("interrupted; continue with: ")
    done = shell(line, tmp_path)
    assert done.stdout.splitlines()[-1].startswith("run folder: "), (line, done.stderr)


def test_python_code_gets_what_works_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command("--help") == "python -m recbole_opal run --help"
    assert command("a b", name="describe") == "python -m recbole_opal describe 'a b'"
    (tmp_path / "run_opal.py").write_text("")
    assert command("--help") == "python run_opal.py --help"
    assert command("a", name="describe") == "python run_opal.py describe a"


def test_only_data_sets_that_are_there_are_offered(tmp_path):
    words = CALLS["package"]
    missing = start(words, tmp_path).stderr
    offered = "--dataset=ml-100k or --dataset=synthetic-small"  # the package brings both
    assert missing == f"error: --dataset is missing; write for example {offered}.\n"
    assert "kuairand" not in start([*words, "run", "--help"], tmp_path).stdout
    for name in ("mine", "empty"):
        (tmp_path / "dataset" / name).mkdir(parents=True)
    (tmp_path / "dataset" / "mine" / "mine.inter").write_text("")
    missing = start(words, tmp_path).stderr
    assert missing.endswith(f"write for example {offered} or --dataset=mine.\n")
    assert (
        "--dataset=NAME        ml-100k, synthetic-small, mine,\n"
        in start([*words, "run", "--help"], tmp_path).stdout
    )
    missing = start([*words, "--data_path=dataset"], tmp_path).stderr
    assert missing.endswith("write for example --dataset=mine.\n")
    missing = start([*words, "--data_path=elsewhere"], tmp_path).stderr
    assert missing.startswith(
        "error: --dataset is missing, and --data_path=elsewhere holds no data"
    )


@pytest.mark.parametrize("extra", ["tune", "parquet"])
def test_an_extra_is_installed_for_this_interpreter_from_any_folder(extra):
    python, *others = shlex.split(installation(extra))
    assert others == ["-m", "pip", "install", f"recbole-opal[{extra}]"]
    assert Path(shutil.which(python)).absolute() == Path(sys.executable).absolute()
