"""What ended the training of a comparison's runs, by the files that they left."""

from __future__ import annotations

from collections import Counter

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.run_files import load_metrics
from recbole_opal.errors import CheckpointError
from recbole_opal.report.wording import listed

__all__ = ["endings_told"]

_REASONS = {
    "stopping_step": "early stopping",
    "schedule": "the end of the schedule of the learning rate",
    "max_train_seconds": "the bound on time",
    "epochs": "the bound on epochs",
}


def endings_told(result: ComparisonResult) -> str:
    """Return how many stages of all runs each reason ended, and how many might go further."""
    reasons: Counter[str] = Counter()
    short = unread = 0
    for path in {path for row in result.rows for path in result.run_folders(row).values()}:
        try:
            stages = load_metrics(result.open_run(path)).stages.values()
        except CheckpointError:
            unread += 1
            continue
        reasons.update(_REASONS.get(stage.ended, stage.ended) for stage in stages)
        short += sum(stage.cut_short for stage in stages)
    counted = [f"{number} by {reason}" for reason, number in reasons.most_common()]
    if unread:
        counted.append(f"of {unread} runs it cannot be read")
    told = f"Of {reasons.total()} stages of training: {listed(counted, len(counted) + 1)}"
    if short:
        told += f"; {short} were cut short at their best validation so far and might go further"
    return f"{told}."
