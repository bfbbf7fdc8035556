"""General models: one epoch where nothing is learnt, exact resumption, weights that hold it all."""

import numpy as np
import pytest
import torch
from recbole.utils import init_seed

import recbole_opal
from recbole_opal.host import find_model_class
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import prepare_data
from recbole_opal.host.trainer import StagedTrainer
from recbole_opal.runs import RunFolder
from recbole_opal.training.model_state import put_model_state


@pytest.fixture
def settings(quick_settings):
    """Settings that every general model knows."""
    of_ours = ("cuts_per_user", "hidden_size", "num_interests", "num_negatives", "future_window")
    return {name: value for name, value in quick_settings.items() if name not in of_ours}


def lines(folder):
    rows = RunFolder.open(folder).load_lines("training.jsonl")
    return [(row["epoch"], row["loss"], row["valid"]) for row in rows]


@pytest.mark.parametrize("model", ["Pop", "ItemKNN", "EASE"])
def test_what_is_computed_at_once_has_one_epoch_whatever_the_settings(settings, model):
    result = recbole_opal.run(model, "tiny", **settings | {"epochs": 9, "eval_step": 3})
    assert len(lines(result.folder)) == 1
    again = recbole_opal.resume(result.folder, epochs=20)
    assert again.stages["train"]["test"] == result.stages["train"]["test"]
    assert len(lines(result.folder)) == 1


@pytest.mark.parametrize("model", ["MultiVAE", "MacridVAE", "LightGCN", "BPR"])
def test_resuming_equals_not_stopping(settings, model):
    settings |= {"stopping_step": 50, "learning_rate_schedule": "constant", "warmup_steps": 0}
    unbroken = recbole_opal.run(model, "tiny", **settings | {"epochs": 3})
    short = recbole_opal.run(model, "tiny", **settings | {"epochs": 1})
    resumed = recbole_opal.resume(short.folder, epochs=3)
    assert lines(unbroken.folder) == lines(resumed.folder)
    assert len(lines(resumed.folder)) == 3
    first, second = (
        RunFolder.open(run.folder).load_weights("train") for run in (unbroken, resumed)
    )
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name
    assert unbroken.stages["train"]["test"] == resumed.stages["train"]["test"]


@pytest.mark.parametrize("model", ["Pop", "ItemKNN", "MultiVAE", "MacridVAE", "LightGCN"])
def test_a_fresh_model_with_the_saved_weights_gives_the_same_lists(settings, model):
    result = recbole_opal.run(model, "tiny", **settings)
    folder = RunFolder.open(result.folder)
    config = OpalConfig.from_plain(folder.load_yaml("config.yaml"))
    init_seed(config["seed"], config["reproducibility"])
    data = prepare_data(config, future_items=False)
    fresh = find_model_class(model)(config, data.dataset)
    put_model_state(fresh, folder.load_weights("train"))
    trainer = StagedTrainer(config, fresh)
    judged = trainer.judge(data.test)
    again = judged.hits
    values = np.load(result.folder / "per_user-train-test.npz")
    assert values["hit@10"].tolist() == (again[:, :10].any(axis=1)).astype(float).tolist()
    assert values["recall@10"].tolist() == (again[:, :10].sum(axis=1) / judged.num_targets).tolist()


def test_the_best_weights_come_with_the_vectors_computed_from_them(settings):
    """Without this LightGCN would serve the last epoch's vectors under the best epoch's name."""
    config = OpalConfig("LightGCN", "tiny", settings)
    data = prepare_data(config, future_items=False)
    model = find_model_class("LightGCN")(config, data.dataset)
    trainer = StagedTrainer(config, model)
    trainer.fit(data.train, data.valid)
    kept = model.restore_item_e.clone()
    model.restore_item_e = torch.zeros_like(kept)
    trainer.loop.load_stage("train")
    assert torch.equal(model.restore_item_e, kept)
    with torch.no_grad():
        assert torch.allclose(model.forward()[1], kept)


@pytest.mark.parametrize(
    ("model", "setting"),
    [("ItemKNN", {"knn_method": "neither"}), ("GRU4Rec", {"loss_type": "BCE"})],
)
def test_a_setting_a_recbole_model_does_not_know_is_one_line(settings, model, setting):
    with pytest.raises(recbole_opal.OpalError) as caught:
        recbole_opal.run(model, "tiny", **settings, **setting)
    assert "\n" not in str(caught.value)
    assert any(name in str(caught.value) for name in ("loss_type", "'user', 'item'"))


def test_time_in_the_constructor_counts_as_training_where_it_does_the_work(settings):
    for name, expected in (("ItemKNN", 5.0), ("BPR", 0.0)):
        config = OpalConfig(name, "tiny", settings)
        data = prepare_data(config, future_items=False)
        model = find_model_class(name)(config, data.dataset)
        trainer = StagedTrainer(config, model, built_in=5.0)
        assert trainer.loop.record.train_seconds == expected
        trainer.fit(data.train, data.valid)
        assert expected < trainer.loop.record.train_seconds < expected + 5.0
