"""Who can serve users that training has not met, and that they are served from their items."""

import numpy as np
import pytest
import torch
from recbole.data.interaction import Interaction

from recbole_opal.data.protocols.per_user import shuffled_groups
from recbole_opal.errors import SettingsError
from recbole_opal.host import find_model_class, supported_models
from recbole_opal.host.known_history import known_history
from recbole_opal.host.prepare import prepare_data
from recbole_opal.host.recommender import MultiInterestRecommender
from recbole_opal.host.upstream_models import why_not_for_unmet_users

USER = {"split": {"user": [8, 1, 1]}}
SERVING = [
    "OPAL", "MIND", "ComiRecDR", "SASRec", "GRU4Rec", "SINE", "SRGNN", "NARM", "STAMP",
    "Pop", "ItemKNN", "EASE", "MultiVAE", "MacridVAE",
]  # fmt: skip
NOT_SERVING = ["BPR", "LightGCN", "Caser", "FPMC", "HGN", "TransRec"]


def log(users=20, items=30, length=10, seed=0):
    """Return rows in which the first held-out test user's history is all a training user has."""
    generator = np.random.default_rng(seed)
    groups = shuffled_groups(users, (8, 1, 1), 1230)
    sequences = [generator.permutation(items)[:length].tolist() for _ in range(users)]
    training, held_out = int(np.flatnonzero(groups == 0)[0]), int(np.flatnonzero(groups == 2)[0])
    sequences[training] = sequences[held_out][: int(0.8 * length)]
    rows = [
        (f"u{user}", f"i{item}", place)
        for user, sequence in enumerate(sequences)
        for place, item in enumerate(sequence)
    ]
    return rows, f"u{training}", f"u{held_out}"


def build(config, model):
    model_class = find_model_class(model)
    data = prepare_data(config, future_items=issubclass(model_class, MultiInterestRecommender))
    return data, model_class(config, data.dataset).eval()


@pytest.mark.parametrize("model", SERVING)
def test_models_of_histories_are_let_through(make_config, model):
    assert why_not_for_unmet_users(find_model_class(model), {}) is None
    assert list(make_config(log()[0], model, eval_args=USER)["eval_args"]["split"]) == ["user"]


@pytest.mark.parametrize("model", NOT_SERVING)
def test_models_of_user_vectors_are_refused_before_data_is_read(make_config, model):
    with pytest.raises(SettingsError, match=f"--model={model} has nothing to say") as caught:
        make_config(log()[0], model, eval_args=USER)
    assert "\n" not in str(caught.value)
    assert "--eval_args" in str(caught.value)
    for split in ({"RS": [8, 1, 1]}, {"time": [8, 1, 1]}, {"last_day": {}}):
        make_config(log()[0], model, eval_args={"split": split})


def test_neighbours_of_users_are_refused_and_of_items_are_not(make_config):
    with pytest.raises(SettingsError, match="--knn_method=item"):
        make_config(log()[0], "ItemKNN", eval_args=USER, knn_method="user")


def test_a_class_derived_from_one_with_user_vectors_has_them_too():
    class Own(find_model_class("Caser")):
        pass

    class Other(find_model_class("SASRec")):
        pass

    assert why_not_for_unmet_users(Own, {})
    assert why_not_for_unmet_users(Other, {}) is None


@pytest.mark.parametrize("model", ["ItemKNN", "EASE", "MultiVAE", "MacridVAE"])
def test_a_held_out_user_is_served_as_a_training_user_of_the_same_items(make_config, model):
    rows, training, held_out = log()
    data, built = build(make_config(rows, model, eval_args=USER), model)
    names = data.dataset.field2id_token["user_id"].tolist()

    def scores(user):
        users = torch.full((data.dataset.item_num,), names.index(user))
        pairs = Interaction({"user_id": users, "item_id": torch.arange(data.dataset.item_num)})
        return built.full_sort_predict(pairs[:1]).detach().reshape(-1)

    with known_history(built, data.test.known):
        served, twin = scores(held_out), scores(training)
    torch.testing.assert_close(served, twin)
    assert not torch.allclose(served, scores(held_out))  # without its items there is nothing
    torch.testing.assert_close(twin, scores(training))


def test_what_is_known_of_each_part_s_users_is_their_history_and_training(make_config):
    data, _ = build(make_config(log()[0], "MultiVAE", eval_args=USER), "MultiVAE")
    dataset = data.dataset
    for part, loader in ((dataset.split.valid, data.valid), (dataset.split.test, data.test)):
        known = loader.known.inter_feat
        pairs = set(zip(known["user_id"].tolist(), known["item_id"].tolist(), strict=True))
        starts, sequences = dataset.sequences.starts, dataset.sequences
        expected = {
            (int(sequences.users[row]), int(item))
            for row, end in zip(part.rows, part.starts, strict=True)
            for item in sequences.items[starts[row] : end]
        }
        trained = dataset.inter_feat
        expected |= set(zip(trained["user_id"].tolist(), trained["item_id"].tolist(), strict=True))
        assert pairs == expected


def test_popularity_counts_training_users_only(make_config):
    rows, *_ = log()
    data, _ = build(make_config(rows, "Pop", eval_args=USER), "Pop")
    counts = np.zeros(data.dataset.item_num, dtype=int)
    for batch in data.train:
        np.add.at(counts, batch["item_id"].numpy(), 1)
    names = data.dataset.field2id_token
    groups = shuffled_groups(20, (8, 1, 1), 1230)
    for item, count in enumerate(counts[1:], start=1):
        token = names["item_id"][item]
        expected = sum(row[1] == token and groups[int(row[0][1:])] == 0 for row in rows)
        assert count == expected


@pytest.mark.filterwarnings("ignore::UserWarning")  # RecBole's own, of torch.sparse
def test_the_models_let_through_hold_no_number_of_each_user(make_config):
    """With 97 user ids, a table of users is one that is 97 long."""
    rows, *_ = log(users=96, items=150, length=12)
    let_through = []
    for name in supported_models():
        built = build(make_config(rows, name), name)[1]
        own = {
            parameter
            for parameter, value in [*built.named_parameters(), *built.named_buffers()]
            if 97 in value.shape
        }
        if why_not_for_unmet_users(type(built), {}) is None:
            assert not own, name
            let_through.append(name)
        else:
            assert own, name
    assert set(SERVING) <= set(let_through)
    assert set(supported_models()) - set(let_through) == set(NOT_SERVING)
