"""What general models are told at test, against naive recomputation."""

import numpy as np
import pytest
import torch
from recbole.data.interaction import Interaction
from recbole.utils import init_seed

from recbole_opal.host import find_model_class
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.known_history import known_history
from recbole_opal.host.prepare import prepare_data
from recbole_opal.host.trainer import StagedTrainer

SERVED_FROM_ROWS = ("MultiVAE", "MacridVAE", "ItemKNN", "EASE")
OF_TRAINING_ONLY = ("Pop", "BPR", "LightGCN")


@pytest.fixture
def build(data_path, tmp_path, monkeypatch):
    """Return a function that gives a model's config, data and an untrained model in eval mode."""
    monkeypatch.chdir(tmp_path)

    def make(name, **settings):
        fixed = {
            "data_path": str(data_path),
            "checkpoint_dir": str(tmp_path / "saved"),
            "epochs": 1,
            "use_gpu": False,
            "tensorboard": False,
            "topk": [5, 10],
            "valid_metric": "Recall@10",
        }
        config = OpalConfig(name, "tiny", fixed | settings)
        init_seed(7, reproducibility=True)
        data = prepare_data(config, future_items=False)
        model = find_model_class(name)(config, data.dataset)
        return config, data, model.eval()

    return make


def scores(model, users):
    with torch.no_grad():
        result = model.full_sort_predict(Interaction({"user_id": torch.tensor(users)}))
    return result.reshape(len(users), -1).double()


def matrix(dataset, *, binary=False):
    """Return the dense (users, items) counts of a dataset, by a loop."""
    dense = np.zeros((dataset.user_num, dataset.item_num))
    feat = dataset.inter_feat
    for user, item in zip(feat["user_id"].tolist(), feat["item_id"].tolist(), strict=True):
        dense[user, item] = 1 if binary else dense[user, item] + 1
    return dense


@pytest.mark.parametrize("name", SERVED_FROM_ROWS)
def test_models_that_serve_from_rows_are_told_more_and_then_forget_it(build, name):
    _, data, model = build(name)
    users = list(range(1, 20))
    before = scores(model, users)
    with known_history(model, data.test.known):
        told = scores(model, users)
    assert not torch.equal(before, told)
    assert torch.equal(before, scores(model, users))


@pytest.mark.parametrize("name", OF_TRAINING_ONLY)
def test_the_others_know_the_training_part_only(build, name):
    config, data, model = build(name)
    if name == "Pop":
        for batch in data.train:
            model.calculate_loss(batch)
    users = list(range(1, 20))
    before = scores(model, users)
    with known_history(model, data.test.known):
        assert torch.equal(before, scores(model, users))


def test_user_neighbours_stay_those_of_training(build):
    _, data, model = build("ItemKNN", knn_method="user")
    before = scores(model, [1, 2, 3])
    with known_history(model, data.test.known):
        assert torch.equal(before, scores(model, [1, 2, 3]))


@pytest.mark.parametrize("name", ["MultiVAE", "MacridVAE"])
def test_an_autoencoder_s_input_is_the_row_of_the_known_interactions(build, name):
    _, data, model = build(name)
    users = torch.arange(data.dataset.user_num)
    training = torch.from_numpy(matrix(data.dataset, binary=True)).float()
    known = torch.from_numpy(matrix(data.test.known, binary=True)).float()
    assert torch.equal(model.get_rating_matrix(users), training)
    with known_history(model, data.test.known):
        assert torch.equal(model.get_rating_matrix(users), known)
    assert (known >= training).all()
    assert known.sum() > training.sum()


@pytest.mark.parametrize(("k", "shrink"), [(100, 0.0), (5, 3.0)])
def test_item_knn_equals_a_naive_loop_before_and_while_told(build, k, shrink):
    _, data, model = build("ItemKNN", k=k, shrink=shrink)
    training, known = matrix(data.dataset), matrix(data.test.known)
    similarity = naive_similarity(training, k, shrink)
    users = list(range(1, data.dataset.user_num))
    expected = torch.from_numpy(training @ similarity)[users]
    assert torch.allclose(scores(model, users), expected, atol=1e-5)
    with known_history(model, data.test.known):
        expected = torch.from_numpy(known @ similarity)[users]
        assert torch.allclose(scores(model, users), expected, atol=1e-5)


def naive_similarity(dense, k, shrink):
    """Return the (N, N) cosine similarities of which each column keeps its k largest."""
    items = dense.shape[1]
    norms = np.sqrt((dense**2).sum(axis=0))
    kept = np.zeros((items, items))
    for one in range(items):
        column = np.zeros(items)
        for other in range(items):
            if other != one:
                dot = sum(row[one] * row[other] for row in dense)
                column[other] = dot / (norms[one] * norms[other] + shrink + 1e-6)
        best = np.argsort(-column, kind="stable")[:k]
        kept[best, one] = column[best]
    return kept


def test_the_random_generators_are_where_they_were(build):
    _, data, model = build("MultiVAE")
    before = torch.get_rng_state()
    with known_history(model, data.test.known):
        pass
    assert torch.equal(torch.get_rng_state(), before)


def test_what_was_swapped_comes_back_after_an_error(build):
    _, data, model = build("MultiVAE")
    rows = model.history_item_id
    with pytest.raises(KeyError), known_history(model, data.test.known):
        raise KeyError
    assert model.history_item_id is rows


def test_the_trainer_tells_it_for_test_and_not_for_validation(build):
    config, data, model = build("MultiVAE")
    trainer = StagedTrainer(config, model)
    seen = []
    original = model.full_sort_predict

    def note(interaction):
        seen.append(model.get_rating_matrix(interaction["user_id"]).sum())
        return original(interaction)

    model.full_sort_predict = note
    trainer.evaluate(data.valid, load_best_model=False)
    trainer.evaluate(data.test, load_best_model=False)
    training, known = (matrix(part, binary=True) for part in (data.dataset, data.test.known))
    valid_users, test_users = (
        torch.cat([batch.users for batch in loader]) for loader in (data.valid, data.test)
    )
    assert seen == [training[valid_users].sum(), known[test_users].sum()]


def test_training_rows_are_those_of_training_in_every_epoch(build):
    config, data, model = build("MultiVAE", epochs=3)
    totals = []
    original = model.forward

    def note(rating_matrix):
        if model.training:
            totals.append(float(rating_matrix.sum()))
        return original(rating_matrix)

    model.forward = note
    trainer = StagedTrainer(config, model)
    trainer.fit(data.train, data.valid)
    trainer.evaluate(data.test, load_best_model=False)
    trainer.loop.epochs = 4
    trainer.loop.epoch, trainer.loop.record.ended = 3, ""
    trainer.fit(data.train, data.valid)
    assert totals == [matrix(data.dataset, binary=True).sum()] * 4
