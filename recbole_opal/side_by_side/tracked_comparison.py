"""A comparison as a run of its own in the tracker of its runs: its table's numbers, its report."""

from __future__ import annotations

import json
from logging import getLogger
from pathlib import Path

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.runs.atomic import write_json
from recbole_opal.tracking.open import open_tracker
from recbole_opal.tracking.tracked import Tracked
from recbole_opal.tracking.tracker import TrackingError

__all__ = ["track_comparison"]

_ID_FILE = "tracking.json"
_WITHOUT = "the comparison is whole without it"
_KEPT = ("report.html", "comparison.md", "comparison.csv", "comparison.json", "plan.yaml")


def track_comparison(kind: str, result: ComparisonResult) -> None:
    """Tell a tracker of a finished comparison; made again, it is the same tracked run.

    A tracker that does not answer costs a warning: everything stands in the comparison's folder.
    """
    place = result.folder / _ID_FILE
    known = _ids_in(place)
    try:
        tracker = open_tracker(kind, result.folder.name, known.get(kind), result.dataset)
    except TrackingError as error:  # it answered when the first run began
        getLogger("recbole_opal").warning("%s; %s", str(error).rstrip("."), _WITHOUT)
        return
    write_json(place, {**known, kind: tracker.run_id})
    told = Tracked(tracker, _WITHOUT)
    numbers = {
        f"final/{row.label}/{part}/{name}": value.mean
        for row in result.rows
        for part, values in (("valid", row.valid), ("test", row.test))
        for name, value in values.items()
    }
    words = {"comparison_folder": str(result.folder), "command": result.command}
    told.results(numbers, words)
    told.files(result.folder, _KEPT)
    told.close(failed=bool(result.failed))


def _ids_in(place: Path) -> dict[str, str]:
    """Return the tracked run of each tracker that has been told of this comparison."""
    try:
        known = json.loads(place.read_bytes())
    except (OSError, ValueError):
        return {}
    pairs = known.items() if isinstance(known, dict) else ()
    return {kind: run_id for kind, run_id in pairs if isinstance(run_id, str)}
