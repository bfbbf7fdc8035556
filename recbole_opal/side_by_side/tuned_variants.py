"""The settings of each variant: the given ones, or those that tuning finds over them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from recbole_opal.comparison.result import Trial, Tuning
from recbole_opal.comparison.run_files import load_metrics
from recbole_opal.errors import OpalError, TrainingError
from recbole_opal.runs import RunReader
from recbole_opal.runs.origin import settings_digest
from recbole_opal.settings.fields import typed
from recbole_opal.side_by_side.comparison_progress import STOPPED, ComparisonProgress
from recbole_opal.side_by_side.execution import Execution
from recbole_opal.side_by_side.planning import Plan
from recbole_opal.side_by_side.variants import Variant
from recbole_opal.tuning import TunableVariant, Tuned, TunedTrial, require_optuna, save_tuned, tune

__all__ = ["tune_all"]


def tune_all(
    plan: Plan, execution: Execution, progress: ComparisonProgress
) -> tuple[Tuning, dict[str, str]]:
    """Tune each variant, if asked to, several variants at once, the trials of one in order.

    Returns:
        What was found, and by the label of a variant that could not be tuned why, in one line.
    """
    tuning = Tuning(trials=plan.tune, seconds=plan.tune_seconds, steps=plan.tune_steps)
    errors: dict[str, str] = {}
    if not plan.tune:
        return tuning, errors
    require_optuna()
    progress.expect(plan.tune * len(plan.variants))
    outcomes = execution.side_by_side(
        lambda variant: _tune(plan, variant, execution, progress), plan.variants
    )
    for variant, outcome in zip(plan.variants, outcomes, strict=True):
        label = variant.label
        if isinstance(outcome, OpalError):
            errors[label] = str(outcome)
        else:
            tuning.tried[label] = len(outcome.trials)
            tuning.search[label] = outcome.space
            tuning.found[label] = outcome.settings
            tuning.history[label] = [_told(trial) for trial in outcome.trials]
    return tuning, errors


def _told(trial: TunedTrial) -> Trial:
    return Trial(
        settings=trial["settings"],
        score=trial["score"],
        seconds=trial["seconds"],
        reason=trial["reason"],
    )


def _tune(
    plan: Plan, variant: Variant, execution: Execution, progress: ComparisonProgress
) -> Tuned | OpalError:
    # Old trials are worthless where data, versions, defaults or the seed are others.
    origin = plan.run(variant, plan.seeds[0]).origin.as_plain()
    digest = settings_digest(origin | plan.trial_bounds)
    tunable = TunableVariant(variant.model, variant.label, plan.given(variant), digest)
    tried: list[str] = []

    def begins(number: int, budget: int) -> None:
        tried.append(f"trial {number} of {budget}")

    def validate(settings: dict[str, Any]) -> float:
        shown = " ".join(f"{name}={typed(value)}" for name, value in settings.items())
        progress.message(f"{variant.label} {tried[-1]} tries {shown or 'the defaults'}")
        return _score(plan, variant, execution, settings, tried[-1])

    try:
        tuned = tune(
            tunable,
            plan.tune,
            plan.folder,
            validate=validate,
            begins=begins,
            bigger=plan.bigger,
        )
    except OpalError as error:
        return error  # its row tells why; the other models are tuned and trained all the same
    finally:
        # Done in an earlier session, or fewer than were allowed for want of a search space.
        progress.expect(len(tried) - plan.tune)
    save_tuned(tunable, tuned, plan.folder)
    return tuned


def _score(
    plan: Plan, variant: Variant, execution: Execution, settings: dict[str, Any], trial: str
) -> float:
    """Train with these settings, evaluate on validation only; return the metric that decides."""
    run = plan.trial(variant, **settings)
    ending = execution.do_one(replace(run, note=f" {trial}"), plan.folder / "trials")
    if ending.error == STOPPED:
        raise KeyboardInterrupt
    if ending.folder is None:
        raise TrainingError(ending.error or "the run failed.")
    metrics = load_metrics(RunReader.open(ending.folder))
    score = metrics.stages[metrics.best_stage].score
    return math.nan if score is None else float(score)
