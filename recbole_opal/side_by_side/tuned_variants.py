"""The settings of each variant: the given ones, or those that tuning finds over them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from recbole_opal.comparison.run_files import load_metrics
from recbole_opal.errors import OpalError, TrainingError
from recbole_opal.runs import RunReader
from recbole_opal.runs.origin import settings_digest
from recbole_opal.settings.fields import typed
from recbole_opal.side_by_side.comparison_progress import STOPPED, ComparisonProgress
from recbole_opal.side_by_side.execution import Execution
from recbole_opal.side_by_side.planning import Plan
from recbole_opal.side_by_side.variants import Variant

__all__ = ["Found", "tune_all"]


@dataclass(frozen=True)
class Found:
    """What tuning a variant gave.

    Attributes:
        settings: those found; empty without tuning.
        space: what was searched, as in the yaml file.
        tried: how many settings were tried.
        error: why there is nothing, in one line; None if there is.
    """

    settings: Mapping[str, Any]
    space: Mapping[str, Any]
    tried: int = 0
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
    # Imported here: without --tune nobody needs Optuna. Once, in the thread that Ctrl-C reaches: to
    # wait for an import in each of the others would take seconds.
    from recbole_opal.tuning import require_optuna

    require_optuna()
    import_module("optuna.samplers")
    import_module("optuna.storages")
    progress.expect(plan.tune * len(plan.variants))
    return execution.side_by_side(
        lambda variant: _tune(plan, variant, execution, progress), plan.variants
    )


def _tune(
    plan: Plan, variant: Variant, execution: Execution, progress: ComparisonProgress
) -> Found:
    from recbole_opal.tuning import save_tuned, tune

    tunable = _Tunable(variant.model, variant.label, plan.given(variant), _digest(plan, variant))
    trials = _Trials(plan, variant, execution)
    try:
        tuned = tune(tunable, plan.tune, plan.folder, validate=trials.validate, bigger=plan.bigger)
    except OpalError as error:
        # Its row tells why; the other models are tuned and trained all the same.
        return Found({}, {}, error=str(error))
    finally:
        # Done in an earlier session, or fewer than were allowed for want of a search space.
        progress.expect(trials.count - plan.tune)
    save_tuned(tunable, tuned, plan.folder)
    return Found(tuned.settings, tuned.space, len(tuned.trials))


def _digest(plan: Plan, variant: Variant) -> str:
    """Return what changes when old trials are worthless: data, versions, defaults, seed."""
    origin = plan.run(variant, plan.seeds[0]).origin
    return settings_digest(origin.as_plain() | {"tune_seconds": plan.tune_seconds})


class _Trials:
    """Trains a variant with some settings and tells how good validation is.

    Attributes:
        count: how many were tried here.
    """

    def __init__(self, plan: Plan, variant: Variant, execution: Execution) -> None:
        self._plan, self._variant, self._execution = plan, variant, execution
        self._folder: Path = plan.folder / "trials"
        self._fixed: dict[str, Any] = {"test_at_end": False}
        if plan.tune_seconds is not None:
            self._fixed["max_train_seconds"] = plan.tune_seconds
        self.count = 0

    def validate(self, settings: dict[str, Any]) -> float:
        """Train, evaluate on validation only; return the metric that decides.

        Raises:
            TrainingError: the run failed.
            KeyboardInterrupt: it was stopped, which is no failure of these settings.
        """
        self.count += 1
        run = self._plan.run(self._variant, self._plan.seeds[0], **settings, **self._fixed)
        shown = " ".join(f"{name}={typed(value)}" for name, value in settings.items())
        ending = self._execution.do_one(
            replace(run, note=f" trying {shown or 'the defaults'}"), self._folder
        )
        if ending.error == STOPPED:
            raise KeyboardInterrupt
        if ending.folder is None:
            raise TrainingError(ending.error or "the run failed.")
        metrics = load_metrics(RunReader.open(ending.folder))
        score = metrics["stages"][metrics["best_stage"]].get("score")
        return math.nan if score is None else float(score)
