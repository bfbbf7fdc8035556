import math
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from recbole_opal.errors import CheckpointError, SettingsError, TrainingError
from recbole_opal.host.yaml_settings import default_settings
from recbole_opal.tuning import TuningError, optuna_host, save_tuned, tune, tuner
from recbole_opal.tuning.knobs import Choices, Range
from recbole_opal.tuning.search_space import search_space

BEST = {"learning_rate": 0.004, "temperature": 0.07, "future_window": 5, "uniformity_weight": 3.0}


def smooth(settings):
    """Fall off with the squared distance from BEST, in logarithms; 0 there."""
    return -sum(math.log(settings[name] / best) ** 2 for name, best in BEST.items())


class Killed(BaseException):
    """What ends a process: no handler in the library may catch it."""


@pytest.fixture
def space(monkeypatch):
    """Return a function that gives the variant's model another search space."""

    def use(**knobs):
        monkeypatch.setattr(tuner, "search_space", lambda model, given: knobs)
        monkeypatch.setattr(
            tuner, "default_settings", lambda model, recipe: {name: 1 for name in knobs}
        )

    return use


def without_seconds(trials):
    return [{name: trial[name] for name in trial if name != "seconds"} for trial in trials]


def test_the_first_trial_is_the_defaults(variant, tmp_path):
    tuned = tune(variant(), 1, tmp_path, validate=smooth)
    defaults = default_settings("OPAL")
    assert tuned.trials[0]["settings"] == {name: defaults[name] for name in BEST}
    assert tuned.settings == tuned.trials[0]["settings"]
    assert tuned.score == tuned.default_score == smooth(tuned.settings)


def test_the_first_trial_of_a_published_recipe_is_its_defaults(variant, tmp_path):
    seen = []
    published = variant("REMI", "REMI published", {"recipe": "published"})
    tune(published, 1, tmp_path, validate=lambda settings: seen.append(settings) or 0.5)
    assert seen[0]["learning_rate"] == default_settings("REMI", "published")["learning_rate"]


def test_nothing_worse_than_the_defaults_is_returned(variant, tmp_path):
    defaults = {name: default_settings("OPAL")[name] for name in BEST}
    tuned = tune(variant(), 6, tmp_path, validate=lambda settings: float(settings == defaults))
    assert tuned.settings == defaults
    # A tie does not move away from the defaults either.
    tied = tune(variant(digest="other"), 6, tmp_path, validate=lambda settings: 0.25)
    assert tied.settings == defaults


def test_every_model_gets_the_same_number_of_trials(variant, tmp_path):
    for model in ("OPAL", "MIND", "SASRec", "ItemKNN"):
        calls = []
        tuned = tune(
            variant(model, model), 7, tmp_path, validate=lambda s, c=calls: c.append(s) or len(c)
        )
        assert len(calls) == len(tuned.trials) == 7, model
        assert [trial["settings"] for trial in tuned.trials] == calls
        assert all(a != b for place, a in enumerate(calls) for b in calls[:place]), model


def test_a_model_without_a_search_space_gets_its_defaults_once(variant, tmp_path):
    calls = []
    for _ in range(2):
        tuned = tune(
            variant("Pop", "Pop"), 9, tmp_path, validate=lambda s: calls.append(s) or 0.125
        )
    assert calls == [{}]
    assert (tuned.settings, tuned.score, len(tuned.trials), tuned.space) == ({}, 0.125, 1, {})


def test_what_the_user_gave_is_not_tried(variant, tmp_path):
    given = variant(settings={"learning_rate": 0.01})
    tuned = tune(given, 3, tmp_path, validate=lambda settings: 1.0)
    assert all("learning_rate" not in trial["settings"] for trial in tuned.trials)
    assert "learning_rate" not in tuned.space


def test_the_trials_lie_inside_the_space_and_can_be_read(variant, tmp_path):
    tuned = tune(variant(), 12, tmp_path, validate=smooth)
    knobs = search_space("OPAL")
    assert tuned.space == {name: knob.as_plain() for name, knob in knobs.items()}
    for trial in tuned.trials:
        assert set(trial) == {"settings", "score", "seconds", "state", "reason"}
        assert trial["score"] == smooth(trial["settings"])
        assert (trial["state"], trial["reason"]) == ("done", None)
        assert trial["seconds"] >= 0
        for name, value in trial["settings"].items():
            assert knobs[name].holds(value)
            assert value == float(f"{value:.3g}")


def test_the_same_seed_gives_the_same_trials_another_seed_others(variant, tmp_path):
    runs = [
        tune(variant(), 9, tmp_path / str(place), validate=smooth, seed=seed)
        for place, seed in enumerate([3, 3, 4])
    ]
    first, second, other = (without_seconds(run.trials) for run in runs)
    assert first == second
    assert first[0] == other[0]
    assert first[1:] != other[1:]


def test_the_known_optimum_is_approached(variant, tmp_path):
    tuned = tune(variant(), 40, tmp_path, validate=smooth)
    assert tuned.score > tuned.default_score / 10
    first, last = tuned.trials[1:11], tuned.trials[30:]
    mean = [sum(trial["score"] for trial in part) / 10 for part in (first, last)]
    assert mean[1] > mean[0]
    best_so_far = [max(trial["score"] for trial in tuned.trials[: n + 1]) for n in range(40)]
    assert all(one <= next_ for one, next_ in pairwise(best_so_far))
    assert tuned.score == best_so_far[-1]


@pytest.mark.parametrize("killed_at", [1, 2, 7])
def test_a_killed_search_goes_on_as_if_it_had_not_been(variant, tmp_path, killed_at):
    whole = tune(variant(), 9, tmp_path / "whole", validate=smooth)
    calls = []

    def until_killed(settings):
        calls.append(settings)
        if len(calls) == killed_at:
            raise Killed
        return smooth(settings)

    with pytest.raises(Killed):
        tune(variant(), 9, tmp_path / "cut", validate=until_killed)
    resumed = tune(variant(), 9, tmp_path / "cut", validate=until_killed)
    assert without_seconds(resumed.trials) == without_seconds(whole.trials)
    assert resumed.settings == whole.settings
    # The trial that was cut off is tried again, with the same settings; no other is.
    assert len(calls) == 10
    assert calls[killed_at - 1] == calls[killed_at]


def test_finished_trials_are_read_and_a_larger_budget_goes_on_behind_them(variant, tmp_path):
    first = tune(variant(), 5, tmp_path, validate=smooth)
    calls = []
    more = tune(
        variant(), 8, tmp_path, validate=lambda settings: calls.append(settings) or smooth(settings)
    )
    assert len(calls) == 3
    assert more.trials[:5] == first.trials
    less = tune(variant(), 2, tmp_path, validate=lambda settings: pytest.fail("tried again"))
    assert less.trials == first.trials[:2]


def test_other_data_another_label_or_another_space_are_other_searches(variant, tmp_path):
    calls = []
    for one in (
        variant(),
        variant(digest="other data"),
        variant(label="OPAL seed"),
        variant(settings={"temperature": 0.2}),
        variant("MIND"),
    ):
        tune(one, 2, tmp_path, validate=lambda settings: calls.append(settings) or 1.0)
    assert len(calls) == 10


def test_a_failed_trial_is_recorded_counted_and_never_the_best(variant, tmp_path):
    def picky(settings):
        if settings["temperature"] < 0.1:
            raise TrainingError("the loss is not a number; lower --learning_rate.")
        return smooth(settings)

    tuned = tune(variant(), 10, tmp_path, validate=picky)
    failed = [trial for trial in tuned.trials if trial["state"] == "failed"]
    assert len(tuned.trials) == 10
    assert 0 < len(failed) < 10
    for trial in failed:
        assert trial["score"] is None
        assert trial["reason"] == "the loss is not a number; lower --learning_rate."
    assert tuned.settings["temperature"] >= 0.1
    assert tuned.score == max(trial["score"] for trial in tuned.trials if trial["score"])


def test_the_defaults_may_fail(variant, tmp_path):
    calls = []

    def fails_first(settings):
        calls.append(settings)
        if len(calls) == 1:
            raise TrainingError("no.")
        return 1.0

    tuned = tune(variant(), 3, tmp_path, validate=fails_first)
    assert tuned.default_score is None
    assert tuned.settings == calls[1]


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_a_failure(variant, tmp_path, score):
    answers = iter([score, 0.5])
    tuned = tune(variant(), 2, tmp_path, validate=lambda settings: next(answers))
    assert tuned.score == 0.5
    assert tuned.trials[0]["reason"] == f"the validation metric is {score}"


def test_all_failed_is_an_error_and_forgotten_when_asked_again(variant, tmp_path):
    def fail(settings):
        raise TrainingError("the disk is full; free some space.")

    with pytest.raises(TuningError) as caught:
        tune(variant(), 3, tmp_path, validate=fail)
    assert str(caught.value) == (
        "tuning OPAL: all 3 trials failed, the first because the disk is full; free some space. "
        "Mend that and give the same command again."
    )
    assert caught.value.exit_code == 1
    tuned = tune(variant(), 3, tmp_path, validate=smooth)
    assert [trial["state"] for trial in tuned.trials] == ["done"] * 3


def test_a_small_space_is_used_up_without_a_repeat(variant, tmp_path, space):
    space(whole=Range(1, 3), choice=Choices((1, "a", [2, 3])))
    tuned = tune(variant(), 50, tmp_path, validate=lambda settings: settings["whole"])
    tried = [trial["settings"] for trial in tuned.trials]
    assert len(tried) == 9
    for whole in (1, 2, 3):
        for choice in (1, "a", [2, 3]):
            assert {"whole": whole, "choice": choice} in tried
    assert all(type(settings["whole"]) is int for settings in tried)
    again = tune(variant(), 50, tmp_path, validate=lambda settings: pytest.fail("tried again"))
    assert again.trials == tuned.trials


def test_validate_cannot_change_what_is_written_down(variant, tmp_path):
    tuned = tune(variant(), 2, tmp_path, validate=lambda settings: len(settings.clear() or "x"))
    assert all(len(trial["settings"]) == 4 for trial in tuned.trials)


@pytest.mark.parametrize("trials", [0, -1])
def test_no_trials_are_refused(variant, tmp_path, trials):
    with pytest.raises(SettingsError, match=rf"--tune={trials} is not in \[1, inf\); write"):
        tune(variant(), trials, tmp_path, validate=smooth)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_optuna_is_told_with_the_command(variant, tmp_path, monkeypatch):
    monkeypatch.setattr(optuna_host.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(optuna_host.MissingOptunaError, match=r"pip install .*\[tune\]"):
        tune(variant(), 2, tmp_path, validate=smooth)


def test_nothing_is_printed(variant, tmp_path, capfd):
    tune(variant(), 3, tmp_path, validate=smooth)
    assert capfd.readouterr() == ("", "")


def test_optuna_s_loudness_is_given_back(variant, tmp_path):
    import optuna

    before = optuna.logging.get_verbosity()
    seen = []
    tune(
        variant(),
        1,
        tmp_path,
        validate=lambda settings: seen.append(optuna.logging.get_verbosity()) or 1.0,
    )
    assert seen == [optuna.logging.ERROR]
    assert optuna.logging.get_verbosity() == before


def test_optuna_s_own_tools_read_the_file(variant, tmp_path):
    import optuna

    tuned = tune(variant(label="OPAL K 8"), 3, tmp_path / "new" / "folder", validate=smooth)
    storage = f"sqlite:///{tmp_path}/new/folder/tuning.db"
    (summary,) = optuna.get_all_study_summaries(storage=storage)
    assert summary.study_name.startswith("OPAL K 8 ")
    assert summary.best_trial.value == tuned.score
    params = {name: str(value) for name, value in summary.best_trial.params.items()}
    assert params == {name: str(value) for name, value in tuned.settings.items()}


def test_a_smaller_metric_may_be_the_better_one(variant, tmp_path):
    import optuna

    mirrored = tune(variant(), 8, tmp_path, validate=lambda s: -smooth(s), bigger=False)
    plain = tune(variant(), 8, tmp_path / "plain", validate=smooth)
    assert mirrored.settings == plain.settings
    assert mirrored.score == -plain.score  # the metric itself is kept, not its negative
    assert [one["settings"] for one in mirrored.trials] == [one["settings"] for one in plain.trials]
    (summary,) = optuna.get_all_study_summaries(storage=f"sqlite:///{tmp_path}/tuning.db")
    assert summary.direction == optuna.study.StudyDirection.MINIMIZE
    assert summary.best_trial.value == mirrored.score
    path = save_tuned(variant(), mirrored, tmp_path)
    assert f"# Score {mirrored.score:.6g}; the defaults" in path.read_text()


def test_variants_may_be_tuned_at_the_same_time(variant, tmp_path, capfd):
    def search(model):
        return tune(variant(model, model), 4, tmp_path, validate=lambda s: s["learning_rate"])

    models = ["OPAL", "MIND", "SASRec", "NARM", "MultiVAE"]
    with ThreadPoolExecutor(len(models)) as pool:
        tuned = list(pool.map(search, models))
    assert [len(one.trials) for one in tuned] == [4] * len(models)
    for model, one in zip(models, tuned, strict=True):
        alone = tune(
            variant(model, model), 4, tmp_path / model, validate=lambda s: s["learning_rate"]
        )
        assert without_seconds(one.trials) == without_seconds(alone.trials)
    assert capfd.readouterr() == ("", "")


def test_ctrl_c_leaves_no_trace_of_the_trial(variant, tmp_path):
    def stopped(settings):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(variant(), 4, tmp_path, validate=stopped)
    tuned = tune(variant(), 4, tmp_path, validate=smooth)
    assert [trial["state"] for trial in tuned.trials] == ["done"] * 4


def test_a_damaged_file_is_told(variant, tmp_path):
    (tmp_path / "tuning.db").write_bytes(b"no database" * 100)
    with pytest.raises(CheckpointError) as caught:
        tune(variant(), 2, tmp_path, validate=smooth)
    message = str(caught.value)
    assert "\n" not in message
    assert "tuning.db (file is not a database); check the folder and the disk, or move" in message


def test_a_folder_that_cannot_be_made_is_told(variant, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="tuning.db"):
        tune(variant(), 2, tmp_path / "file" / "folder", validate=smooth)


def test_an_error_of_the_run_is_not_taken_for_one_of_the_file(variant, tmp_path):
    def broken(settings):
        raise FileNotFoundError("python is gone")

    with pytest.raises(FileNotFoundError, match="python is gone"):
        tune(variant(), 2, tmp_path, validate=broken)


def test_the_file_is_closed_and_whole_afterwards(variant, tmp_path):
    tune(variant(), 2, tmp_path, validate=smooth)
    connection = sqlite3.connect(tmp_path / "tuning.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.execute("DELETE FROM trials")
    connection.close()
    assert [path.name for path in tmp_path.iterdir()] == ["tuning.db"]
