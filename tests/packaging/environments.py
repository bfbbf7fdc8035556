"""README's commands on each Python, in a fresh environment each; run by hand, not by pytest.

    python tests/packaging/environments.py 3.10 3.12 3.13
    python tests/packaging/environments.py 3.13 --folder=envs -- -n 1 tests/host tests/packaging

Each Python gets the versions of constraints.txt, trains an epoch of both stages on ml-100k and runs
the tests, or what stands behind `--` of them. A line each is printed; the exit code is 1 if one
failed. `--folder` keeps the environments and the logs, and takes up what is there. Where pip has
no CPU build of torch for a Python, an environment takes some 6 GB.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ["3.10", "3.11", "3.12", "3.13"]
WITHOUT_RAY = (3, 12)
"""From here on RecBole is installed without what it asks for, as README says."""
INSTALL = ["-m", "pip", "install", "--disable-pip-version-check"]
QUICK = ["--dataset=ml-100k", "--epochs=1", "--cuts_per_user=1", "--tensorboard=False"]
RECALL = re.compile(r"recall@50 +│ +([\d.]+)")
COUNTS = re.compile(r"^=*\s*((?:\d+ \w+(?:, )?)+) in ", re.MULTILINE)


class StepFailedError(Exception):
    """A command did not end well; the message says which and where its output is."""


def main(argv: Sequence[str] | None = None) -> int:
    """Check the Pythons that are named; return 0 if all is well on each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pythons", nargs="*", default=PYTHONS, help="default: 3.10 to 3.13")
    parser.add_argument("--folder", type=Path, help="keep environments and logs in it")
    words = list(sys.argv[1:] if argv is None else argv)
    cut = words.index("--") if "--" in words else len(words)
    given = parser.parse_args(words[:cut])
    if given.folder is not None:
        return _check_all(given.pythons, given.folder.absolute(), words[cut + 1 :])
    with tempfile.TemporaryDirectory() as folder:
        return _check_all(given.pythons, Path(folder), words[cut + 1 :])


def _check_all(pythons: Sequence[str], folder: Path, tests: Sequence[str]) -> int:
    code = 0
    for python in pythons:
        try:
            print(f"{python}: {_checked(python, folder, tests)}", flush=True)
        except StepFailedError as error:
            print(f"{python}: failed: {error}", flush=True)
            code = 1
    return code


def _checked(python: str, folder: Path, tests: Sequence[str]) -> str:
    """Do all of it on one Python; return what there is to say."""
    log = folder / f"{python}.log"
    own, seconds = _environment(python, folder / python, log)
    with tempfile.TemporaryDirectory() as saved:
        words = [own, "run_opal.py", *QUICK, f"--checkpoint_dir={saved}"]
        trained = _run(words, log, "the training")
    recall = RECALL.search(trained)
    if recall is None:
        raise StepFailedError(f"the training printed no recall@50, see {log}")
    tested = _run([own, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests], log, "the tests")
    version = _run([own, "--version"], log, "python").strip()
    counts = COUNTS.findall(tested)
    where = f" of {' '.join(tests)}" if tests else ""
    return (
        f"{version}, installed in {seconds:.0f} s; ml-100k, one epoch a stage: recall@50 "
        f"{recall[1]}; tests{where}: {counts[-1] if counts else 'not counted'}"
    )


def _environment(python: str, folder: Path, log: Path) -> tuple[str, float]:
    """Make an environment, unless it is there; return its Python and the seconds that took."""
    begun = time.monotonic()
    own = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = folder / "installed"
    if not done.exists():
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        _run([_interpreter(python), "-m", "venv", "--clear", str(folder)], log, "the environment")
        _run([str(own), *INSTALL, "-c", "constraints.txt", "-e", ".[test]"], log, "pip")
        if tuple(map(int, python.split("."))) >= WITHOUT_RAY:
            _run([str(own), *INSTALL, "--no-deps", "recbole==1.2.1"], log, "pip for RecBole")
        done.touch()
    return str(own), time.monotonic() - begun


def _interpreter(python: str) -> str:
    """Return a Python of that version: on the path, or among pyenv's."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    known = [path / "bin" / "python" for path in sorted(versions.glob(f"{python}.*"))]
    for found in [shutil.which(f"python{python}"), *map(str, known)]:
        # A shim of pyenv's stands there for a version that is not switched on, too.
        if found and subprocess.run([found, "-c", ""], capture_output=True).returncode == 0:
            return found
    raise StepFailedError(f"there is no python{python} on the path and none of pyenv's")


def _run(words: Sequence[str], log: Path, name: str) -> str:
    """Run a command in the checkout and return its output, which the log gets too."""
    variables = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        words, cwd=ROOT, env=variables, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
    )  # fmt: skip
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {' '.join(words)}\n{done.stdout}\n")
    if done.returncode:
        last = done.stdout.strip().rpartition("\n")[2]
        raise StepFailedError(f"{name} ended with code {done.returncode} ({last}), see {log}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
