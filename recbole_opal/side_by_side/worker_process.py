"""A worker process seen from outside: start it, follow it, stop it, learn how it ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

import recbole_opal
from recbole_opal.errors import CheckpointError

__all__ = ["PATIENCE", "WorkerProcess", "threads_for", "worker_command", "worker_environment",
           "worker_threads"]  # fmt: skip

_ENDING = "run folder: "
PATIENCE = 3.0  # seconds that a stopped worker has, which ends itself before
_THREADS = "OMP_NUM_THREADS"


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
                    worker_command(),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=file,
                    env=dict(environment),
                    start_new_session=True,  # Ctrl-C is for the parent, which then stops us
                )
        except OSError as error:
            raise CheckpointError(
                f"cannot start a run with its log {log}: {error.strerror}; check the folder and "
                "the free memory."
            ) from error
        assert self._process.stdin is not None  # noqa: S101, for the type checker
        with suppress(BrokenPipeError):  # it has died already: `wait` and `reason` tell
            self._process.stdin.write(json.dumps(job).encode("utf-8") + b"\n")
            self._process.stdin.flush()

    def wait(self) -> Path | None:
        """Wait for the end; return the run folder, or None if the run failed, see `reason`."""
        assert self._process.stdout is not None  # noqa: S101, for the type checker
        with self._process.stdout as stream:
            output = stream.read().decode("utf-8", errors="replace")
        self._process.wait()
        self.ask_to_stop()
        lines = output.splitlines()
        if self._process.returncode == 0 and lines and lines[-1].startswith(_ENDING):
            return Path(lines[-1].removeprefix(_ENDING))
        return None

    def ask_to_stop(self) -> None:
        """Ask the run to stop as after Ctrl-C, by closing its input, and do not wait for it."""
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()

    def stop(self, until: float | None = None) -> None:
        """Stop the run as Ctrl-C would; after a while, hard, with all that it started.

        Args:
            until: moment of `time.monotonic` at which patience ends; None: 3 seconds from now.
        """
        until = monotonic() + PATIENCE if until is None else until
        try:
            self.ask_to_stop()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(max(0.0, until - monotonic()))
        finally:  # also where a second Ctrl-C does not wait
            if self.running:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)  # it leads a session of its own
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
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - 4096))
                text = file.read().decode("utf-8", errors="replace")
        except OSError:
            return ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return lines[-1] if lines else ""


def worker_command() -> list[str]:
    """Return the command that starts a worker."""
    return [sys.executable, "-m", "recbole_opal.side_by_side.worker"]


def threads_for(jobs: int) -> int:
    """Return the number of threads of each of `jobs` runs at once: the cores shared out."""
    known = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1
    return max(1, cores // jobs)


def worker_threads(jobs: int) -> int:
    """Return the number of threads that each worker gets: OMP_NUM_THREADS where the user set it."""
    given = os.environ.get(_THREADS, "").partition(",")[0].strip()  # a list has one a nesting level
    return int(given) if given.isdecimal() and int(given) > 0 else threads_for(jobs)


def worker_environment(jobs: int) -> dict[str, str]:
    """Return the environment of a worker; an OMP_NUM_THREADS that the user set stays."""
    environment = {_THREADS: str(threads_for(jobs))} | dict(os.environ)
    # The package may lie in a checkout that is not installed, and what the file of a model of the
    # user's imports in a folder that this process alone knows of.
    home = str(Path(recbole_opal.__file__).resolve().parents[1])
    own = [path for path in sys.path if path and not path.startswith((sys.prefix, sys.base_prefix))]
    paths = [home, *filter(None, [environment.get("PYTHONPATH")]), *own]
    return environment | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
