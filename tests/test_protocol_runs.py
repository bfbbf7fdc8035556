"""Whole runs under the protocols over time and over users."""

import json

import pytest

import recbole_opal
from recbole_opal.errors import SettingsError
from recbole_opal.host.config import OpalConfig
from recbole_opal.runs import RunFolder
from recbole_opal.side_by_side.shared_settings import check_same_protocol, refuse_protocol_settings
from recbole_opal.side_by_side.variants import parse_variants

USER = {"split": {"user": [6, 2, 2]}}
TIME = {"split": {"time": [7, 2, 1]}}
LAST_DAY = {"split": {"last_day": {"min_days": 1}}}
OF_OPAL = ("cuts_per_user", "num_interests", "num_negatives", "future_window", "hidden_size")


@pytest.mark.parametrize("protocol", [USER, TIME, LAST_DAY])
def test_counts_stand_in_the_log_and_in_the_metrics(quick_settings, protocol):
    settings = quick_settings | {"eval_args": protocol, "stages": "soft", "epochs": 1}
    result = recbole_opal.run("OPAL", "tiny", **settings)
    counts = json.loads((result.folder / "metrics.json").read_text())["data"]
    log = (result.folder / f"{result.folder.name}.log").read_text()
    for name, count in counts.items():
        assert f"{name}={count}" in log
    assert counts["training_interactions"] > 0
    assert counts["test_targets"] > 0
    assert 0 <= result.stages["soft"]["test"]["recall@10"] <= 1


@pytest.mark.parametrize("model", ["SASRec", "MultiVAE", "ItemKNN", "Pop"])
@pytest.mark.parametrize("protocol", [USER, TIME, LAST_DAY])
def test_other_models_run_and_are_asked_the_same(quick_settings, protocol, model):
    settings = {name: value for name, value in quick_settings.items() if name not in OF_OPAL}
    settings |= {"eval_args": protocol, "epochs": 1}
    result = recbole_opal.run(model, "tiny", **settings)
    config = OpalConfig("OPAL", "tiny", quick_settings | {"eval_args": protocol})
    from recbole_opal.host.prepare import prepare_data

    users, items = prepare_data(config, future_items=True).test.rows.targets()
    saved = RunFolder.open(result.folder).load_arrays("targets-test.npz")
    assert saved["user_id"].tolist() == users.tolist()
    assert saved["item"].tolist() == items.tolist()


@pytest.mark.parametrize("protocol", [USER, TIME, LAST_DAY])
def test_a_resumed_run_ends_like_an_unbroken_one(quick_settings, protocol):
    settings = quick_settings | {"eval_args": protocol, "stages": "soft"}
    settings |= {"learning_rate_schedule": "constant"}  # which more epochs may follow
    whole = recbole_opal.run("OPAL", "tiny", **settings | {"epochs": 3})
    part = recbole_opal.run("OPAL", "tiny", **settings | {"epochs": 1})
    assert recbole_opal.resume(part.folder, epochs=3).stages == whole.stages


def test_a_model_of_user_vectors_is_refused_and_leaves_no_folder(quick_settings, tmp_path):
    settings = {name: value for name, value in quick_settings.items() if name not in OF_OPAL}
    with pytest.raises(SettingsError, match="learns numbers of each user"):
        recbole_opal.run("BPR", "tiny", **settings, eval_args=USER)
    assert not (tmp_path / "saved").exists()


def test_rows_of_a_comparison_have_one_protocol(quick_settings):
    with pytest.raises(SettingsError, match="eval_args is the same for all rows"):
        refuse_protocol_settings(parse_variants(f"OPAL,OPAL@eval_args={USER}"))

    def config(protocol):
        return OpalConfig("OPAL", "tiny", quick_settings | {"eval_args": protocol})

    spelt_out = {"split": {"user": {"ratios": [6, 2, 2], "history": 0.8, "seed": 1230}}}
    check_same_protocol({"a": config(USER), "b": config(spelt_out)})
    for other in (TIME, {"split": {"user": {"ratios": [6, 2, 2], "seed": 5}}}):
        with pytest.raises(SettingsError, match="cannot be compared"):
            check_same_protocol({"a": config(USER), "b": config(other)})
