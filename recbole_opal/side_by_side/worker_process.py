"""A worker process seen from outside: start it, follow it, stop it, learn how it ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import IO, Any, cast

import psutil

import recbole_opal
from recbole_opal.errors import CheckpointError
from recbole_opal.process.cores import usable_cores
from recbole_opal.side_by_side.worker import FOLDER, THREADS

__all__ = [
    "WORKER_COMMAND",
    "WorkerProcess",
    "stop_workers",
    "worker_environment",
    "worker_threads",
]

WORKER_COMMAND = [sys.executable, "-m", "recbole_opal.side_by_side.worker"]
_PATIENCE = 3.0  # seconds that a stopped worker has, which ends itself before
_TAIL = 4096  # bytes at the end of a log, which hold its last line
_NEW_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # for a new session on Windows


class WorkerProcess:
    """A run in a process of its own; nothing that happens there takes this process down.

    The log gets its standard error, a line an epoch; see `worker` for the job.
    """

    def __init__(self, job: Mapping[str, Any], log: Path, environment: Mapping[str, str]) -> None:
        self.log = log
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("wb") as file:
                self._process = subprocess.Popen(  # noqa: S603, our own module
                    WORKER_COMMAND,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=file,
                    env=environment,
                    start_new_session=True,  # Ctrl-C is for the parent, which then stops us
                    creationflags=_NEW_GROUP,
                )
        except OSError as error:
            raise CheckpointError(
                f"cannot start a run with its log {log}: {error.strerror}; check the folder and "
                "the free memory."
            ) from error
        self._input = cast(IO[bytes], self._process.stdin)
        self._output = cast(IO[bytes], self._process.stdout)
        with suppress(BrokenPipeError):  # it has died already: `wait` and `reason` tell
            self._input.write(json.dumps(job).encode("utf-8") + b"\n")
            self._input.flush()

    def wait(self) -> Path | None:
        """Wait for the end; return the run folder, or None if the run failed, see `reason`."""
        with self._output:
            lines = self._output.read().decode("utf-8", errors="replace").splitlines()
        code = self._process.wait()
        self.ask_to_stop()
        told = code == 0 and lines and lines[-1].startswith(FOLDER)
        return Path(lines[-1].removeprefix(FOLDER)) if told else None

    def ask_to_stop(self) -> None:
        """Ask the run to stop as after Ctrl-C, by closing its input, and do not wait for it."""
        with suppress(BrokenPipeError):
            self._input.close()

    def wait_until(self, moment: float) -> None:
        """Wait for the end, but no longer than to a moment of `time.monotonic`."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, moment - monotonic()))

    def kill(self) -> None:
        """End the run, where it still goes on, with all that it started."""
        if not self.running:
            return
        with suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self._process.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        self._process.kill()
        self._process.wait()

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    @property
    def reason(self) -> str:
        """Why it failed, in one line."""
        code = self._process.returncode
        if code is not None and code < 0:
            name = signal.Signals(-code).name
            often = ", often for want of memory" if name == "SIGKILL" else ""
            return f"killed by {name}{often}; its log is {self.log}"
        last = self.last_line()
        return last.removeprefix("error: ") if last else f"ended with exit code {code}"

    def last_line(self) -> str:
        """Return the last line of the log that is not empty, or an empty text."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
                text = file.read().decode("utf-8", errors="replace")
        except OSError:
            return ""
        return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def stop_workers(workers: Sequence[WorkerProcess]) -> None:
    """Stop runs as Ctrl-C would; after a while, or at a second Ctrl-C, hard."""
    try:
        for worker in workers:
            worker.ask_to_stop()
        until = monotonic() + _PATIENCE
        for worker in workers:
            worker.wait_until(until)
    finally:
        for worker in workers:
            worker.kill()


def worker_threads(jobs: int) -> int:
    """Return the threads of each of `jobs` runs at once: OMP_NUM_THREADS, or the cores' share."""
    given = os.environ.get(THREADS, "").partition(",")[0].strip()  # a list has one a nesting level
    if given.isdecimal() and int(given) > 0:
        return int(given)
    return max(1, usable_cores() // jobs)


def worker_environment(jobs: int) -> dict[str, str]:
    """Return the environment of a worker: this process's, with its threads and its modules.

    The package may lie in a checkout that is not installed, and what the file of a model of the
    user's imports in a folder that this process alone knows of.
    """
    home = str(Path(recbole_opal.__file__).resolve().parents[1])
    own = [path for path in sys.path if path and not path.startswith((sys.prefix, sys.base_prefix))]
    paths = dict.fromkeys([home, *filter(None, [os.environ.get("PYTHONPATH")]), *own])
    changed = {THREADS: str(worker_threads(jobs)), "PYTHONPATH": os.pathsep.join(paths)}
    changed["PYTHONIOENCODING"] = "utf-8"  # for its log and last line, which are read as that
    return dict(os.environ) | changed
