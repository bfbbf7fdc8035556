"""Does the planned runs, several at once if asked; one that fails takes none of the others down."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from recbole_opal.comparison.run_files import load_metrics
from recbole_opal.errors import CheckpointError
from recbole_opal.host.continued import MAY_CHANGE
from recbole_opal.runs import RunReader
from recbole_opal.side_by_side.comparison_progress import STOPPED, ComparisonProgress
from recbole_opal.side_by_side.known_runs import KnownRuns
from recbole_opal.side_by_side.planning import PlannedRun
from recbole_opal.side_by_side.worker_process import WorkerProcess, stop_workers, worker_environment

__all__ = ["Ending", "Execution"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_GLANCE = 0.25  # seconds between two looks for a signal


@dataclass(frozen=True)
class Ending:
    """How a run ended: its folder, or why it failed in one line."""

    folder: Path | None
    error: str | None = None


class Execution:
    """Runs workers, `jobs` at once, with logs of their own; stops them when it is interrupted."""

    def __init__(self, logs: Path, jobs: int, progress: ComparisonProgress) -> None:
        self._logs = logs
        self._jobs = jobs
        self._progress = progress
        self._environment = worker_environment(jobs)
        self._workers: set[WorkerProcess] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def do(self, runs: Sequence[PlannedRun], parent: Path) -> list[Ending]:
        """Do the runs that are not done in this folder, equal ones once; return their endings."""
        unique = {run.origin.settings: run for run in runs}
        self._progress.expect(len(unique))
        endings = self.side_by_side(lambda run: self.do_one(run, parent), list(unique.values()))
        found = dict(zip(unique, endings, strict=True))
        return [found[run.origin.settings] for run in runs]

    def side_by_side(self, action: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Apply an action, which uses `do_one`, to each item, `jobs` at a time.

        Raises:
            KeyboardInterrupt: the user stopped it; every worker was stopped first.
        """
        with ThreadPoolExecutor(self._jobs) as pool:
            futures: list[Future[Result]] = []
            try:
                futures += [pool.submit(action, item) for item in items]
                waiting = set(futures)
                while waiting:
                    # With a timeout: the system may hand Ctrl-C to another thread, and this one
                    # would sleep on.
                    done, waiting = wait(waiting, _GLANCE, FIRST_COMPLETED)
                    for future in done:
                        future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                with self._lock:
                    self._stopped = True
                    workers = list(self._workers)
                stop_workers(workers)
                raise
        return [future.result() for future in futures]

    def do_one(self, run: PlannedRun, parent: Path) -> Ending:
        """Reuse a finished run, go on with an unfinished one, or start it."""
        known = KnownRuns(parent, self._progress.message)
        finished = known.finished(run.origin)
        if finished is not None:
            self._progress.reused(run.name)
            return Ending(finished)
        job = _job(run, parent, known.unfinished(run.origin))
        with self._lock:
            if self._stopped:
                return Ending(None, STOPPED)
            worker = WorkerProcess(job, self._logs / _log_name(run), self._environment)
            self._workers.add(worker)
        self._progress.began(run.name, worker.last_line, goes_on="resume" in job)
        folder = worker.wait()
        with self._lock:
            self._workers.discard(worker)
            stopped = self._stopped
        error = None if folder else STOPPED if stopped else worker.reason
        self._progress.ended(run.name, error, _score(folder))
        return Ending(folder, error)


def _score(folder: Path | None) -> float | None:
    """Return the best value on validation of a finished run that can be read."""
    if folder is None:
        return None
    try:
        metrics = load_metrics(RunReader.open(folder))
    except CheckpointError:  # told by its row, with the fix
        return None
    return metrics.stages[metrics.best_stage].score


def _job(run: PlannedRun, parent: Path, unfinished: Path | None) -> dict[str, Any]:
    """Return what a worker is asked for; where the run goes and that it is quiet is for us."""
    if unfinished is not None:
        may_change = set(MAY_CHANGE) - {"epochs"}  # which decide the result: they are the run's own
        changed = {name: value for name, value in run.settings.items() if name in may_change}
        return {"resume": str(unfinished), "settings": changed | {"show_progress": False}}
    settings = run.settings | {"show_progress": False, "checkpoint_dir": str(parent)}
    return {"model": run.variant.model, "dataset": run.dataset, "settings": settings}


def _log_name(run: PlannedRun) -> str:
    plain = re.sub(r"[^A-Za-z0-9._=+-]+", "-", run.name)[:100]
    return f"{plain}-{run.origin.settings[:8]}.log"
