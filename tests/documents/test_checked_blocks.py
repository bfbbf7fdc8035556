"""Blocks that are too long to run, or need a network: their flags go through the real parsers."""

import re
import shlex
from contextlib import redirect_stdout
from functools import cache
from io import StringIO

import pytest

import recbole_opal.cli as cli
from recbole_opal.errors import OpalError
from recbole_opal.settings.commandline import parse_arguments
from tests.documents.blocks import ROOT, Block, commands, read_pages

PAGES = read_pages()
_EXTERNAL = (
    "(cd ",
    "ln -s ",
    "mkdocs serve",
    "mv -T ",
    "python -m pytest ",
    "source ",
    "tensorboard ",
)
_LAUNCHER = ("--nproc-per-node",)


def _others(mark: str) -> list[tuple[str, Block]]:
    return [(name, b) for name, blocks in PAGES.items() for b in blocks if b.mark == mark]


@pytest.fixture(scope="module")
def parsed(tmp_path_factory):
    """A checkout beside which the folder of a data set lies."""
    folder = tmp_path_factory.mktemp("parsed") / "checkout"
    folder.mkdir()
    (folder.parent / "shared" / "data" / "kuairand-pure").mkdir(parents=True)
    return folder


def told(words: list[str]) -> str:
    """Return what is wrong with a command line of ours, empty where nothing is."""
    name, *rest = words if words[:1] and not words[0].startswith("-") else ["run", *words]
    if name not in cli.COMMANDS:
        return f"{name} is no command"
    if name == "run":
        try:
            request = parse_arguments(rest)
            if request.resume is None:
                cli._refuse_slips(request)
        except OpalError as error:
            return str(error)
        return ""
    known = _help_of(name, "--help")
    if name == "study":  # it takes the settings of its runs too
        known += _help_of("run", "--help=all")
    flags = [word.partition("=")[0] for word in rest if word.startswith("--")]
    return ", ".join(flag for flag in flags if not re.search(rf"{flag}\b", known))


@cache
def _help_of(command: str, flag: str) -> str:
    said = StringIO()
    with redirect_stdout(said):
        assert cli.main([command, flag]) == 0
    return said.getvalue()


def problem(line: str) -> str:
    """Return what is wrong with a line of a block, empty where nothing is."""
    for part in re.split(r" && ", line):
        words = shlex.split(part.replace(".venv/bin/", "").replace("OMP_NUM_THREADS=1 ", ""))
        wrong = _problem(words, part)
        if wrong:
            return f"{part}: {wrong}"
    return ""


def _problem(words: list[str], part: str) -> str:
    if words[0] == "torchrun":
        words = ["python", *(w for w in words[1:] if not w.startswith(_LAUNCHER))]
    if words[:2] == ["python", "run_opal.py"]:
        return told(words[2:])
    if words[:3] == ["python", "-m", "recbole_opal"]:
        return told(words[3:])
    if words[0] == "recbole-opal":
        return told(words[1:])
    if words[:2] == ["pip", "install"]:
        return _installs(words[2:])
    if words[0] == "python" and words[1].startswith("benchmarks/"):
        source = (ROOT / words[1]).read_text(encoding="utf-8")
        flags = [word.partition("=")[0] for word in words[2:] if word.startswith("--")]
        # Those that do not take flags of their own hand them to a run.
        own = [flag for flag in flags if f'"{flag}"' not in source]
        return told(["run", *words[2:]]) if own else ""
    if words[:3] == ["python3", "-m", "venv"] or part.strip().startswith(_EXTERNAL):
        return ""
    if words[:2] == ["python", "query.py"]:
        return ""
    return "nothing here knows this command"


def _installs(words: list[str]) -> str:
    """Tell what is missing of what pip is asked for: extras, and what constraints.txt pins."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    for word in words:
        extras = re.fullmatch(r"\.\[(.*)\]", word)
        for extra in extras[1].split(",") if extras else ():
            if not re.search(rf"^{extra} = \[$", project, re.MULTILINE):
                return f"there is no extra {extra}"
        if "==" in word and word not in pinned:
            return f"constraints.txt has another version than {word}"
    return ""


@pytest.mark.parametrize(
    ("name", "block"),
    [
        pytest.param(n, b, id=f"{n}:{b.line}")
        for mark in ("checked", "slow", "real")
        for n, b in _others(mark)
    ],
)
def test_a_block_that_is_not_run_is_parsed(name, block, parsed, monkeypatch):
    monkeypatch.chdir(parsed)
    assert block.reason
    if block.kind == "python":
        compile(block.text, f"{name}:{block.line}", "exec")
        return
    assert [wrong for wrong in map(problem, commands(block)) if wrong] == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("python run_opal.py --dataset=ml-100k --epoch=3", "epoch"),
        ("torchrun --nproc-per-node=2 run_opal.py --dataset=nowhere", "nowhere"),
        ("python -m recbole_opal studdy losses", "studdy"),
        ("python -m recbole_opal study losses --dataset=ml-100k --epoch=1", "--epoch"),
        ("pip install -c constraints.txt -e '.[tunes]'", "tunes"),
        ("pip install --no-deps recbole==1.2.0", "recbole==1.2.0"),
        ("python benchmarks/training_speed.py --dataset=nowhere", "nowhere"),
        ("rm -rf saved", "rm"),
    ],
)
def test_what_is_wrong_with_a_line_is_found(line, wrong, parsed, monkeypatch):
    monkeypatch.chdir(parsed)
    assert wrong in problem(line)


def test_most_blocks_are_run():
    blocks = [b for blocks in PAGES.values() for b in blocks if b.is_code]
    assert sum(not b.mark for b in blocks) > len(blocks) / 2
