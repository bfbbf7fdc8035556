"""The peak of a run is its own: not its parent's, not that of what the process did before."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import recbole_opal
from recbole_opal.process import peak_memory as memory
from recbole_opal.process.peak_memory import PeakMemory
from recbole_opal.runs import RunFolder

MUCH = 300 * 2**20
CPU = torch.device("cpu")
LINUX = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux")
CHILD = """
import resource, torch
from recbole_opal.process.peak_memory import PeakMemory
peak = PeakMemory().in_bytes(torch.device("cpu"))["host_bytes"]
print(peak, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""
PARENT = """
import subprocess, sys
held = b"x" * int(sys.argv[1])
subprocess.run([sys.executable, "-c", sys.argv[2]], check=True)
"""


def told_by(*arguments: str) -> list[int]:
    done = subprocess.run(
        [sys.executable, "-c", *arguments], check=True, capture_output=True, text=True
    )
    return [int(word) for word in done.stdout.split()]


def host_bytes(measured: PeakMemory) -> int:
    return measured.in_bytes(CPU)["host_bytes"]


@LINUX
def test_the_parent_s_memory_is_not_counted():
    alone, _ = told_by(CHILD)
    peak, inherited = told_by(PARENT, str(alone + MUCH), CHILD)
    assert inherited > alone + MUCH  # the number that must not be told
    assert peak == pytest.approx(alone, rel=0.2)


@pytest.mark.parametrize("kept_by_the_system", [pytest.param(True, marks=LINUX), False])
def test_what_was_let_go_before_is_not_counted_and_what_came_after_is(
    kept_by_the_system, monkeypatch, tmp_path
):
    if not kept_by_the_system:
        monkeypatch.setattr(memory, "_RESET", tmp_path / "no" / "such" / "file")
    before = b"x" * MUCH
    held = host_bytes(PeakMemory())
    del before
    measured = PeakMemory()
    assert host_bytes(measured) < held - MUCH * 0.9
    during = b"x" * MUCH
    time.sleep(0.3)
    del during
    assert host_bytes(measured) > held - MUCH * 0.1


def test_a_run_that_begins_inside_another_does_not_take_its_peak_away():
    outer = PeakMemory()
    large = b"x" * MUCH
    time.sleep(0.2)
    del large
    inner = PeakMemory()
    assert host_bytes(outer) > host_bytes(inner) + MUCH * 0.9


def test_nothing_watches_any_longer_when_the_run_is_over(monkeypatch, tmp_path):
    import threading

    monkeypatch.setattr(memory, "_RESET", tmp_path / "no" / "such" / "file")
    threads = threading.active_count()
    measured = PeakMemory()
    assert threading.active_count() == threads + 1
    del measured
    time.sleep(0.3)
    assert threading.active_count() == threads


def test_the_second_run_of_a_process_tells_its_own_peak(quick_settings):
    settings = quick_settings | {"epochs": 1, "stages": "soft"}
    own = peak_of(recbole_opal.run("OPAL", "tiny", **settings))
    large = b"x" * 2 * MUCH
    del large
    assert peak_of(recbole_opal.run("OPAL", "tiny", **settings)) < own + MUCH


def test_a_resumed_run_keeps_the_peak_of_its_first_session(quick_settings):
    settings = quick_settings | {"epochs": 1, "stages": "soft"}
    settings |= {"learning_rate_schedule": "constant"}  # which more epochs may follow
    large = b"x" * MUCH
    result = recbole_opal.run("OPAL", "tiny", **settings)
    del large
    first = peak_of(result)
    again = recbole_opal.resume(result.folder, epochs=2)
    assert peak_of(again) >= first * 0.99


def peak_of(result: recbole_opal.RunResult) -> int:
    peak = RunFolder.open(result.folder).load_json("metrics.json")["peak_memory"]
    return peak["host_bytes"]
