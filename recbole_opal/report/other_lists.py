"""What other models put before the users that the page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.report.looks import lit_first
from recbole_opal.report.run_files import RunFiles
from recbole_opal.report.trained_opals import TrainedOpal
from recbole_opal.report.user_journeys import LENGTH, Journey

__all__ = ["OtherLists", "other_lists"]

OtherLists = Mapping[int, Sequence[tuple[str, list[int]]]]
"""By a user's internal id the names of rows, each with the items it lists, best first."""


def other_lists(
    comparison: ComparisonResult, files: RunFiles, shown: TrainedOpal, users: Sequence[Journey]
) -> OtherLists:
    """Return what the lit rows but the shown one list, of runs that number users and items alike.

    Each by its first seed that can be read.
    """
    found: dict[int, list[tuple[str, list[int]]]] = {journey.number: [] for journey in users}
    ids = files.digest(shown.folder.path, "ids.json")
    for row, _, _, lit in lit_first(comparison, [(row, None) for row in comparison.done]):
        if row.label == shown.row.label or not lit:
            continue
        for path in comparison.run_folders(row).values():
            arrays = files.arrays(path, f"lists-{row.stage}-test.npz")
            if arrays is None or files.digest(path, "ids.json") != ids:
                continue
            place = {int(user): n for n, user in enumerate(arrays["user_id"].tolist())}
            for number, told in found.items():
                if number in place:
                    items = arrays["items"][place[number]][:LENGTH]
                    told.append((row.named, items[items > 0].tolist()))
            break
    return found
