"""The card says what the run knows, and nothing more."""

import json
import re
import shutil

import numpy as np
import pytest
import yaml

from recbole_opal.exporting.bundle import write_bundle
from recbole_opal.exporting.card_settings import changed_settings, training_flags
from recbole_opal.exporting.data_licences import data_licence
from recbole_opal.exporting.front_matter import front_matter
from recbole_opal.exporting.measured import measured, resamples_of
from recbole_opal.exporting.options import Export
from recbole_opal.exporting.protocol_words import filters_in_words, protocol_in_words
from recbole_opal.models import MODELS
from recbole_opal.runs import RunFolder, RunReader
from recbole_opal.settings.protocol import normalised_eval_args

LIGHT = {"program": False, "onnx": False, "index": False, "parquet": False}


@pytest.fixture(scope="module")
def card(trained, tmp_path_factory):
    place = tmp_path_factory.mktemp("cards") / "b"
    words = {"license": "mit", "data_license": "CC0"}
    write_bundle(trained, place, Export(stage="soft", **LIGHT, **words))
    return (place / "README.md").read_text(encoding="utf-8")


def test_its_head_is_what_hubs_read(card):
    _, head, body = card.split("---\n", 2)
    read = yaml.safe_load(head)
    assert (read["library_name"], read["license"]) == ("recbole-opal", "mit")
    (result,) = read["model-index"][0]["results"]
    assert result["dataset"]["name"] == "tiny"
    assert {"type", "name", "value"} == set(result["metrics"][0])
    assert body.startswith("\n# OPAL on tiny\n")


def test_its_numbers_are_the_run_s(card, trained):
    metrics = json.loads((trained / "metrics.json").read_text())
    for name in ("recall@5", "recall@10", "ndcg@10"):
        value = metrics["stages"]["soft"]["test"][name]
        row = next(line for line in card.splitlines() if line.lower().startswith(f"| {name}"))
        assert f"| {value:.4f} |" in row
    assert f"{metrics['data']['users']} users, {metrics['data']['items']} items" in card
    assert "`hidden_size: 8`" in card
    assert "stage `soft`" in card
    assert "- Model: mit.\n- Data: CC0." in card
    assert "arXiv 2407.14741" in card


def test_its_python_runs_where_the_bundle_is(card, trained, capsys):
    (code,) = re.findall(r"^```python\n(.*?)^```$", card, re.DOTALL | re.MULTILINE)
    exec(code.replace("path of this folder", str(trained)), {})  # noqa: S102, the card's own code
    assert capsys.readouterr().out.count("similar_item") == 1


@pytest.mark.parametrize(
    ("best", "words"),
    [
        (1, "Epoch 1 of 2 (from 0) was best on validation by"),
        (-1, "The weights the stage began with, no epoch of 2, were best on validation by"),
    ],
)
def test_it_says_which_weights_were_best(run_copy, tmp_path, best, words):
    run = RunFolder.open(run_copy)
    metrics = run.load_json("metrics.json")
    metrics["stages"]["hard"] |= {"best_epoch": best, "epochs": 2}
    with run.update():
        run.save_json("metrics.json", metrics)
    write_bundle(run_copy, tmp_path / "b", Export(stage="hard", **LIGHT))
    assert words in (tmp_path / "b" / "README.md").read_text(encoding="utf-8")


def test_every_line_is_told_without_a_gap(card):
    assert not re.search(r"\bNone\b|\bnan\b|\{\}", card.replace("`", ""))
    assert card.count("\n## ") == 8


def test_the_interval_is_that_of_the_bootstrap_over_users(trained):
    run = RunReader.open(trained)
    values = run.load_arrays("per_user-hard-test.npz")["recall@10"]
    found = {each.name: each for each in measured(run, "hard")}["recall@10"]
    draws = np.random.default_rng(5).integers(0, len(values), (4000, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    width = values.std() / np.sqrt(len(values))
    assert abs(found.low - low) < width / 4
    assert abs(found.high - high) < width / 4
    assert found.low <= found.value <= found.high
    coverage = {each.name: each for each in measured(run, "hard")}["coverage@10"]
    assert (coverage.low, coverage.high) == (None, None)


def test_many_users_are_drawn_less_often():
    assert [resamples_of(users) for users in (0, 900, 100_000, 10**7)] == [
        10_000,
        10_000,
        3000,
        1000,
    ]


def test_a_run_that_was_not_tested_says_so(trained, tmp_path):
    """Its metrics.json has no test part."""
    copy = shutil.copytree(trained, tmp_path / "run")
    folder = RunFolder.open(copy)
    metrics = folder.load_json("metrics.json")
    for record in metrics["stages"].values():
        del record["test"], record["diagnostics"]
    with folder.update():
        folder.save_json("metrics.json", metrics)
        for stage in ("soft", "hard"):
            folder.drop(f"per_user-{stage}-test.npz")
    place = write_bundle(copy, tmp_path / "b", Export(**LIGHT))
    text = (place / "README.md").read_text(encoding="utf-8")
    assert "did not look at the test part" in text
    assert "model-index" not in text
    assert "Not measured." in text


@pytest.mark.parametrize(
    ("split", "words"),
    [
        ({"RS": [8, 1, 1]}, "by 8 : 1 : 1 into"),
        ({"LS": "valid_and_test"}, "the last item is the test"),
        ({"last_day": {"min_days": 3}}, "at least 3 active days"),
        ({"time": [8, 1, 1]}, "by 8 : 1 : 1 of its rows"),
        ({"time": {"cuts": [1.5e9, 1.6e9]}}, "at 1.5e+09 and 1.6e+09"),
        ({"user": [6, 2, 2]}, "6 : 2 : 2 for training"),
    ],
)
def test_the_protocol_in_words(split, words):
    assert words in protocol_in_words({"eval_args": normalised_eval_args({"split": split})})


def test_filters_in_words():
    assert filters_in_words({"user_inter_num_interval": "[0,inf)", "rm_dup_inter": None}) == []
    told = filters_in_words({"user_inter_num_interval": "[5,inf)", "val_interval": {"r": "[3,5]"}})
    assert len(told) == 2
    assert "[5,inf)" in told[1]


def test_settings_that_are_the_recipe_s_are_not_told():
    network = MODELS["MIND"]
    settings = {"dataset": "x", "model": "MIND", "eval_args": {"split": {"LS": "valid_and_test"}}}
    settings |= {"recipe": "published", **network.published, "hidden_size": 32, "seed": 7}
    assert changed_settings(network, settings) == {"hidden_size": 32, "seed": 7}
    flags = training_flags(network, settings)
    assert flags[:3] == ["--dataset=x", "--model=MIND", "--recipe=published"]
    assert flags[-2:] == ["--hidden_size=32", "--seed=7"]


def test_licences():
    assert "CC BY-SA 4.0" in data_licence("kuairand-pure")
    assert "GroupLens" in data_licence("ml-100k")
    assert data_licence("my-log") == "not stated"
    assert "license: other\nlicense_name: 'In house: no'" in front_matter(
        "M", "d", [], "In house: no"
    )
    assert "license" not in front_matter("M", "d", [], None)
