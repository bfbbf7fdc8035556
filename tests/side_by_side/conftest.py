"""A worker that trains nothing."""

import sys

import pytest

from recbole_opal.side_by_side import worker_process as process

# What a worker may do, told by the model's name; it starts in milliseconds, without torch.
FAKE_WORKER = """
import json, os, signal, sys, time
job = json.loads(sys.stdin.readline())
model = job.get("model", "Resumed")
print("stage=train epoch=0", file=sys.stderr, flush=True)
if model == "Crash":
    raise ZeroDivisionError("a bug")
if model == "Refuse":
    sys.exit("error: the loss became nan; lower --learning_rate.")
if model == "Kill":
    os.kill(os.getpid(), signal.SIGKILL)
if model == "Slow":
    sys.stdin.read()
    sys.exit(130)
if model == "Silent":
    sys.exit(0)
print("noise on standard output")
print("run folder: " + os.path.join("saved", model))
"""


@pytest.fixture
def fake_worker(tmp_path, monkeypatch):
    """Put a worker that does not train in the real one's place."""
    script = tmp_path / "fake_worker.py"
    script.write_text(FAKE_WORKER)
    monkeypatch.setattr(process, "WORKER_COMMAND", [sys.executable, str(script)])
    return script
