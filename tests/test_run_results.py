"""What a finished run leaves behind besides accuracy: lists, categories, diagnostics."""

import shutil
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import recbole_opal
from recbole_opal.errors import DataError
from recbole_opal.runs import RunFolder


@pytest.fixture
def result(quick_settings):
    return recbole_opal.run("OPAL", "tiny", **quick_settings)


def test_saved_lists_give_the_reported_numbers(result):
    """Hits counted by hand from the saved lists are those that were reported."""
    folder = RunFolder.open(result.folder)
    lists, values = (folder.load_arrays(f"{kind}-soft-test.npz") for kind in ("lists", "per_user"))
    assert lists["items"].shape == lists["interest"].shape == (len(values["user_id"]), 10)
    assert lists["user_id"].tolist() == values["user_id"].tolist()
    assert lists["interest"].max() < 3
    shares = np.bincount(lists["interest"].ravel(), minlength=3) / lists["interest"].size
    assert result.stages["soft"]["diagnostics"]["usage"] == pytest.approx(shares.tolist())
    listed = len(np.unique(lists["items"][:, :5])) / 48
    assert result.stages["soft"]["test"]["coverage@5"] == pytest.approx(listed)
    counts = folder.load_arrays("item_counts.npz")["counts"]
    assert counts[0] == 0
    assert counts.sum() == folder.load_json("metrics.json")["data"]["training_interactions"]


def test_history_lengths_count_what_lies_before_the_test_part(result, quick_settings):
    log = Path(quick_settings["data_path"]) / "tiny" / "tiny.inter"
    users = [line.split("\t")[0] for line in log.read_text().splitlines()[1:]]
    folder = RunFolder.open(result.folder)
    values = folder.load_arrays("per_user-soft-test.npz")
    tokens = folder.load_json("ids.json")["user_id"]
    for user, length in zip(values["user_id"], values["history_length"], strict=True):
        assert length == int(0.9 * users.count(tokens[user]))


@pytest.mark.parametrize("model", ["PIMI", "SASRec", "Pop"])
def test_histories_hold_all_before_the_targets_in_the_order_of_the_lists(quick_settings, model):
    """Counted from the log: the whole past, though a model sees the last 10 of it."""
    kept = ("checkpoint_dir", "data_path", "topk", "valid_metric", "tensorboard", "show_progress")
    settings = {name: quick_settings[name] for name in kept} | {"epochs": 1}
    if model != "Pop":
        settings["MAX_ITEM_LIST_LENGTH"] = 10
    folder = RunFolder.open(recbole_opal.run(model, "tiny", **settings).folder)
    log = Path(quick_settings["data_path"]) / "tiny" / "tiny.inter"
    met = {}
    for line in log.read_text().splitlines()[1:]:
        user, *visit = line.split("\t")
        met.setdefault(user, []).append((float(visit[1]), visit[0]))
    tokens, saved = folder.load_json("ids.json"), folder.load_arrays("histories-test.npz")
    lists = folder.load_arrays("lists-train-test.npz")
    assert saved["user_id"].tolist() == lists["user_id"].tolist()
    assert saved["items"].dtype == np.int32
    assert max(saved["lengths"]) > 10
    ends = np.cumsum(saved["lengths"])
    for user, start, end in zip(saved["user_id"], ends - saved["lengths"], ends, strict=True):
        expected = sorted(met[tokens["user_id"][user]])[: end - start]
        assert [tokens["item_id"][item] for item in saved["items"][start:end]] == [
            item for _, item in expected
        ]
        assert end - start == int(0.9 * len(met[tokens["user_id"][user]]))
        if model == "PIMI":  # it reads times
            assert saved["times"][start:end].tolist() == [time for time, _ in expected]
    assert ("times" in saved) == (model == "PIMI")


def test_test_is_not_looked_at_if_not_asked_for(quick_settings):
    result = recbole_opal.run("OPAL", "tiny", **quick_settings, test_at_end=False)
    assert set(result.stages["hard"]) == {"valid"}
    folder = RunFolder.open(result.folder)
    assert not [name for name in folder.names if "test" in name]
    metrics = folder.load_json("metrics.json")
    assert "test" not in metrics["stages"]["soft"]
    assert metrics["test_seconds"] == 0


def test_a_collapse_is_a_warning(quick_settings, monkeypatch):
    """The threshold is lowered until every pair of interests is too close for it."""
    monkeypatch.setattr("recbole_opal.evaluation.diagnostics._LARGEST_COSINE", -1.0)
    result = recbole_opal.run("OPAL", "tiny", **quick_settings | {"epochs": 1, "stages": "soft"})
    assert result.stages["soft"]["diagnostics"]["collapsed"]
    log = (result.folder / f"{result.folder.name}.log").read_text()
    assert "WARNING stage=soft the 3 interests collapsed: mean cosine" in log


def test_categories_of_a_run_are_kept_and_measured(quick_settings, tmp_path):
    folder = tmp_path / "tagged" / "tiny"
    shutil.copytree(Path(quick_settings["data_path"]) / "tiny", folder)
    kinds = [f"i{item}\tkind{item // 12} odd{item % 2}" for item in range(48)]
    header = "item_id:token\ttag:token_seq\n"
    (folder / "tiny.item").write_text(header + "\n".join(kinds) + "\n")
    columns = {"inter": ["user_id", "item_id", "timestamp"], "item": ["item_id", "tag"]}
    result = recbole_opal.run(
        "SASRec", "tiny", load_col=columns, category_field="tag", MAX_ITEM_LIST_LENGTH=10,
        **{name: quick_settings[name] for name in (
            "checkpoint_dir", "topk", "valid_metric", "tensorboard", "show_progress",
        )},
        epochs=1, data_path=str(folder.parent),
    )  # fmt: skip
    run_folder = RunFolder.open(result.folder)
    pairs = run_folder.load_arrays("item_categories.npz")
    tokens = run_folder.load_json("ids.json")
    tags = {item: set() for item in range(1, 49)}
    for item, category in zip(pairs["item"], pairs["category"], strict=True):
        tags[item].add(tokens["tag"][category])
    for item, found in tags.items():
        number = int(tokens["item_id"][item][1:])
        assert found == {f"kind{number // 12}", f"odd{number % 2}"}
    lists = run_folder.load_arrays("lists-train-test.npz")
    assert "interest" not in lists
    values = run_folder.load_arrays("per_user-train-test.npz")["category_diversity@5"]
    for row, value in zip(lists["items"], values, strict=True):
        pairs_of_list = list(combinations(row[:5].tolist(), 2))
        differ = [not tags[one] & tags[other] for one, other in pairs_of_list]
        assert value == pytest.approx(np.mean(differ))
    test = result.stages["train"]["test"]
    assert test["category_diversity@5"] == pytest.approx(values.mean())
    assert "diagnostics" not in result.stages["train"]


def test_a_category_field_that_is_not_there_is_told_before_training(quick_settings):
    with pytest.raises(DataError, match="tiny.item is missing; .* --category_field"):
        recbole_opal.run("OPAL", "tiny", **quick_settings, category_field="tag")
    assert not Path(quick_settings["checkpoint_dir"]).exists()


def test_a_resumed_run_measures_again(quick_settings):
    """More epochs, other weights: lists and values are those of the new end."""
    settings = quick_settings | {"stages": "soft", "learning_rate_schedule": "constant"}
    folder = recbole_opal.run("OPAL", "tiny", **settings | {"epochs": 1}).folder
    result = recbole_opal.resume(folder, epochs=4)
    straight = recbole_opal.run("OPAL", "tiny", **settings | {"epochs": 4})
    assert result.stages == straight.stages
    first, second = (
        RunFolder.open(path).load_arrays("lists-soft-test.npz")
        for path in (result.folder, straight.folder)
    )
    for name in ("user_id", "items", "interest"):
        assert first[name].tolist() == second[name].tolist()
