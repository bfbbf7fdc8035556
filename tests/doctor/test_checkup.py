"""The self-test, and what is heard of it where its process dies or hangs."""

import json
import sys

import numpy as np
import pytest

from recbole_opal.doctor import checkup, self_test
from recbole_opal.doctor.checkup import Finding, check_up
from recbole_opal.doctor.self_test import MARK, STEPS

IMPORTED = json.dumps({"step": "import", "ok": True, "told": "12 packages"})
SAID = f"print('noise'); print('{MARK}' + {IMPORTED!r}, flush=True)"


@pytest.fixture
def steps(capsys, tmp_path, monkeypatch):
    """Return a function that does the self-test here and returns its code and findings."""
    monkeypatch.chdir(tmp_path)  # RecBole writes log folders where it stands

    def do():
        code = self_test.main(str(tmp_path))
        lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith(MARK)]
        return code, {
            each["step"]: each for each in map(json.loads, (s[len(MARK) :] for s in lines))
        }

    return do


def test_all_is_well_here(steps):
    code, found = steps()
    assert (code, list(found)) == (0, list(STEPS)), found
    assert "lists, as the run saved them" in found["save and load"]["told"]


def test_lists_that_differ_are_found(steps, monkeypatch):
    lists = self_test._lists

    def otherwise(result, retrieval):
        found = lists(result, retrieval)
        if retrieval == "faiss":
            found.ids[:3] = np.roll(found.ids[:3], 1, axis=1)
        return found

    monkeypatch.setattr(self_test, "_lists", otherwise)
    code, found = steps()
    assert code == 1
    assert found["search"]["told"].startswith("torch and Faiss differ in 3 of ")


def test_what_follows_a_failure_is_left_out(steps, monkeypatch):
    monkeypatch.setattr("recbole_opal.run", lambda *words, **settings: 1 / 0, raising=False)
    code, found = steps()
    assert code == 3
    assert found["train"]["told"] == "ZeroDivisionError: division by zero"
    assert found["search"]["told"] == "left out, since an earlier step failed"


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ("raise SystemExit('cannot allocate')", "its process ended with code 1: cannot allocate"),
        pytest.param(
            "import os; os.abort()", "its process ended with code -6", marks=pytest.mark.posix
        ),
    ],
)
def test_a_process_that_dies_is_told_with_the_step(monkeypatch, then, told):
    monkeypatch.setattr(checkup, "COMMAND", [sys.executable, "-c", f"{SAID}; {then}"])
    first, last = check_up()
    assert first == Finding("import", True, "12 packages")
    assert (last.step, last.ok, last.told) == ("devices", False, told)


def test_a_process_that_hangs_is_ended(monkeypatch):
    code = f"{SAID}; import time; time.sleep(600)"
    monkeypatch.setattr(checkup, "COMMAND", [sys.executable, "-c", code])
    assert list(check_up(patience=2.0))[-1].told == "its process did not end within 2 s"
