"""The settings of each variant: the given ones, or those that tuning finds over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recbole_opal.comparison.execution import Execution
from recbole_opal.comparison.planning import Plan
from recbole_opal.comparison.progress import ComparisonProgress
from recbole_opal.comparison.variants import Variant
from recbole_opal.errors import OpalError, TrainingError
from recbole_opal.runs import RunFolder
from recbole_opal.runs.origin import settings_digest

__all__ = ["Found", "tune_all"]


@dataclass(frozen=True)
class Found:
    """What tuning a variant gave.

    Attributes:
        settings: those found; empty without tuning.
        space: what was searched, as in the yaml file.
        error: why there is nothing, in one line; None if there is.
    """

    settings: Mapping[str, Any]
    space: Mapping[str, Any]
    error: str | None = None


@dataclass(frozen=True)
class _Tunable:
    """A variant as `recbole_opal.tuning` sees it."""

    model: str
    label: str
    settings: Mapping[str, Any]
    digest: str


def tune_all(plan: Plan, execution: Execution, progress: ComparisonProgress) -> list[Found]:
    """Tune each variant on validation, several variants at once, the trials of one in order.

    Args:
        plan: what was asked, with `tune` above 0.
        execution: runs the trials.
        progress: told how many there are.

    Returns:
        One a variant, in the same order.
    """
    progress.expect(plan.tune * len(plan.variants))
    return execution.side_by_side(lambda variant: _tune(plan, variant, execution), plan.variants)


def _tune(plan: Plan, variant: Variant, execution: Execution) -> Found:
    # Imported here: without --tune nobody needs Optuna.
    from recbole_opal.tuning import save_tuned, tune

    tunable = _Tunable(variant.model, variant.label, plan.given(variant), _digest(plan, variant))
    validate = _validation(plan, variant, execution)
    try:
        tuned = tune(tunable, plan.tune, plan.folder, validate=validate)
    except TrainingError:
        raise
    except OpalError as error:
        return Found({}, {}, str(error))
    save_tuned(tunable, tuned, plan.folder)
    return Found(tuned.settings, tuned.space)


def _digest(plan: Plan, variant: Variant) -> str:
    """Return what changes when old trials are worthless: data, versions, defaults, seed."""
    origin = plan.run(variant, plan.seeds[0]).origin
    return settings_digest(origin.as_plain() | {"tune_seconds": plan.tune_seconds})


def _validation(
    plan: Plan, variant: Variant, execution: Execution
) -> Callable[[dict[str, Any]], float]:
    """Return the function that trains with some settings and tells how good validation is."""
    trials: Path = plan.folder / "trials"
    sign = 1.0 if plan.bigger else -1.0
    fixed: dict[str, Any] = {"test_at_end": False}
    if plan.tune_seconds is not None:
        fixed["max_train_seconds"] = plan.tune_seconds

    def validate(settings: dict[str, Any]) -> float:
        """Train, evaluate on validation only; larger is better."""
        run = plan.run(variant, plan.seeds[0], **settings, **fixed)
        ending = execution.do_one(run, trials)
        if ending.error == "stopped":
            raise KeyboardInterrupt  # no failure of these settings: the trial is done again
        if ending.folder is None:
            raise TrainingError(ending.error or "the run failed.")
        metrics = RunFolder.open(ending.folder).load_json("metrics.json")
        return sign * float(metrics["stages"][metrics["best_stage"]]["score"])

    return validate
