"""`query.py` of a bundle, by itself: no torch, no pandas, nothing of ours."""

import json
import re
import subprocess
import sys

import faiss
import numpy as np
import pytest

import recbole_opal
from recbole_opal import cli
from recbole_opal.exporting import bundle as bundles
from recbole_opal.exporting.bundle import write_bundle
from recbole_opal.exporting.options import Export
from recbole_opal.models import MODELS
from recbole_opal.runs import RunReader

HISTORY = ["i1", "i30", "i2", "i13", "i2"]
# What it may not import, however it is reached.
ALONE = """
import runpy, sys
others = {"torch", "recbole_opal", "recbole", "pandas", "scipy", "yaml"}
class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in others:
            raise ModuleNotFoundError(f"no {name} here", name=name)
sys.meta_path.insert(0, Refused())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
def same_encoder(bundle, monkeypatch):
    """Let other bundles of the run take the encoder that was made for the first."""
    data = (bundle / "encoder.onnx").read_bytes()
    monkeypatch.setattr(bundles, "onnx_bytes", lambda *_: data)


def ask(folder, *history):
    command = [sys.executable, "-I", "-c", ALONE, str(folder / "query.py"), *history]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def answered(folder, *history):
    done = ask(folder, *history)
    assert done.returncode == 0, done.stderr
    pairs = [line.split("\t") for line in done.stdout.splitlines()]
    return [item for item, _ in pairs], np.array([float(score) for _, score in pairs])


def assert_same(folder, history, items, scores, **options):
    """Compare with the exact list; items of equal scores may stand in another order."""
    exact = recbole_opal.load(folder, retrieval="torch").recommend([history], k=10, **options)
    np.testing.assert_allclose(scores, exact["score"], atol=1e-4)
    of_item = dict(zip(exact["item"], exact["score"], strict=True))
    assert set(items) == set(of_item)
    np.testing.assert_allclose([of_item[item] for item in items], scores, atol=1e-4)


def test_it_gives_the_list_of_the_recommender(bundle):
    items, scores = answered(bundle, *HISTORY)
    assert_same(bundle, HISTORY, items, scores)
    assert set(items).isdisjoint(HISTORY)


def test_a_history_longer_than_the_model_sees_with_unknown_items(bundle):
    history = [f"i{number}" for number in range(1, 16)]
    items, scores = answered(bundle, *history[:3], "unheard of", *history[3:])
    assert_same(bundle, history, items, scores)


def test_nothing_known_is_one_line(bundle):
    done = ask(bundle, "unheard of")
    assert done.returncode == 1
    assert done.stderr == "none of these items is known; write ids as they stand in ids.json.\n"


@pytest.mark.parametrize(
    ("retrieval", "settings"),
    [("hnsw", {}), ("ivf-flat", {"nlist": 4, "nprobe": 4}), ("sq8", {"refine": 4})],
)
def test_other_indices(trained, tmp_path, same_encoder, retrieval, settings):
    export = Export(retrieval=retrieval, retrieval_args=settings, program=False, parquet=False)
    place = write_bundle(trained, tmp_path / "b", export)
    items, scores = answered(place, *HISTORY)
    index = faiss.read_index(str(place / "index.faiss"))  # searched as the settings say
    if "nprobe" in settings:
        assert index.nprobe == settings["nprobe"]
    if retrieval == "hnsw":
        assert index.hnsw.efSearch == 128
    if retrieval == "sq8":  # of 8 bits: some of the last places may be other items
        assert len(items) == 10
    else:
        assert_same(place, HISTORY, items, scores)


def timed(history):
    times = [1.6e9 + 90_000.0 * number**2 for number in range(len(history))]
    return times, [f"{item}@{time:.0f}" for item, time in zip(history, times, strict=True)]


TIMED = """
from recbole_opal import MultiInterestNetwork

class Recent(MultiInterestNetwork):
    needs_times = True

    def encode(self, history):
        weight = (history.times.unsqueeze(-1) / 1.6e9).to(history.vectors.dtype) - 0.999
        return history.sum_by_row(history.vectors * weight)[:, None]
"""


def test_a_model_that_reads_times(train, tmp_path):
    (tmp_path / "recent.py").write_text(TIMED)
    run = train(f"{tmp_path / 'recent.py'}:Recent")
    place = write_bundle(run, tmp_path / "b", Export(program=False, parquet=False))
    times, words = timed(HISTORY)
    assert_same(place, HISTORY, *answered(place, *words), times=[times])
    card = (place / "README.md").read_text()
    (command,) = re.findall(r"^python query\.py (.*)$", card, re.MULTILINE)
    assert len(answered(place, *command.split())[0]) == 10


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_the_bundles_of_every_model_and_stage(train, tmp_path, model):
    run = train(model)
    for stage in RunReader.open(run).stages:
        place = tmp_path / stage
        assert cli.main(["export", str(run), f"--out={place}", f"--stage={stage}"]) == 0
        RunReader.open(place).verify()
        asked = {"histories": [HISTORY, ["i7"]], "k": 10}
        words = HISTORY
        if MODELS[model].needs_times:
            times, words = timed(HISTORY)
            asked["times"] = [times, [1.6e9]]
        of_run = recbole_opal.load(run, stage=stage).recommend(**asked)
        assert recbole_opal.load(place, retrieval="torch").recommend(**asked).equals(of_run)
        of_index = recbole_opal.load(place).recommend(**asked)
        np.testing.assert_allclose(of_index["score"], of_run["score"], atol=1e-6)
        assert set(of_index["item"]) == set(of_run["item"])
        items, scores = answered(place, *words)
        np.testing.assert_allclose(scores, of_run["score"][:10], atol=1e-4)
        assert set(items) == set(of_run["item"][:10])


def test_items_of_unequal_lengths_and_a_prior(prior_bundle):
    items, scores = answered(prior_bundle, *HISTORY)
    assert_same(prior_bundle, HISTORY, items, scores)


def test_a_soft_maximum_and_a_hard_one(bundle, prior_bundle):
    items, scores = answered(bundle, *HISTORY)
    recommender = recbole_opal.load(bundle)
    assert recommender.retriever.scoring.temperature == 0.1
    known, users = recommender.item_vectors(), recommender.user_vectors([HISTORY])
    best = dict(zip(known.items, (users.vectors[0] @ known.vectors.T).max(axis=0), strict=True))
    assert all(best[item] < score for item, score in zip(items, scores, strict=True))
    for folder, scoring, temperature, words in (
        (bundle, "logsumexp", 0.1, "the log-sum-exp of their inner products"),
        (prior_bundle, "maximum", None, "the largest of their inner products"),
    ):
        about = json.loads((folder / "bundle.json").read_text())
        assert (about["scoring"], about["temperature"]) == (scoring, temperature)
        card = (folder / "README.md").read_text()
        assert f"an item's score is {words}" in card
        assert ("--scoring=maximum" in card) == (scoring == "maximum")  # by default it is soft


def test_no_query_without_what_it_reads(trained, tmp_path, same_encoder):
    for name, export in {
        "no-onnx": Export(onnx=False, program=False),
        "no-index": Export(index=False, program=False),
        "torch": Export(retrieval="torch", program=False),
    }.items():
        place = write_bundle(trained, tmp_path / name, export)
        assert not (place / "query.py").exists()
        assert "query.py" not in (place / "README.md").read_text().partition("## Data")[0]
