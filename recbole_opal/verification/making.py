"""Makes a figure again: its commands in a temporary folder, each in a process of its own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import recbole_opal
from recbole_opal.data.bundled import bundled_folder
from recbole_opal.errors import OpalError, TrainingError, reason_of
from recbole_opal.runs import RunReader
from recbole_opal.verification.figure import Figure

__all__ = ["Made", "made_again", "why_not"]

_FOLDER = "run folder: "
_PATIENCE = 20  # times the seconds that a figure is said to take, and a quarter of an hour
_THREADS = "OMP_NUM_THREADS"  # one, as the pages were made with, where nobody says otherwise
_HOME = Path(recbole_opal.__file__).resolve().parents[1]


@dataclass(frozen=True)
class Made:
    """A figure made again, and the seconds that it took."""

    value: float
    seconds: float


def why_not(figure: Figure, page: Path, data_path: Path) -> str:
    """Return what a figure is in want of on this machine, in words; empty if it can be made.

    Args:
        figure: of the page.
        page: it stands in a checkout, where a script is looked for.
        data_path: the folder that holds one folder a data set.
    """
    if figure.script is not None and _script_of(figure, page) is None:
        return f"{shlex.split(figure.script)[0]} is not in a folder above the page"
    needs = figure.needs
    if needs is None or (data_path / needs).is_dir() or bundled_folder(needs) is not None:
        return ""
    return f"the data set {needs} is not in {data_path}; name its folder with --data_path"


def made_again(figure: Figure, page: Path, data_path: Path) -> Made:
    """Make a figure of which `why_not` has nothing to say.

    Raises:
        TrainingError: a command fails, takes too long, or leaves no such figure.
    """
    started = perf_counter()
    with tempfile.TemporaryDirectory(prefix="verify-") as name:
        place = Path(name)
        for line in figure.prepare:
            _output(_ours(line), place, figure)
        if figure.script is not None:
            script = _script_of(figure, page)
            _output([str(script), *shlex.split(figure.script)[1:]], place, figure)
            content = _left(place, figure.reads[0])
        else:
            last = _output(_ours(_run_line(figure, data_path)), place, figure)
            folder = place / last.removeprefix(_FOLDER)
            content = _metrics(folder)
    try:
        value = figure.value_in(content)
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(
            f"it left no number `{' '.join(figure.reads)}` ({reason_of(error)}); mend the block."
        ) from error
    return Made(value, perf_counter() - started)


def _left(place: Path, name: str) -> object:
    try:
        return json.loads((place / name).read_bytes())
    except (OSError, ValueError) as error:
        raise TrainingError(f"it left no file {name} ({reason_of(error)}); mend it.") from error


def _metrics(folder: Path) -> object:
    try:
        return RunReader.open(folder).load_json("metrics.json")
    except OpalError as error:
        raise TrainingError(str(error)) from error


def _run_line(figure: Figure, data_path: Path) -> str:
    quiet = ["--checkpoint_dir=saved", "--show_progress=False", "--tensorboard=False"]
    needs = figure.needs
    if needs is not None and (data_path / needs).is_dir():
        quiet.append(f"--data_path={data_path.resolve()}")
    return f"{figure.run} {shlex.join(quiet)}"


def _ours(line: str) -> list[str]:
    return ["-m", "recbole_opal", *shlex.split(line)]


def _script_of(figure: Figure, page: Path) -> Path | None:
    name = shlex.split(figure.script or "")[0]
    places = (parent / name for parent in page.resolve().parents)
    return next((place for place in places if place.is_file()), None)


def _output(arguments: list[str], place: Path, figure: Figure) -> str:
    """Run Python in a folder; return the last line that it printed."""
    paths = [str(_HOME), *filter(None, [os.environ.get("PYTHONPATH")])]
    ours = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8"}
    try:
        done = subprocess.run(  # noqa: S603, our own commands
            [sys.executable, *arguments],
            cwd=place,
            env={_THREADS: "1"} | os.environ | ours,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=900 + _PATIENCE * figure.seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise TrainingError(
            f"it took longer than {error.timeout:.0f} s; mend the block."
        ) from error
    lines = done.stdout.splitlines() or [""]
    if done.returncode:
        told = (done.stderr.splitlines() or [f"exit code {done.returncode}"])[-1]
        raise TrainingError(told.removeprefix("error: "))
    return lines[-1]
