import os
import re
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from recbole_opal import cli
from recbole_opal.server import serve_command

READY = re.compile(
    r"serving OPAL stage soft of tiny on (http://127\.0\.0\.1:\d+) \(docs at /docs\)\n"
)


MANY = {"histories": [{"items": list(range(1, 200, 7))}] * 250, "k": 150}


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_says_when_it_is_ready_and_ends_after_its_last_answer(bundle, stop):
    words = [sys.executable, "-m", "recbole_opal", "serve", str(bundle), "--port=0"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as server:
        threading.Timer(120, server.kill).start()
        url = READY.fullmatch(server.stdout.readline())[1]
        with httpx.Client(base_url=url, timeout=60) as client, ThreadPoolExecutor() as pool:
            assert client.get("/health").json()["ok"] is True
            asked = pool.submit(client.post, "/recommend", json=MANY)
            while "opal_batch_histories_count 1.0" not in client.get("/metrics").text:
                pass  # until the model has it
            server.send_signal(stop)
            assert len(asked.result().json()["lists"]) == 250
        assert server.wait(60) == 0
        assert server.stderr.read() == ""


def test_a_port_that_is_taken_is_told_before_anything_is_loaded(capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert cli.main(["serve", "nowhere", f"--port={port}"]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"error: cannot listen on 127.0.0.1 port {port} (Address already in use")
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "no run folder is named"),
        (["a", "b"], "2 run folders are named"),
        (["nowhere", "--port=0"], "nowhere leads nowhere"),
        (["run", "--prot=80"], "--prot is not a flag of serve; did you mean --port?"),
        (["run", "--port=99999"], "--port=99999 is not valid; write an integer in [0, 65535]"),
        (["run", "--max_k=0"], "--max_k=0 is not valid"),
        (["run", "--max_batch=many"], "--max_batch=many is not valid"),
        (["run", "--retrieval_args=5"], "--retrieval_args=5 is not valid"),
        (["run", "--host=no.such.host.invalid", "--port=0"], "--host=no.such.host.invalid is no"),
    ],
)
def test_wrong_arguments_are_told_in_one_line(capsys, words, told):
    assert cli.main(["serve", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {told}")
    assert error.count("\n") == 1


def test_a_missing_library_is_told_with_its_installation(monkeypatch, capsys):
    monkeypatch.setattr(serve_command, "find_spec", lambda name: None)
    assert cli.main(["serve", "run"]) == 2
    told = capsys.readouterr().err
    assert "serve needs fastapi, uvicorn, prometheus_client" in told
    assert 'pip install "recbole-opal[serve]"' in told


def test_wrong_stages_and_searches_are_told(bundle, capsys):
    assert cli.main(["serve", str(bundle), "--port=0", "--stage=hrad"]) == 2
    assert "stage 'hrad' is none of the run's" in capsys.readouterr().err
    assert cli.main(["serve", str(bundle), "--port=0", "--retrieval=hnws"]) == 2
    assert "hnws" in capsys.readouterr().err


def test_the_help_names_every_flag(capsys):
    assert cli.main(["serve", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "--max_history: items of a history; default: 1000" in shown
    assert "usage: " in shown
