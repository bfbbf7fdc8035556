import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from recbole_opal.host import install

MAIN_COMMAND = (
    "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt -e . "
    "&& .venv/bin/python run_opal.py --dataset=ml-100k"
)
TEST_COMMAND = (
    "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt -e '.[test]' "
    "&& .venv/bin/python -m pytest"
)
# What is written here by hand; the rest of a checkout comes from tools.
HAND_WRITTEN = [
    ".ci",
    ".github",
    "benchmarks",
    "dataset",
    "docs",
    "properties",
    "recbole_opal",
    "tests",
]
# Written in two pieces, so that this file does not hold them.
MACHINE_PATHS = re.compile("|".join(["/wo" + "rk/", "/ho" + "me/", "/ro" + "ot/", "/tm" + "p/"]))
REGISTRIES = re.compile("|".join(["index" + "-url", "find" + "-links", "pypi" + r"\.org"]))


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and text of every file of the project."""
    files = [path for path in root.iterdir() if path.is_file() and path.name != ".git"]
    for folder in HAND_WRITTEN:
        files += [path for path in (root / folder).rglob("*") if path.is_file()]
    for path in files:
        if path.suffix not in {".pyc", ".inter", ".npz"}:
            yield str(path.relative_to(root)), path.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [MAIN_COMMAND, TEST_COMMAND])
def test_readme_has_the_two_commands_in_one_line_each(root, command):
    lines = (root / "README.md").read_text(encoding="utf-8").splitlines()
    assert command in [line.strip() for line in lines]


def test_ci_runs_the_test_command_of_readme(root):
    assert TEST_COMMAND in (root / ".ci" / "run").read_text(encoding="utf-8")


def test_ci_can_be_run(root):
    assert (root / ".ci" / "run").stat().st_mode & 0o111


def test_readme_and_the_import_error_tell_the_same_line_for_python_3_12(root, monkeypatch):
    line = f"pip install --no-deps recbole=={install.RECBOLE_VERSION}"
    assert line in (root / "README.md").read_text(encoding="utf-8")
    monkeypatch.setattr(install.sys, "version_info", (3, 12, 0, "final", 0))
    monkeypatch.setattr(install, "version", lambda name: "1.0")
    with pytest.raises(install.MissingRecBoleError, match=line):
        install.require_recbole()


@pytest.mark.parametrize("pattern", [MACHINE_PATHS, REGISTRIES], ids=["machine", "registry"])
def test_no_file_holds_a_place_of_one_machine(root, pattern):
    found = [(name, pattern.findall(text)) for name, text in texts(root)]
    assert len(found) > 100
    assert [hit for hit in found if hit[1]] == []
