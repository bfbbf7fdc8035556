"""One run from end to end: what it returns, prints and leaves behind."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import recbole_opal
from recbole_opal.cli import main
from recbole_opal.errors import DataError
from recbole_opal.runs import RunFolder

SCRIPT = Path(__file__).parents[1] / "run_opal.py"


@pytest.fixture
def result(quick_settings):
    return recbole_opal.run("OPAL", "tiny", **quick_settings)


def test_metrics_file_has_all_stages(result):
    metrics = json.loads((result.folder / "metrics.json").read_text())
    assert set(metrics["stages"]) == {"soft", "hard", "next"}
    for stage in metrics["stages"].values():
        accuracy = {f"{name}@{k}" for name in ("recall", "hit", "ndcg") for k in (5, 10)}
        assert set(stage["valid"]) == accuracy
        assert set(stage["test"]) >= accuracy | {f"{name}@10" for name in ("coverage", "gini")}
        assert stage["test_seconds"] > 0
        assert 0 < stage["user_seconds"] < 1
        assert stage["diagnostics"]["num_interests"] == 3
    assert metrics["train_seconds"] > 0
    assert metrics["test_seconds"] > 0
    assert metrics["best_stage"] in metrics["stages"]
    assert metrics["seconds"] > 0
    assert metrics["peak_memory"]["host_bytes"] > 10**7
    assert {"python", "torch", "recbole", "numpy"} <= set(metrics["versions"])
    assert metrics["stages"]["soft"]["test"] == result.stages["soft"]["test"]


def test_the_folder_verifies_and_holds_no_pickle(result):
    RunFolder.open(result.folder).verify()
    names = {path.name for path in result.folder.iterdir()}
    assert {
        "config.yaml", "training.jsonl", "metrics.json", "ids.json", "manifest.json",
        "weights-soft.safetensors", "weights-hard.safetensors",
    } <= names  # fmt: skip
    assert not [name for name in names if name.endswith((".pth", ".pt", ".pkl"))]


def test_per_user_values_average_to_the_metrics(result):
    values = RunFolder.open(result.folder).load_arrays("per_user-hard-test.npz")
    test = result.stages["hard"]["test"]
    for name in set(test) & set(values):
        assert float(np.nanmean(values[name])) == pytest.approx(test[name], abs=1e-9)
    assert {"recall@10", "ndcg@5"} <= set(test) & set(values)
    assert len(np.unique(values["user_id"])) == len(values["user_id"])


def test_saved_weights_give_the_reported_numbers(result):
    """Load the weights by hand, rank by brute force, and find the same test recall."""
    from recbole_opal.host.config import OpalConfig
    from recbole_opal.host.prepare import prepare_data

    folder = RunFolder.open(result.folder)
    config = OpalConfig.from_plain(folder.load_yaml("config.yaml"))
    data = prepare_data(config, future_items=True)
    model = recbole_opal.OPAL(config, data.dataset).eval()
    model.load_state_dict(folder.load_weights("soft"))
    recalls = []
    with torch.no_grad():
        for batch in data.test:
            rows, ids = batch.targets
            scores = model.full_sort_predict(batch.inputs)
            scores[:, 0] = -torch.inf
            scores[batch.excluded] = -torch.inf
            best = scores.argsort(dim=1, descending=True)[:, :10]
            for row in range(len(batch.users)):
                wanted = set(ids[rows == row].tolist())
                recalls.append(len(wanted & set(best[row].tolist())) / len(wanted))
    assert np.mean(recalls) == pytest.approx(result.stages["soft"]["test"]["recall@10"], abs=1e-9)


def test_faiss_and_torch_give_the_same_metrics(quick_settings):
    results = [
        recbole_opal.run("OPAL", "tiny", **quick_settings, retrieval=backend).stages
        for backend in ("torch", "faiss")
    ]
    assert results[0] == results[1]


def test_diversity_metrics_work(quick_settings):
    settings = quick_settings | {
        "metrics": [
            "Recall", "MRR", "MAP", "Precision", "GAUC", "ItemCoverage", "GiniIndex",
            "ShannonEntropy", "AveragePopularity", "TailPercentage",
        ],
    }  # fmt: skip
    test = recbole_opal.run("OPAL", "tiny", **settings).stages["soft"]["test"]
    assert 0 < test["itemcoverage@10"] <= 1
    assert 0 < test["gauc"] <= 1
    assert {"giniindex@5", "shannonentropy@5", "averagepopularity@5", "tailpercentage@5"} <= set(
        test
    )


@pytest.mark.parametrize("model", ["GRU4Rec", "SASRec", "SINE", "NARM", "STAMP"])
def test_recbole_models_run_through_the_same_protocol(quick_settings, model):
    own = {"cuts_per_user", "num_interests", "num_negatives", "future_window", "hidden_size"}
    settings = {key: value for key, value in quick_settings.items() if key not in own}
    result = recbole_opal.run(model, "tiny", **settings | {"epochs": 1})
    assert set(result.stages) == {"train"}
    assert 0 <= result.stages["train"]["test"]["recall@10"] <= 1
    assert not torch.is_anomaly_enabled()


def test_a_model_that_cannot_answer_a_single_user_is_run_all_the_same(quick_settings, monkeypatch):
    from recbole.model.sequential_recommender import GRU4Rec

    answer = GRU4Rec.full_sort_predict

    def several_only(self, interaction):
        assert len(interaction) > 1, "a batch of one"
        return answer(self, interaction)

    monkeypatch.setattr(GRU4Rec, "full_sort_predict", several_only)
    own = {"cuts_per_user", "num_interests", "num_negatives", "future_window", "hidden_size"}
    settings = {key: value for key, value in quick_settings.items() if key not in own}
    result = recbole_opal.run("GRU4Rec", "tiny", **settings | {"epochs": 1})
    stage = json.loads((result.folder / "metrics.json").read_text())["stages"]["train"]
    assert stage["test"]["recall@10"] >= 0
    assert "user_seconds" not in stage


def test_pairwise_losses_get_negatives(quick_settings):
    own = {"cuts_per_user", "num_interests", "num_negatives", "future_window", "hidden_size"}
    settings = {key: value for key, value in quick_settings.items() if key not in own} | {
        "loss_type": "BPR",
        "train_neg_sample_args": {"distribution": "uniform", "sample_num": 1},
        "epochs": 1,
    }
    assert recbole_opal.run("GRU4Rec", "tiny", **settings).best_stage == "train"


def test_leave_one_out_has_one_target_a_user_and_masks_nothing(quick_settings):
    settings = quick_settings | {"eval_args": {"split": {"LS": "valid_and_test"}}}
    result = recbole_opal.run("OPAL", "tiny", **settings)
    metrics = json.loads((result.folder / "metrics.json").read_text())
    assert metrics["data"]["test_targets"] == metrics["data"]["test_rows"] == 60
    test = result.stages["soft"]["test"]
    assert test["recall@10"] == test["hit@10"]


def test_the_same_seed_gives_the_same_numbers_in_two_processes(quick_settings, tmp_path):
    other = recbole_opal.run("OPAL", "tiny", **quick_settings, seed=2)
    outcomes = [[row["loss"] for row in RunFolder.open(other.folder).load_lines("training.jsonl")]]
    for number in (1, 2):
        settings = quick_settings | {
            "seed": 1, "checkpoint_dir": str(tmp_path / str(number)), "topk": "[5,10]",
        }  # fmt: skip
        flags = [f"--{name}={value}" for name, value in settings.items()]
        done = subprocess.run(
            [sys.executable, str(SCRIPT), "--dataset=tiny", *flags],
            check=True, capture_output=True, text=True, cwd=tmp_path,
        )  # fmt: skip
        folder = Path(done.stdout.splitlines()[-1].removeprefix("run folder: "))
        run_folder = RunFolder.open(folder)
        rows = run_folder.load_lines("training.jsonl")
        metrics = run_folder.load_json("metrics.json")["stages"]
        outcomes.append(
            ([row["loss"] for row in rows], {name: metrics[name]["test"] for name in metrics})
        )
    assert outcomes[1] == outcomes[2]
    assert outcomes[0] != outcomes[1][0]


def test_what_was_left_out_is_counted_in_the_log(quick_settings):
    result = recbole_opal.run("OPAL", "tiny", **quick_settings | {"epochs": 1, "stages": "soft"})
    log = (result.folder / f"{result.folder.name}.log").read_text()
    for name in ("users=60", "users_not_in_test=0", "test_targets_already_seen="):
        assert name in log
    assert "stage=soft epoch=0" in log


def test_the_command_prints_a_table_and_the_folder_last(quick_settings, capsys):
    settings = quick_settings | {"topk": "[5,10]", "epochs": 1}
    assert main(["--dataset=tiny", *(f"--{k}={v}" for k, v in settings.items())]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("run folder: ")
    folder = lines[-1].removeprefix("run folder: ")
    assert Path(folder).is_dir()
    for name, line in (("report", lines[-3]), ("recommend", lines[-2])):
        words = shlex.split(line.partition(": ")[2])
        assert words[words.index(name) + 1] == folder
        assert main(words[words.index(name) :]) == 0
    assert any("recall@10" in line for line in lines)
    assert any("usage entropy" in line for line in lines)


def test_the_command_shows_validation_where_test_is_not_looked_at(quick_settings, capsys):
    settings = quick_settings | {"topk": "[5,10]", "epochs": 1, "test_at_end": False}
    assert main(["--dataset=tiny", *(f"--{k}={v}" for k, v in settings.items())]) == 0
    printed = capsys.readouterr().out
    assert "valid metrics" in printed
    assert "usage entropy" not in printed


def test_too_little_data_is_one_kind_error(quick_settings):
    with pytest.raises(DataError, match="filter"):
        recbole_opal.run("OPAL", "tiny", **quick_settings, user_inter_num_interval="[9999,inf)")


def test_public_names_are_importable():
    for name in recbole_opal.__all__:
        assert getattr(recbole_opal, name) is not None
    with pytest.raises(AttributeError, match="nothing_like_this"):
        _ = recbole_opal.nothing_like_this
