import os

import pytest
import torch

from recbole_opal.errors import DataError, SettingsError
from recbole_opal.side_by_side.known_runs import KnownRuns, computed_elsewhere
from recbole_opal.side_by_side.planning import make_plan
from recbole_opal.side_by_side.shared_settings import check_same_protocol
from recbole_opal.side_by_side.variants import Variant, parse_variants


@pytest.fixture
def plan_for(quick_settings):
    def make(text, seeds=(1, 2), **settings):
        given = {k: v for k, v in (quick_settings | settings).items() if v is not ...}
        return make_plan(parse_variants(text), "tiny", seeds=seeds, settings=given)

    return make


def test_a_setting_goes_to_each_model_that_knows_it(plan_for):
    plan = plan_for("OPAL,GRU4Rec", dropout_prob=0.25)
    opal, gru = (plan.run(variant, 1).settings for variant in plan.variants)
    assert opal["num_interests"] == 3
    assert "num_interests" not in gru
    assert opal["dropout_prob"] == gru["dropout_prob"] == 0.25
    assert opal["seed"] == 1


def test_own_settings_win_over_shared_ones(plan_for):
    plan = plan_for("OPAL,OPAL@num_interests=2")
    assert [plan.run(variant, 1).settings["num_interests"] for variant in plan.variants] == [3, 2]
    assert plan.given(plan.variants[1])["num_interests"] == 2
    assert "checkpoint_dir" not in plan.given(plan.variants[1])


def test_a_name_is_the_model_s_own(plan_for):
    plan = plan_for("opal,sasrec", num_interests=2)
    assert [variant.label for variant in plan.variants] == ["OPAL", "SASRec"]


def test_without_seeds_the_seed_setting_counts(plan_for):
    assert plan_for("OPAL,MIND", seeds=()).seeds == [2020]
    assert plan_for("OPAL,MIND", seeds=(), seed=7).seeds == [7]


def test_the_deciding_metric_and_its_direction(plan_for):
    plan = plan_for("OPAL,MIND")
    assert (plan.metric, plan.bigger) == ("recall@10", True)


def test_settings_of_files_lose_against_given_ones(quick_settings, tmp_path):
    path = tmp_path / "more.yaml"
    path.write_text("num_interests: 2\nrouting_iterations: 1\nmodel: OPAL\n")
    plan = make_plan(
        parse_variants("OPAL,MIND"), "tiny", config_files=[path], settings=quick_settings
    )
    assert plan.run(plan.variants[1], 1).settings["routing_iterations"] == 1
    assert plan.run(plan.variants[0], 1).settings["num_interests"] == 3
    assert "routing_iterations" not in plan.run(plan.variants[0], 1).settings


@pytest.mark.parametrize(
    ("models", "settings", "message"),
    [
        ("OPLA,MIND", {}, "did you mean --model=OPAL"),
        ("OPAL,MIND", {"num_interestz": 2}, "none of OPAL, MIND .* did you mean --num_interests"),
        ("OPAL,MIND", {"sed": 2}, "did you mean --seed"),
        ("OPAL@num_interests=0,MIND", {}, "OPAL num_interests=0: --num_interests=0"),
        ("OPAL@blocks=2,MIND", {}, "OPAL has no setting blocks"),
        ("OPAL,MIND", {"epochs": 0}, "OPAL: --epochs=0 is not valid"),
        ("OPAL@topk=[5],MIND", {}, "topk is the same for all rows"),
        ("OPAL@seed=3,MIND", {}, "write --seeds=3"),
        ("OPAL@valid_metric=NDCG@5,MIND", {}, "name=value"),
        ("OPAL,FDSA", {}, "cannot run here"),
        ("GRU4Rec,SASRec", {}, "none of GRU4Rec, SASRec has a setting"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_trained(plan_for, models, settings, message):
    with pytest.raises(SettingsError, match=message):
        plan_for(models, **settings)


def test_missing_data_is_told(quick_settings):
    with pytest.raises(DataError, match="there is no folder"):
        make_plan([Variant("OPAL")], "nothing", settings=quick_settings)


def test_the_digest_tells_requests_apart_and_nothing_else(plan_for, tmp_path):
    plan = plan_for("OPAL,MIND")
    assert plan.digest == plan_for("OPAL,MIND", show_progress=True, tensorboard=True).digest
    assert plan.digest != plan_for("MIND,OPAL").digest
    assert plan.digest != plan_for("OPAL,MIND", seeds=(1,)).digest
    assert plan.digest != plan_for("OPAL,MIND", epochs=3).digest
    assert plan.folder == tmp_path / "saved" / f"comparison-tiny-{plan.digest[:8]}"


def test_equal_settings_in_other_words_are_the_same_run(plan_for):
    plan = plan_for("OPAL,OPAL@num_interests=3", num_interests=3)
    first, second = (plan.run(variant, 1).origin for variant in plan.variants)
    assert first == second
    assert first != plan.run(plan.variants[0], 2).origin
    assert first != plan.run(plan.variants[0], 1, num_interests=2).origin


def test_the_data_belong_to_a_run_s_origin(plan_for, data_path):
    plan = plan_for("OPAL,MIND")
    path = data_path / "tiny" / "tiny.inter"
    text = path.read_text()
    try:
        path.write_text(text + text.splitlines()[-1] + "\n")
        other = plan_for("OPAL,MIND")
    finally:
        path.write_text(text)
    assert plan.run(plan.variants[0], 1).origin != other.run(plan.variants[0], 1).origin


def test_a_protocol_that_differs_between_models_is_refused():
    class Fake(dict):
        def __missing__(self, name):
            return None

    check_same_protocol({"A": Fake(topk=[5]), "B": Fake(topk=[5], seed=1)})
    with pytest.raises(SettingsError, match=r"B has topk=\[10\] and A has topk=\[5\]"):
        check_same_protocol({"A": Fake(topk=[5]), "B": Fake(topk=[10])})
    check_same_protocol({"A": Fake(retrieval="torch"), "B": Fake(retrieval="faiss")})
    with pytest.raises(SettingsError, match="B has retrieval=hnsw and A has retrieval=torch"):
        check_same_protocol({"A": Fake(retrieval="torch"), "B": Fake(retrieval="hnsw")})


def test_a_trial_can_be_bounded_more_tightly_than_a_run(quick_settings):
    asked = {"seeds": [1], "tune": 2, "settings": quick_settings}
    tight, same = (
        make_plan(parse_variants("OPAL"), "tiny", tune_seconds=seconds, **asked)
        for seconds in (5.0, None)
    )
    assert (tight.tune_seconds, same.tune_seconds) == (5.0, None)
    few = make_plan(parse_variants("OPAL"), "tiny", tune_steps=60, **asked)
    assert (few.tune_steps, same.tune_steps) == (60, None)
    assert len({tight.folder, same.folder, few.folder}) == 3


def test_a_comparison_without_its_test_is_refused(quick_settings):
    with pytest.raises(SettingsError, match="--test_at_end=False: a comparison is of the test"):
        make_plan([Variant("MIND")], "tiny", settings=quick_settings | {"test_at_end": False})


def test_the_machine_of_a_run_is_known_before_it_starts(quick_settings, monkeypatch):
    def origin(jobs=1, **changed):
        plan = make_plan([Variant("MIND")], "tiny", jobs=jobs, settings=quick_settings | changed)
        return plan.run(plan.variants[0], 1).origin

    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert [origin(jobs).machine["threads"] for jobs in (1, 2, 8)] == ["8", "4", "1"]
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert origin(2) == origin(4)
    assert origin().machine["threads"] == "3"
    assert "processor" in origin(max_train_seconds=5.0).machine
    cpu = origin()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a GPU")
    assert origin().machine["device"] == "cuda a GPU"
    assert origin() != cpu
    assert origin(use_gpu=False) == cpu


def test_what_is_made_again_for_its_last_digits_is_told_with_the_way_back(
    quick_settings, run_maker, tmp_path
):
    plan = make_plan([Variant("MIND")], "tiny", seeds=[1, 2], settings=quick_settings)
    runs = [plan.run(plan.variants[0], seed) for seed in plan.seeds]
    assert computed_elsewhere(runs, tmp_path) is None
    machine = {**runs[0].origin.machine, "threads": "64"}
    for run in runs:
        run_maker(tmp_path, run.origin.on(machine))
    told = computed_elsewhere(runs, tmp_path)
    assert told.startswith("MIND seed=1 and 1 more: made before with 64 threads, now ")
    assert "OMP_NUM_THREADS=64 before the command" in told
    run_maker(tmp_path, runs[0].origin)
    assert computed_elsewhere(runs, tmp_path).startswith("MIND seed=2: made before")
    run_maker(tmp_path, runs[1].origin)
    assert computed_elsewhere(runs, tmp_path) is None


def test_a_run_of_before_machines_were_noted_is_made_again(quick_settings, run_maker, tmp_path):
    plan = make_plan([Variant("MIND")], "tiny", settings=quick_settings)
    run = plan.run(plan.variants[0], 1)
    path = run_maker(tmp_path, run.origin.on({}))
    assert KnownRuns(tmp_path).finished(run.origin) is None
    assert "by a version that did not note device and threads" in computed_elsewhere(
        [run], tmp_path
    )
    assert path.is_dir()


def test_rows_with_features_are_judged_as_those_without(featured_path, quick_settings):
    settings = quick_settings | {"data_path": str(featured_path)}
    rows = parse_variants("OPAL,OPAL@item_features=[author]")
    with pytest.raises(SettingsError, match="load_col"):  # one reads the item file, one does not
        make_plan(rows, "tiny", settings=settings)
    columns = {"inter": ["user_id", "item_id", "timestamp"], "item": ["item_id"]}
    make_plan(rows, "tiny", settings=settings | {"load_col": columns})
    make_plan(rows, "tiny", settings=settings | {"category_field": "tag"})
