"""A checkout in which all that the pages name is there, and small.

What runs is what is written, but for a few substitutions:

- ml-100k is a part of the real one, inside a copy of RecBole; kuairand-pure is made of it;
- defaults are those of `quick_python.SMALL`;
- where a page says three seeds or eight trials, one is run, and the port is one that is free.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from tests.documents.blocks import ROOT
from tests.documents.quick_python import write_programs

USERS, ITEMS = 60, 160
NAMED = ["50", "100", "242", "269", "302", "377"]  # films that the pages ask for
NAMED_USERS = ["186", "196"]
_LINKS = ("benchmarks", "constraints.txt", "docs", "run_opal.py")
_COPIES = ("dataset", "results")  # commands write into them
SECONDS = 240


@dataclass(frozen=True)
class World:
    """The folder of a checkout, and the environment of whoever stands in it."""

    folder: Path
    environment: dict[str, str]


def replaced(text: str, port: int) -> str:
    """Return a block with its substitutions."""
    for told, small in (("--seeds=1,2,3", "--seeds=1"), ("seeds=[1, 2, 3]", "seeds=[1]")):
        text = text.replace(told, small)
    text = re.sub(r"--tune=\d+", "--tune=1", text)
    return text.replace("8000", str(port))


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as here:
        here.bind(("127.0.0.1", 0))
        return int(here.getsockname()[1])


def write_libraries(folder: Path) -> Path:
    """Copy RecBole with a small ml-100k; the folder is for PYTHONPATH."""
    spec = find_spec("recbole")
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).parent
    shutil.copytree(source, folder / "recbole", ignore=shutil.ignore_patterns("dataset_example"))
    target = folder / "recbole" / "dataset_example" / "ml-100k"
    target.mkdir(parents=True)
    for name, table in _small_films(source / "dataset_example" / "ml-100k").items():
        table.to_csv(target / f"ml-100k.{name}", sep="\t", index=False)
    return folder


def _small_films(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the ratings of a few users on the best known films, and those films."""
    ratings, films = (
        pd.read_csv(folder / f"ml-100k.{name}", sep="\t", dtype=str) for name in ("inter", "item")
    )
    users, items = ratings["user_id:token"], ratings["item_id:token"]
    known = set(items.value_counts().index[:ITEMS]) | set(NAMED)
    asked = {*users.drop_duplicates()[:USERS], *NAMED_USERS}
    return {
        "inter": ratings[users.isin(asked) & items.isin(known)],
        "item": films[films["item_id:token"].isin(known)],
    }


def write_real_world(folder: Path) -> World:
    """Write a checkout in which Python, RecBole, its ml-100k and all defaults are the real ones."""
    checkout = folder / "checkout"
    checkout.mkdir(parents=True)
    _lay_out(checkout)
    own = _environment(Path(sys.executable).parent)
    return World(checkout, own | {"PYTHONPATH": str(ROOT)})


def write_world(folder: Path, libraries: Path, programs: Path) -> World:
    """Write a checkout for a page, with the files that the page takes for granted."""
    checkout = folder / "checkout"
    checkout.mkdir(parents=True)
    _lay_out(checkout)
    films = libraries / "recbole" / "dataset_example" / "ml-100k"
    _write_videos(films, folder / "shared" / "data" / "kuairand-pure")
    ratings = pd.read_csv(films / "ml-100k.inter", sep="\t", dtype=str)
    ratings.columns = ["user_id", "item_id", "rating", "timestamp"]
    ratings.to_csv(checkout / "ratings.csv", index=False)
    ratings.head(200).drop(columns="rating").to_csv(checkout / "new.csv", index=False)
    return World(checkout, _environment(programs))


def _lay_out(checkout: Path) -> None:
    for name in _LINKS:
        (checkout / name).symlink_to(ROOT / name)
    for name in _COPIES:
        shutil.copytree(ROOT / name, checkout / name)


def _environment(programs: Path) -> dict[str, str]:
    return os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "OMP_NUM_THREADS": "1",
        "COLUMNS": "100",
    }


def _write_videos(films: Path, target: Path) -> None:
    """Write films as videos with tags and an author."""
    target.mkdir(parents=True)
    ratings = pd.read_csv(films / "ml-100k.inter", sep="\t", dtype=str)
    ratings.drop(columns="rating:float").to_csv(
        target / "kuairand-pure.inter", sep="\t", index=False
    )
    items = pd.read_csv(films / "ml-100k.item", sep="\t", dtype=str)
    genres = sorted({genre for genre in " ".join(items["class:token_seq"]).split()})
    numbers = {genre: str(number) for number, genre in enumerate(genres)}
    videos = pd.DataFrame({"item_id:token": items["item_id:token"]})
    videos["tag:token_seq"] = [
        " ".join(numbers[genre] for genre in row.split()) for row in items["class:token_seq"]
    ]
    videos["author_id:token"] = [f"a{int(item) % 20}" for item in items["item_id:token"]]
    videos.to_csv(target / "kuairand-pure.item", sep="\t", index=False)


@contextmanager
def quick_python(folder: Path, libraries: Path) -> Iterator[Path]:
    """Start the process that runs commands in forks; give the folder with `python` in it."""
    place, programs = folder / "socket", folder / "programs"
    write_programs(programs, place)
    paths = os.pathsep.join(map(str, (libraries, ROOT)))
    script = Path(__file__).with_name("quick_python.py")
    process = subprocess.Popen(
        [sys.executable, str(script), str(place), str(programs / "python")],
        cwd=folder,  # where it trains once, with TensorBoard's files
        env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield programs
    finally:
        process.kill()
        process.wait()


class BlockError(AssertionError):
    """A block ended otherwise than it should."""


def run_bash(text: str, world: World, code: int = 0) -> str:
    """Run a bash block; return what it said. Variables that it sets are kept for the next."""
    kept = world.folder.parent / "variables"
    script = f"set -eo pipefail -o allexport\n{text}\nenv -0 > {kept}\n"
    said, ended = _ended(["bash", "-c", script], world)
    if ended != code:
        raise BlockError(f"code {ended}, not {code}:\n{text}\n{said[-4000:]}")
    if kept.is_file():
        pairs = (pair.partition("=") for pair in kept.read_text().split("\0") if pair)
        world.environment.update({name: value for name, _, value in pairs})
    return said


def run_python(text: str, world: World) -> str:
    """Run a Python block by itself; return what it said."""
    said, ended = _ended(["python", "-"], world, text)
    if ended:
        raise BlockError(f"code {ended}:\n{text}\n{said[-4000:]}")
    return said


def _ended(words: list[str], world: World, text: str = "") -> tuple[str, int]:
    """Run to the end, and end all that was left in the background."""
    output = world.folder.parent / "output"
    with output.open("w") as file:
        process = subprocess.Popen(
            words,
            cwd=world.folder,
            env=world.environment,
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            process.communicate(text, timeout=SECONDS)
        finally:
            with suppress(ProcessLookupError):  # nothing was left
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return output.read_text(encoding="utf-8"), process.returncode
