"""How the commands end: streams that are closed or full, signals, a folder that is gone."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

import recbole_opal
from recbole_opal.errors import SettingsError
from recbole_opal.settings.fields import typed

SCRIPT = Path(__file__).resolve().parents[1] / "run_opal.py"


@pytest.fixture
def few(quick_settings):
    return quick_settings | {"epochs": 1}


def words(settings):
    flags = [f"--{name}={typed(value)}" for name, value in settings.items()]
    return [sys.executable, str(SCRIPT), "--dataset=tiny", *flags]


def shell(line, folder):
    return subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True)  # noqa: S607


@pytest.mark.posix
@pytest.mark.parametrize(
    "closed", [pytest.param("<&-", marks=pytest.mark.slow), ">&-", "<&- >&- 2>&-"]
)
def test_a_run_ends_well_where_streams_are_closed(few, tmp_path, closed):
    command = subprocess.list2cmdline(words(few))
    done = shell(f"{command} {closed}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device")
def test_an_output_that_cannot_be_written_is_one_line(tmp_path):
    done = shell(f"{sys.executable} {SCRIPT} --help >/dev/full", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: cannot write the output: No space left on device")
    assert done.stderr.count("\n") == 1


@pytest.mark.posix
def test_the_report_s_reader_may_go(tmp_path):
    done = shell(f"{sys.executable} -m recbole_opal report --help 2>&1 >&- | true", tmp_path)
    assert done.stderr == ""


@pytest.mark.posix  # Windows ends a process that gets a signal
@pytest.mark.parametrize("stop", ["SIGTERM", pytest.param("SIGHUP", marks=pytest.mark.slow)])
def test_a_scheduler_s_signal_counts_as_ctrl_c(few, tmp_path, stop):
    long = few | {"epochs": 100000, "stopping_step": 100000, "checkpoint_dir": "saved"}
    process = subprocess.Popen(
        words(long), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("saved/*/state-*.safetensors")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(getattr(signal, stop))
    begun = time.monotonic()
    told = process.communicate()[1]
    assert time.monotonic() - begun < 5
    assert process.returncode == 130
    assert "Traceback" not in told
    assert told.splitlines()[-1].startswith("interrupted; continue with: ")


def test_ctrl_c_while_libraries_are_imported_is_one_line(tmp_path):
    code = (
        "import sys, runpy\n"
        "class Stop:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in ('rich', 'yaml', 'numpy'): raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Stop())\n"
        "sys.argv = ['run_opal.py', '--dataset=x']\n"
    )
    last = f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", code + last], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stderr == "interrupted before anything was saved; give the same command again.\n"
    assert done.returncode == 130


@pytest.mark.parametrize("command", ["--dataset=tiny", "describe tiny", "convert x.csv --out=y"])
def test_a_folder_that_is_gone_is_one_line(tmp_path, command):
    gone = tmp_path / "gone"
    gone.mkdir()
    done = shell(f"rmdir {gone}; {sys.executable} -m recbole_opal {command}", gone)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("error: the folder in which this was started is")
    assert "Traceback" not in done.stderr


def test_a_call_from_a_folder_that_is_gone(few, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def gone():
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(os, "getcwd", gone)
    with pytest.raises(SettingsError, match="is gone"):
        recbole_opal.run("Pop", "tiny", **few)


def test_modes_in_which_the_caller_stands_do_not_reach_a_run(few):
    usual = recbole_opal.run("OPAL", "tiny", **few)
    for mode in (torch.no_grad(), torch.inference_mode(), torch.device("meta")):
        with mode:
            inside = recbole_opal.run("OPAL", "tiny", **few)
        assert scores(inside) == scores(usual)


def test_runs_in_two_threads_equal_runs_one_after_the_other(few):
    wanted = {seed: scores(recbole_opal.run("OPAL", "tiny", seed=seed, **few)) for seed in (1, 2)}
    found = {}

    def one(seed):
        found[seed] = scores(recbole_opal.run("OPAL", "tiny", seed=seed, **few))

    threads = [threading.Thread(target=one, args=[seed]) for seed in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == wanted
    assert wanted[1] != wanted[2]


def scores(result):
    return {name: (stage["valid"], stage["test"]) for name, stage in result.stages.items()}
