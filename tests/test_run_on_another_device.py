"""Whole runs on a second device that is made believe: nothing of them is left on the processor."""

import numpy as np
import pytest
import torch

import recbole_opal
from recbole_opal.host.config import OpalConfig
from recbole_opal.runs import RunFolder
from recbole_opal.testing.other_device import other_device
from tests.training.test_resume import assert_equal_runs, interrupted_after


@pytest.fixture
def elsewhere(monkeypatch):
    """Return what runs a function with the runs in it on another device."""
    choose = OpalConfig._init_device

    def run(function):
        with other_device() as device, monkeypatch.context() as patch:

            def chosen(config):
                choose(config)
                config.final_config_dict["device"] = device

            patch.setattr(OpalConfig, "_init_device", chosen)
            return function()

    return run


def assert_alike(one, other):
    """Assert that two runs found and made the same, but for rounding."""
    first, second = (RunFolder.open(run.folder) for run in (one, other))
    assert first.stages == second.stages
    for stage in one.stages:
        assert other.stages[stage]["test"] == pytest.approx(one.stages[stage]["test"], abs=1e-6)
        weights = [folder.load_weights(stage) for folder in (first, second)]
        for name, value in weights[0].items():
            torch.testing.assert_close(weights[1][name], value, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"recipe": "published", "future_window": 3, "num_interests": 3},
        {"stages": "soft", "item_gradient": "dense", "clip_grad_norm": {"max_norm": 1.0}},
        {"stages": "soft", "retrieval": "hnsw", "negative_sampling": "in_batch", "recency": "both"},
    ],
    ids=["default", "published", "dense", "hnsw"],
)
def test_opal_runs_there(quick_settings, elsewhere, settings):
    def run():
        return recbole_opal.run("OPAL", "tiny", **quick_settings | {"epochs": 1} | settings)

    here = run()
    assert_alike(here, elsewhere(run))


@pytest.mark.parametrize("model", ["GRU4Rec", "ItemKNN", "MultiVAE"])
def test_recbole_s_models_run_there(quick_settings, elsewhere, model):
    names = ("data_path", "checkpoint_dir", "topk", "valid_metric", "show_progress")
    settings = {name: quick_settings[name] for name in names} | {"epochs": 1}
    here = recbole_opal.run(model, "tiny", **settings)
    there = elsewhere(lambda: recbole_opal.run(model, "tiny", **settings))
    assert_alike(here, there)


def test_a_run_is_resumed_there(quick_settings, elsewhere, monkeypatch):
    settings = quick_settings | {"stages": "soft,hard", "stopping_step": 100}

    def stopped_and_resumed():
        return recbole_opal.resume(interrupted_after(monkeypatch, 3, settings))

    whole = elsewhere(lambda: recbole_opal.run("OPAL", "tiny", **settings))
    assert_equal_runs(whole.folder, elsewhere(stopped_and_resumed).folder)


def test_what_was_trained_there_is_served_here(quick_settings, elsewhere):
    settings = quick_settings | {"epochs": 1, "stages": "soft"}
    here = recbole_opal.run("OPAL", "tiny", **settings)
    there = elsewhere(lambda: recbole_opal.run("OPAL", "tiny", **settings))
    one, other = (recbole_opal.load(run.folder).item_vectors() for run in (here, there))
    np.testing.assert_allclose(other.vectors, one.vectors, rtol=1e-3, atol=1e-4)


def test_a_run_is_served_there(quick_settings):
    run = recbole_opal.run("OPAL", "tiny", **quick_settings | {"epochs": 1, "stages": "soft"})

    def answers(recommender):
        items = list(recommender.item_vectors().items[:5])
        histories = {"ann": items, "ben": items[:1], "new": []}
        frames = [
            recommender.recommend(histories, k=5),
            recommender.recommend(histories, k=5, by_share=0.5, exclude={"ann": items[:2]}),
            recommender.similar_items(items[:2], k=3),
        ]
        streamed = [lists.scores for lists in recommender.stream(histories, k=5)]
        explained = [recommender.explain(items, items[0]).score]
        vectors = recommender.user_vectors(histories).vectors
        numbers = [frame.pop("score").to_numpy() for frame in frames]
        return frames, [*streamed, explained, vectors, *numbers]

    expected = answers(recbole_opal.load(run.folder))
    with other_device() as device:
        found = answers(recbole_opal.load(run.folder, device=device))
    for one, other in zip(expected[0], found[0], strict=True):
        assert one.equals(other)
    for one, other in zip(expected[1], found[1], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
