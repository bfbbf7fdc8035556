"""Tuning where a comparison calls it: what a stopped and a failed run mean for a trial."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from recbole_opal.comparison.execution import Ending
from recbole_opal.comparison.tuned import _tune
from recbole_opal.comparison.variants import Variant
from recbole_opal.runs import RunFolder
from recbole_opal.runs.origin import Origin
from recbole_opal.settings.values import load_settings_file


class FakeExecution:
    """Ends each run as told; a run scores its learning rate."""

    def __init__(self, folder: Path, *errors: str | None) -> None:
        self.folder, self.errors, self.runs = folder, list(errors), []

    def do_one(self, run, parent):
        self.runs.append(run.settings)
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            return Ending(None, error)
        done = RunFolder.create(self.folder, "OPAL-tiny")
        score = run.settings["learning_rate"]
        with done.update():
            done.save_json(
                "metrics.json", {"best_stage": "hard", "stages": {"hard": {"score": score}}}
            )
        return Ending(done.path)


@pytest.fixture
def plan(tmp_path):
    def run(variant, seed, **changed):
        return SimpleNamespace(
            settings=changed | {"seed": seed}, origin=Origin("a" * 64, {"x": "b" * 64}, {})
        )

    folder = tmp_path / "comparison"
    folder.mkdir()
    given = {"num_interests": 8, "epochs": 2}
    return SimpleNamespace(
        folder=folder,
        seeds=[7, 8],
        tune=3,
        tune_seconds=None,
        bigger=True,
        run=run,
        given=lambda variant: given,
    )


VARIANT = Variant("OPAL", {"num_interests": 8})


def test_trials_are_validated_with_the_first_seed_and_never_see_test(plan, tmp_path):
    execution = FakeExecution(tmp_path)
    found = _tune(plan, VARIANT, execution)
    assert len(execution.runs) == 3
    assert all(run["seed"] == 7 and run["test_at_end"] is False for run in execution.runs)
    rates = [run["learning_rate"] for run in execution.runs]
    assert found.settings["learning_rate"] == max(rates)
    assert rates[0] == 0.001
    saved = load_settings_file(plan.folder / "tuned-OPAL-num_interests=8.yaml")
    assert saved == {"model": "OPAL", "num_interests": 8, "epochs": 2} | dict(found.settings)


def test_a_stopped_run_is_tried_again_and_a_failed_one_is_not(plan, tmp_path):
    first = FakeExecution(tmp_path, "the loss became nan; lower --learning_rate.", "stopped")
    with pytest.raises(KeyboardInterrupt):
        _tune(plan, VARIANT, first)
    second = FakeExecution(tmp_path)
    _tune(plan, VARIANT, second)
    # All that had ended had failed, so the search begins anew.
    assert second.runs[0] == first.runs[0]
    third = FakeExecution(tmp_path)
    _tune(plan, VARIANT, third)
    assert (len(second.runs), len(third.runs)) == (3, 0)


def test_a_run_stopped_behind_a_good_one_is_the_only_one_tried_again(plan, tmp_path):
    first = FakeExecution(tmp_path, None, "stopped")
    with pytest.raises(KeyboardInterrupt):
        _tune(plan, VARIANT, first)
    second = FakeExecution(tmp_path)
    _tune(plan, VARIANT, second)
    assert len(second.runs) == 2
    assert second.runs[0] == first.runs[1]


def test_all_failed_becomes_the_row_s_error(plan, tmp_path):
    found = _tune(plan, VARIANT, FakeExecution(tmp_path, *["it broke."] * 3))
    assert "all 3 trials failed, the first because it broke." in found.error
