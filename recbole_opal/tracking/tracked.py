"""The tracker of a run while it lasts: begun anew or gone on with, told of all, closed at the end.

A tracker that cannot be used is told before training. One that stops answering later is given up
with one warning: the run goes on, and the run folder holds all that it would have been told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from logging import getLogger
from pathlib import Path
from typing import Any

from recbole_opal.errors import reason_of
from recbole_opal.runs import RunFolder
from recbole_opal.tracking.names import curves_of, results_of
from recbole_opal.tracking.open import open_tracker
from recbole_opal.tracking.tracker import Tracker

__all__ = ["Tracked", "Untracked", "tracked"]

_ID_FILE = "tracking.json"
_RUN_WITHOUT = "the run goes on without it, its folder holds all values"
_KEPT = ("metrics.json", "config.yaml", "training.jsonl", "report.html")


class Untracked:
    """Takes what is told of a run and does nothing with it: nobody asked for tracking."""

    def settings(self, values: Mapping[str, Any]) -> None:
        """Note nothing."""

    def epoch(self, row: Mapping[str, Any]) -> None:
        """Note nothing."""

    def finished(self, folder: Path, stages: Mapping[str, Any], best_stage: str) -> None:
        """Note nothing."""


class Tracked(Untracked):
    """Tells a tracker of one run, or of one comparison.

    Args:
        tracker: it has begun.
        without: what is so where it stops answering, for the warning.
    """

    def __init__(self, tracker: Tracker, without: str = _RUN_WITHOUT) -> None:
        self._tracker: Tracker | None = tracker
        self._without = without

    def settings(self, values: Mapping[str, Any]) -> None:
        """Note all settings."""
        self._tell(lambda tracker: tracker.settings(values))

    def epoch(self, row: Mapping[str, Any]) -> None:
        """Note an epoch: a row of training.jsonl."""
        points = curves_of(row)
        self._tell(lambda tracker: tracker.curves(row["stage"], row["epoch"], points))

    def finished(self, folder: Path, stages: Mapping[str, Any], best_stage: str) -> None:
        """Note the final metrics of all stages, and keep the run's small files."""
        words = {"best_stage": best_stage, "run_folder": str(folder)}
        self.results(results_of(stages), words)
        self.files(folder, _KEPT)

    def results(self, values: Mapping[str, float], words: Mapping[str, str]) -> None:
        """Note final numbers and words, by name."""
        self._tell(lambda tracker: tracker.results(values, words))

    def files(self, folder: Path, names: Sequence[str]) -> None:
        """Keep copies of those files of a folder that are there."""
        kept = [path for name in names if (path := folder / name).is_file()]
        self._tell(lambda tracker: tracker.files(kept))

    def close(self, *, failed: bool) -> None:
        """Say that nothing more comes."""
        self._tell(lambda tracker: tracker.close(failed=failed))

    def _tell(self, action: Callable[[Tracker], None]) -> None:
        if self._tracker is None:
            return
        kind = self._tracker.kind
        try:
            action(self._tracker)
        except Exception as error:  # of the network, of a server, of its library
            self._tracker = None
            getLogger("recbole_opal").warning(
                "%s stopped answering (%s): %s", kind, reason_of(error), self._without
            )


@contextmanager
def tracked(
    kind: str | None, folder: RunFolder, group: str, project: str | None = None
) -> Iterator[Untracked]:
    """Give the block what takes all that is to be tracked of a run.

    The tracked run has the name of the run folder, which keeps its id: when the run goes on, so
    does the tracked one.

    Args:
        kind: one of `TRACKERS`; None: nothing is tracked.
        folder: of the run.
        group: what this run has in common with others.
        project: of W&B, see `WandbRun`.

    Raises:
        TrackingError: the tracker refuses to begin.
    """
    if kind is None:
        yield Untracked()
        return
    ids = folder.load_json(_ID_FILE) if _ID_FILE in folder.names else {}
    tracker = open_tracker(kind, folder.path.name, ids.get(kind), group, project)
    if ids.get(kind) != tracker.run_id:
        with folder.update():
            folder.save_json(_ID_FILE, {**ids, kind: tracker.run_id})
    getLogger("recbole_opal").info("tracked by %s", tracker.place)
    told = Tracked(tracker)
    try:
        yield told
    except BaseException:
        told.close(failed=True)
        raise
    told.close(failed=False)
