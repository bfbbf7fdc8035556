from dataclasses import replace

import pytest

from recbole_opal.errors import SettingsError
from recbole_opal.side_by_side.comparison_progress import STOPPED, ComparisonProgress
from recbole_opal.side_by_side.execution import Ending, Execution
from recbole_opal.side_by_side.planning import make_plan
from recbole_opal.side_by_side.tuned_variants import tune_all
from recbole_opal.side_by_side.variants import parse_variants


class FakeExecution(Execution):
    """Trains nothing: the score of a trial is a function of its settings."""

    def __init__(self, tmp_path, run_maker, score):
        super().__init__(tmp_path / "logs", 1, ComparisonProgress(enabled=False))
        self.tmp_path, self.run_maker, self.score, self.asked = tmp_path, run_maker, score, []

    def do_one(self, run, parent):
        self.asked.append((run, parent))
        score = self.score(run)
        if isinstance(score, str):
            return Ending(None, score)
        path = self.run_maker(self.tmp_path / "made", run.origin, recall=score)
        return Ending(path)


@pytest.fixture
def plan_for(quick_settings):
    def make(models, tune=3, **more):
        settings = {k: v for k, v in quick_settings.items() if k != "num_interests"}
        bounds = {k: more.pop(k) for k in ("tune_seconds", "tune_steps") if k in more}
        settings |= more
        plan = make_plan(
            parse_variants(models), "tiny", seeds=[5, 6], tune=tune, settings=settings, **bounds
        )
        plan.folder.mkdir(parents=True)
        return plan

    return make


@pytest.fixture
def tuned(tmp_path, run_maker):
    def tune(plan, score):
        execution = FakeExecution(tmp_path, run_maker, score)
        progress = ComparisonProgress(enabled=False)
        return tune_all(plan, execution, progress), execution, progress

    return tune


def test_the_best_on_validation_is_found_with_the_same_budget_for_all(plan_for, tuned):
    plan = plan_for("MIND,ComiRecSA", tune_seconds=9.0)
    found, execution, progress = tuned(plan, lambda run: run.settings["learning_rate"])
    assert len(execution.asked) == 6
    tuning, errors = found
    assert (tuning.trials, tuning.seconds, errors) == (3, 9.0, {})
    for variant in plan.variants:
        rates = [
            run.settings["learning_rate"] for run, _ in execution.asked if run.variant == variant
        ]
        assert tuning.found[variant.label]["learning_rate"] == max(rates)
        assert tuning.tried[variant.label] == 3
        assert [trial.score for trial in tuning.history[variant.label]] == rates
        assert tuning.history[variant.label][0].settings["learning_rate"] == rates[0]
        assert "learning_rate" in tuning.search[variant.label]
        assert (plan.folder / f"tuned-{variant.label}.yaml").is_file()
    assert progress._total == 6


def test_trials_never_look_at_test_and_take_the_first_seed(plan_for, tuned):
    plan = plan_for("MIND", tune_seconds=9.0)
    _, execution, _ = tuned(plan, lambda run: 0.5)
    for run, parent in execution.asked:
        assert run.settings["test_at_end"] is False
        assert run.settings["max_train_seconds"] == 9.0
        assert run.settings["seed"] == 5
        assert parent == plan.folder / "trials"
    assert [run.name for run, _ in execution.asked] == [
        f"MIND seed=5 trial {number} of 3" for number in (1, 2, 3)
    ]


def test_trials_of_all_models_can_be_bounded_by_the_same_steps(plan_for, tuned):
    plan = plan_for("OPAL,MIND,Pop", tune_steps=70, stage_steps={"soft": 90}, num_interests=2)
    (tuning, _), execution, _ = tuned(plan, lambda run: 0.5)
    asked = {run.variant.model: run.settings["stage_steps"] for run, _ in execution.asked}
    opal = {"soft": 70, "hard": 70, "next": 70}
    assert asked == {"OPAL": opal, "MIND": {"train": 70}, "Pop": {"train": 70}}
    assert tuning.steps == 70
    final = plan.run(plan.variants[0], 5)
    assert final.settings["stage_steps"] == {"soft": 90}


def test_a_bound_of_steps_that_leaves_nothing_of_the_warm_up_is_told_before_any_trial(plan_for):
    settings = {"learning_rate_schedule": "linear", "warmup_steps": 10}
    with pytest.raises(
        SettingsError, match="--tune_steps=10 is not above --warmup_steps=10 of MIND"
    ):
        plan_for("MIND", tune_steps=10, **settings)


def test_a_model_without_a_search_space_keeps_its_defaults(plan_for, tuned):
    (tuning, _), execution, progress = tuned(plan_for("MIND"), lambda run: 0.1)
    assert tuning.tried == {"MIND": 3}
    assert len(execution.asked) == 3
    plan = plan_for("MIND@learning_rate=0.1@temperature=0.5@dropout_prob=0.1", tune=2)
    (tuning, _), execution, progress = tuned(plan, lambda run: 0.1)
    label = plan.variants[0].label
    assert (tuning.found, tuning.search, tuning.tried) == ({label: {}}, {label: {}}, {label: 1})
    assert progress._total == len(execution.asked) == 1


def test_trials_that_are_done_are_not_done_again(plan_for, tuned):
    plan = plan_for("MIND")
    before, _, _ = tuned(plan, lambda run: run.settings["learning_rate"])
    after, execution, progress = tuned(plan, lambda run: 0.0)
    assert after == before
    assert execution.asked == []
    assert progress._total == 0


def test_a_trial_that_fails_is_passed_over_and_a_model_that_always_fails_says_why(plan_for, tuned):
    def score(run):
        if run.variant.model == "ComiRecSA":
            return "the loss became nan."
        return "killed" if run.settings["learning_rate"] == 0.001 else 0.3

    (tuning, errors), _, _ = tuned(plan_for("MIND,ComiRecSA"), score)
    assert list(tuning.found) == ["MIND"]
    assert tuning.found["MIND"]["learning_rate"] != 0.001
    assert "all 3 trials failed" in errors["ComiRecSA"]
    assert "nan" in errors["ComiRecSA"]


def test_a_stopped_trial_is_not_a_failed_one(plan_for, tuned):
    plan = plan_for("MIND")
    with pytest.raises(KeyboardInterrupt):
        tuned(plan, lambda run: STOPPED)
    (tuning, _), execution, _ = tuned(plan, lambda run: 0.2)
    assert tuning.tried["MIND"] == len(execution.asked) == 3


def test_a_smaller_metric_may_be_the_better_one(plan_for, tuned):
    plan = plan_for("MIND")
    plan = replace(plan, metric="gini@10")
    (tuning, _), execution, _ = tuned(plan, lambda run: run.settings["learning_rate"])
    rates = [run.settings["learning_rate"] for run, _ in execution.asked]
    assert tuning.found["MIND"]["learning_rate"] == min(rates)
