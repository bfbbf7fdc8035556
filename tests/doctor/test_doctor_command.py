"""What `doctor` says of a sound environment, of missing and broken packages, and how it ends."""

import subprocess
import sys
from pathlib import Path

import pytest

from recbole_opal import cli
from recbole_opal.doctor import checkup, packages
from recbole_opal.doctor.checkup import Finding

BLOCK = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named '{{name}}'", name=name)

sys.meta_path.insert(0, Missing())
from recbole_opal.cli import main
sys.exit(main(["doctor", "--quick"]))
"""
HEAVY = ["duckdb", "faiss", "numpy", "pandas", "psutil", "pydantic", "recbole", "torch", "yaml"]
WELL = [Finding("import", True, "12 packages"), Finding("search", True, "they agree")]


@pytest.fixture
def doctor(monkeypatch, capsys):
    """Return a function that gives the command and returns its code and what it printed."""

    def give(*words, findings=WELL, columns=80):
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(checkup, "check_up", lambda: iter(findings))
        code = cli.main(["doctor", *words])
        return code, capsys.readouterr()

    return give


def test_a_sound_environment_is_well(doctor):
    code, said = doctor()
    assert said.out.splitlines()[-1] == "all is well"
    assert code == 0
    for line in ("ok     import: 12 packages", "ok     search: they agree"):
        assert line in said.out.splitlines()


def test_a_step_that_failed_is_told_and_is_the_code(doctor):
    code, said = doctor(findings=[*WELL, Finding("train", False, "ValueError: no")])
    assert "failed train: ValueError: no" in said.out
    assert said.out.splitlines()[-1] == "to mend: train"
    assert code == 1


def test_quick_leaves_the_self_test_out(doctor):
    code, said = doctor("--quick", findings=[Finding("train", False, "")])
    assert (code, "train" in said.out) == (0, False)


@pytest.mark.parametrize("columns", [80, 160])
def test_tables_fit_the_width(doctor, columns, monkeypatch):
    monkeypatch.setattr(packages, "installed_version", lambda name: "1.0")
    _, said = doctor("--quick", columns=columns)
    table = [line for line in said.out.splitlines() if line[:1] in "│┃┏┡└"]
    assert len(table) > 20
    assert max(map(len, table)) <= columns
    assert "…" not in said.out


def test_a_missing_package_and_one_that_is_too_old_are_told(doctor, monkeypatch):
    installed = packages.installed_version
    odd = {"torch": None, "pydantic": "1.10.2"}
    monkeypatch.setattr(packages, "installed_version", lambda name: odd.get(name, installed(name)))
    code, said = doctor("--quick")
    assert code == 1
    assert said.out.splitlines()[-1] == "to mend: pydantic, torch"
    assert "missing" in said.out


def test_an_extra_that_is_not_here_is_no_harm_and_says_how_to_get_it(doctor, monkeypatch):
    installed = packages.installed_version
    monkeypatch.setattr(
        packages, "installed_version", lambda name: None if name == "optuna" else installed(name)
    )
    code, said = doctor("--quick", columns=160)
    assert code == 0
    (line,) = [line for line in said.out.splitlines() if "lacks optuna" in line]
    assert '-m pip install "recbole-opal[tune]"' in line


def test_a_wrong_flag_is_one_line(doctor):
    code, said = doctor("--quik")
    assert (code, said.err) == (2, "error: --quik is not a flag of doctor; did you mean --quick?\n")


def test_nothing_heavy_is_needed_to_tell_what_is_here(tmp_path):
    done = start([sys.executable, "-c", BLOCK.format(names=HEAVY)], tmp_path)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "all is well"


def test_what_the_telling_needs_is_told_in_a_line(tmp_path):
    done = start([sys.executable, "-c", BLOCK.format(names=["rich"])], tmp_path)
    assert done.returncode == 2
    told = "doctor itself needs rich (No module named 'rich'); install with `pip install rich`."
    assert done.stderr == f"error: {told}\n"


def start(words, folder):
    return subprocess.run(words, cwd=folder, capture_output=True, encoding="utf-8", timeout=120)


@pytest.mark.slow
def test_a_broken_faiss_is_told_and_training_still_tried(tmp_path, monkeypatch):
    (tmp_path / "faiss").mkdir()
    (tmp_path / "faiss" / "__init__.py").write_text("raise ImportError('libgomp is missing')")
    root = Path(cli.__file__).parents[1]
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{root}")
    done = start([sys.executable, "-m", "recbole_opal", "doctor"], tmp_path)
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert "failed import: cannot be imported: faiss (ImportError: libgomp is missing)" in lines
    assert any(line.startswith("ok     train: OPAL, 3 stages") for line in lines), done.stdout
    assert lines[-1] == "to mend: import, search"
