import json
import subprocess
import sys

from recbole_opal.side_by_side.worker_process import WORKER_COMMAND, worker_environment


def ask(line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        WORKER_COMMAND,
        input=line,
        capture_output=True,
        text=True,
        timeout=100,
        env=worker_environment(1),
    )


def test_what_is_no_json_is_refused_before_anything_is_loaded():
    for line in ("", "hello\n"):
        done = ask(line)
        assert done.returncode == 2
        assert done.stderr.startswith("error: the worker reads one line of JSON")


def test_settings_that_are_wrong_are_one_line_and_their_exit_code(tmp_path):
    # The input ends at once, as if the asker had gone: told all the same, or stopped; never hung.
    job = {"model": "OPLA", "dataset": "tiny", "settings": {}}
    code = (
        "import subprocess, sys\n"
        "worker = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stderr=subprocess.PIPE)\n"
        "worker.stdin.write(sys.argv[1].encode() + b'\\n'); worker.stdin.flush()\n"
        "print(worker.stderr.read().decode()); sys.exit(worker.wait())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(job), *WORKER_COMMAND],
        capture_output=True,
        text=True,
        timeout=100,
        env=worker_environment(1),
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert done.stdout.strip() == "error: --model=OPLA is not a model; did you mean --model=OPAL?"


def test_an_input_that_ends_stops_the_worker(tmp_path):
    job = {"model": "OPLA", "dataset": "tiny", "settings": {}}
    done = subprocess.run(
        WORKER_COMMAND,
        input=json.dumps(job) + "\n",
        capture_output=True,
        text=True,
        timeout=100,
        env=worker_environment(1),
        cwd=tmp_path,
    )
    assert done.returncode == 130
    assert done.stderr.strip().splitlines()[-1] == "error: stopped; the same command goes on."
