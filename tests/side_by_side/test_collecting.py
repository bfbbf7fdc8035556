import numpy as np
import pytest

from recbole_opal.comparison.differences import add_differences
from recbole_opal.comparison.measured import mean_diagnostics
from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Diagnostics
from recbole_opal.comparison.run_files import load_metrics, load_user_values, open_run
from recbole_opal.errors import CheckpointError
from recbole_opal.evaluation.diagnostics import collapse_warning
from recbole_opal.runs import RunFolder
from recbole_opal.side_by_side.collecting import rows_of
from recbole_opal.side_by_side.execution import Ending
from recbole_opal.side_by_side.variants import Variant

OPAL = Variant("OPAL", {"num_interests": 4})


@pytest.fixture
def two_seeds(tmp_path, run_maker, origin):
    paths = {seed: run_maker(tmp_path, origin, seed=seed, recall=seed / 10) for seed in (1, 2)}
    return {seed: Ending(path) for seed, path in paths.items()}


def result_over(rows, folder):
    return ComparisonResult(
        folder=folder, dataset="tiny", command="", seeds=[1, 2], metric="recall@10", rows=rows
    )


def test_a_row_a_stage_over_the_seeds(tmp_path, two_seeds):
    soft, hard = rows_of(OPAL, {"epochs": 2}, two_seeds, tmp_path / "comparison")
    assert (soft.label, hard.label) == ("OPAL num_interests=4 soft", "OPAL num_interests=4 hard")
    assert (soft.variant, soft.stage) == ("OPAL@num_interests=4", "soft")
    assert soft.test["recall@10"].values == pytest.approx([0.05, 0.1])
    assert soft.test["recall@10"].mean == pytest.approx(0.075)
    assert soft.valid["recall@10"].values == pytest.approx([0.11, 0.22])
    assert soft.num_interests == 4
    assert soft.error is None
    assert soft.runs["1"] == f"../{two_seeds[1].folder.name}"


def test_training_of_the_later_stage_includes_the_earlier(tmp_path, two_seeds):
    soft, hard = rows_of(OPAL, {}, two_seeds, tmp_path)
    assert soft.train_seconds.mean == 2.0
    assert hard.train_seconds.mean == 5.0
    assert (soft.epochs.mean, hard.epochs.mean) == (5, 10)
    assert soft.test_seconds.mean == 0.5
    assert soft.peak_memory.mean == 300 << 20
    assert soft.parameters.mean == 1234


def test_a_run_that_a_bound_ended_at_its_best_was_cut_short(tmp_path, two_seeds):
    soft, hard = rows_of(OPAL, {}, two_seeds, tmp_path)
    assert soft.cut_short == 1  # the second seed; the first had its best before the end
    assert hard.cut_short == 0  # it stopped by itself
    assert soft.epochs.mean == 5


@pytest.mark.parametrize(
    ("ended", "epochs", "best", "cut"),
    [
        ("max_train_seconds", 1, 0, True),
        ("epochs", 3, 2, True),
        ("epochs", 3, 1, False),
        ("epochs", 1, 0, False),  # as of models that are computed at once
        ("stopping_step", 9, 3, False),
        ("schedule", 9, 8, False),  # at a rate of zero nothing would have followed
    ],
)
def test_when_a_stage_counts_as_cut_short(two_seeds, ended, epochs, best, cut):
    record = load_metrics(open_run(two_seeds[1].folder)).stages["soft"]
    changed = {"ended": ended, "epochs": epochs, "best_epoch": best}
    assert record.model_copy(update=changed).cut_short is cut


def test_users_are_named_and_sorted_by_token(tmp_path, two_seeds):
    lone = load_user_values([open_run(two_seeds[2].folder)], "soft")
    assert lone.users == ["ann", "bob", "cy"]
    np.testing.assert_allclose(lone.metrics["recall@10"], [[0.1, 0.0, 0.2]])
    assert set(lone.metrics) == {"recall@10"}
    rows = rows_of(OPAL, {}, two_seeds, tmp_path)
    values = result_over(rows, tmp_path).user_values(rows[0])
    np.testing.assert_allclose(values.metrics["recall@10"], [[0.05, 0, 0.1], [0.1, 0, 0.2]])


def test_a_seed_that_failed_is_told_and_the_others_count(tmp_path, two_seeds):
    endings = two_seeds | {3: Ending(None, "killed"), 4: Ending(None, "killed")}
    soft = rows_of(OPAL, {}, endings, tmp_path)[0]
    assert soft.error == "seed 3, 4: killed"
    assert list(soft.runs) == ["1", "2"]
    assert soft.measured


def test_a_variant_without_any_run_is_one_row_that_says_why(tmp_path):
    (row,) = rows_of(OPAL, {"epochs": 2}, {1: Ending(None, "loss is nan.")}, tmp_path)
    assert (row.label, row.error) == ("OPAL num_interests=4", "seed 1: loss is nan.")
    assert not row.measured


def test_one_stage_needs_no_name_in_the_label(tmp_path, run_maker, origin):
    path = run_maker(tmp_path, origin, stages=("train",))
    (row,) = rows_of(Variant("MIND"), {}, {1: Ending(path)}, tmp_path)
    assert (row.label, row.stage) == ("MIND", "train")


def test_diagnostics_are_averaged_and_a_collapse_of_one_seed_counts(tmp_path, two_seeds):
    found = rows_of(OPAL, {}, two_seeds, tmp_path)[0].diagnostics
    assert found.usage_entropy == pytest.approx(0.75)
    assert found.usage == pytest.approx([0.7, 0.1, 0.1, 0.1])
    assert found.num_interests == 4
    assert found.collapsed is True
    assert mean_diagnostics([None, None]) is None


def test_shares_are_averaged_by_rank_since_seeds_number_interests_as_they_like():
    one = {"num_interests": 2, "usage": [0.97, 0.03], "usage_entropy": 0.19, "cosine": 0.5,
           "hit_usage": [0.2, 0.8], "collapsed": True}  # fmt: skip
    other = one | {"usage": [0.05, 0.95], "hit_usage": [1.0, 0.0]}
    found = mean_diagnostics([Diagnostics(**one), Diagnostics(**other)])
    assert found.usage == pytest.approx([0.96, 0.04])
    assert found.hit_usage == pytest.approx([0.9, 0.1])
    assert "one wins 96% of the lists" in collapse_warning(found.model_dump())
    assert mean_diagnostics([Diagnostics(**other)]).usage == [0.95, 0.05]


def test_what_only_some_seeds_have_is_averaged_over_those():
    full = {"num_interests": 2, "usage": [0.5, 0.5], "hit_usage": [0.6, 0.4], "hit_entropy": 0.8,
            "usage_entropy": 1.0, "cosine": 0.2, "collapsed": False}  # fmt: skip
    without = full | {"hit_usage": None, "hit_entropy": None, "cosine": None}
    found = mean_diagnostics(
        [Diagnostics(**each) for each in (without, full, full | {"hit_entropy": 0.6})] + [None]
    )
    assert found.hit_usage == pytest.approx([0.6, 0.4])
    assert found.hit_entropy == pytest.approx(0.7)
    assert found.cosine == pytest.approx(0.2)
    nowhere = mean_diagnostics([Diagnostics(**without)] * 2)
    assert (nowhere.hit_usage, nowhere.cosine) == (None, None)
    assert collapse_warning(nowhere.model_dump()) is None


@pytest.mark.parametrize(
    ("way", "odd", "told"),
    [
        (["stages"], "x", "stages: "),
        (["stages"], {}, "stages: "),
        (["stages", "soft", "epochs"], "5", "stages.soft.epochs: "),
        (["stages", "hard", "valid"], [1.0], "stages.hard.valid: "),
        (["stages", "hard", "test", "recall@10"], "x", "stages.hard.test.recall@10: "),
        (["peak_memory"], None, "peak_memory: "),
        (["versions", "threads"], 2, "versions.threads: "),
        (["versions", "threads"], "x", "versions.threads: "),
        (["versions", "device"], None, "versions.device: "),
        (["best_stage"], "x", "Value error, best_stage is none"),
        (["parameters"], 10**400, "parameters: "),
        (["stages", "soft", "epochs"], 10**400, "stages.soft.epochs: "),
        (["stages", "soft", "diagnostics", "usage"], 5, "stages.soft.diagnostics.usage: "),
        (["stages", "soft", "diagnostics", "usage"], [0.5], "stages.soft.diagnostics: "),
        (["stages", "soft", "diagnostics", "cosine"], 10**400, "stages.soft.diagnostics.cosine: "),
        (["stages", "soft", "diagnostics"], {}, "stages.soft.diagnostics.num_interests: "),
    ],
)
def test_metrics_of_another_shape_are_told_in_one_line(two_seeds, way, odd, told):
    folder = RunFolder.open(two_seeds[1].folder)
    metrics = folder.load_json("metrics.json")
    inner = metrics
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = odd
    with folder.update():
        folder.save_json("metrics.json", metrics)
    with pytest.raises(CheckpointError) as caught:
        load_metrics(folder)
    assert f"metrics.json is not as a run leaves it ({told}" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change", [{"user_id": np.array([1, 2, 9])}, {"recall@10": np.zeros((3, 2))},
               {"user_id": np.zeros(3)}, {"history_length": np.array([1])}],
)  # fmt: skip
def test_arrays_of_another_shape_are_told_in_one_line(two_seeds, change):
    folder = RunFolder.open(two_seeds[1].folder)
    name = "per_user-soft-test.npz"
    with folder.update():
        folder.save_arrays(name, folder.load_arrays(name) | change)
    with pytest.raises(CheckpointError, match=rf"{name} (has|names)"):
        load_user_values([open_run(folder.path)], "soft")


@pytest.mark.parametrize("which", [1, 2])
@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("metrics.json", lambda content: content["stages"].pop("hard")),
        (
            "per_user-soft-test.npz",
            lambda arrays: arrays.update({k: v[:0] for k, v in arrays.items()}),
        ),
        (
            "per_user-soft-test.npz",
            lambda arrays: arrays.update(user_id=arrays["user_id"][[0, 0, 0]]),
        ),
        ("ids.json", lambda content: content.pop("user_id")),
        ("ids.json", lambda content: content.update(user_id=5)),
        ("ids.json", lambda content: content.update(user_id=["a", 1, None, "d"])),
    ],
)
def test_a_seed_s_run_that_is_unlike_the_others_is_one_line(
    tmp_path, two_seeds, which, file, change
):
    folder = RunFolder.open(two_seeds[which].folder)
    load, save = (
        (folder.load_arrays, folder.save_arrays)
        if file.endswith("npz")
        else (folder.load_json, folder.save_json)
    )
    content = load(file)
    change(content)
    save(file, content)

    def compared():
        rows = rows_of(OPAL, {}, two_seeds, tmp_path)
        add_differences(result_over(rows, tmp_path))

    with pytest.raises(CheckpointError) as caught:
        compared()
    assert "give the command again" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_stage_without_a_test_has_a_row_of_its_validation(two_seeds, tmp_path):
    folder = RunFolder.open(two_seeds[1].folder)
    metrics = folder.load_json("metrics.json")
    del metrics["stages"]["soft"]["test"], metrics["stages"]["soft"]["diagnostics"]
    folder.save_json("metrics.json", metrics)
    soft, _ = rows_of(OPAL, {}, two_seeds, tmp_path)
    assert soft.test == {}
    assert soft.valid["recall@10"].values == pytest.approx([0.11, 0.22])
