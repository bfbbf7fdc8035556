"""OPAL inside RecBole: shapes, invariances, scoring, its losses by name, its options."""

from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional

from recbole_opal.evaluation import FullSortRetriever
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import prepare_data
from recbole_opal.interests.history import History
from recbole_opal.models import MODELS, OPAL, MultiInterestRecommender
from recbole_opal.models.base import FUTURE_ITEMS
from recbole_opal.testing import RoutingContract

STAGES = ["soft", "hard"]


@pytest.fixture
def build(quick_settings):
    def make(**changes):
        config = OpalConfig("OPAL", "tiny", quick_settings | changes)
        data = prepare_data(config, future_items=True)
        torch.manual_seed(0)
        return OPAL(config, data.dataset).eval(), data

    return make


def one_batch(data):
    return next(iter(data.test))[0]


@pytest.mark.parametrize("stage", STAGES)
def test_shapes(build, stage):
    model, data = build()
    model.set_stage(stage)
    batch = one_batch(data)
    rows = len(batch)
    assert model.interests(batch).shape == (rows, 3, 8)
    assert model.item_table().shape == (data.dataset.item_num, 8)
    assert model.full_sort_predict(batch).shape == (rows, data.dataset.item_num)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("prior", [0.0, 0.5])
def test_predict_agrees_with_full_sort_and_with_interests(build, stage, prior):
    model, data = build(interest_prior=prior)
    model.set_stage(stage)
    batch = one_batch(data)
    scores = model.full_sort_predict(batch)
    direct = torch.einsum("bkd,nd->bkn", model.interests(batch), model.item_table()).amax(1)
    torch.testing.assert_close(scores, direct)
    items = torch.arange(len(batch)) % (data.dataset.item_num - 1) + 1
    batch.interaction["item_id"] = items
    torch.testing.assert_close(
        model.predict(batch), scores.gather(1, items.unsqueeze(1)).squeeze(1)
    )


@pytest.mark.parametrize("stage", STAGES)
def test_padding_changes_no_interest(build, stage):
    model, data = build()
    model.set_stage(stage)
    batch = one_batch(data)
    before = model.interests(batch)
    history = batch.interaction["item_id_list"]
    batch.interaction["item_id_list"] = functional.pad(history, (0, 7))
    torch.testing.assert_close(model.interests(batch), before, rtol=0, atol=1e-6)


@pytest.mark.parametrize("stage", STAGES)
def test_a_history_of_one_item_is_served(build, stage):
    model, _ = build()
    model.set_stage(stage)
    interests = model.interests({"item_id_list": torch.tensor([[3], [1]])})
    assert interests.isfinite().all()
    if stage == "soft":  # every category sees the same one item
        (vector,) = model.items(torch.tensor([3]))
        torch.testing.assert_close(interests[0], vector.expand(3, -1))


def test_the_parts_of_the_loss_have_names(build):
    model, data = build()
    batch = next(iter(data.train))
    parts = dict(zip(("retrieval",), model.calculate_loss(batch), strict=False))
    assert parts["retrieval"] > 0
    assert model.loss_names == ("retrieval", "orthogonality", "uniformity")
    model.set_stage("hard")
    parts = model.calculate_loss(batch)
    assert model.loss_names == (
        "retrieval", "orthogonality", "uniformity", "hard_uniformity", "unique",
    )  # fmt: skip
    assert len(parts) == 5


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    "options",
    [
        {"routing": "target"},
        {"negative_sampling": "popularity"},
        {"negative_sampling": "popularity", "logq_correction": False},
        {"negative_sampling": "full"},
        {"interest_prior": 1.0},
        {"fusion": "learned"},
        {"evolution_activation": "none", "evolution_input": "weighted"},
        {"num_interests": 1},
        {"future_window": 1},
        {"dropout_prob": 0.5},
        {"item_gradient": "dense"},
    ],
    ids=str,
)
def test_every_option_trains(build, stage, options):
    model, data = build(**options)
    model.set_stage(stage)
    model.train()
    batch = next(iter(data.train))
    sum(model.calculate_loss(batch)).backward()
    gradient = model.items.embedding.weight.grad
    assert gradient.is_sparse is (options.get("item_gradient") != "dense")
    assert gradient.to_dense().isfinite().all()
    assert gradient.to_dense().abs().sum() > 0


def test_the_weights_of_the_losses_are_the_settings(build):
    model, data = build()
    twice, _ = build(orthogonality_weight=20.0, uniformity_weight=2.0, unique_weight=3.0)
    batch = next(iter(data.train))
    with torch.no_grad():
        encodings = []
        for each in (model, twice):
            each.set_stage("hard")
            each.encoder.categories.add_(0.3)  # away from orthogonal, where the loss is zero
            places = batch["item_id_list"]
            (vectors,) = each.items(places[places > 0])
            history = History(vectors, (places > 0).nonzero()[:, 0], len(places))
            step = SimpleNamespace(encoded=each.encode(history))
            encodings.append(each.auxiliary_losses(step))
    one, other = encodings
    for name, factor in (
        ("orthogonality", 2), ("uniformity", 2), ("hard_uniformity", 2), ("unique", 3),
    ):  # fmt: skip
        assert float(one[name]) > 0
        torch.testing.assert_close(other[name], one[name] * factor)


def test_the_prior_prefers_the_interest_that_holds_more_of_the_history(build):
    model, _ = build(interest_prior=1.0, temperature=0.1)
    queries = model.interests({"item_id_list": torch.tensor([[1, 2, 3, 4]])})
    assert queries.shape == (1, 3, 9)
    (vectors,) = model.items(torch.tensor([1, 2, 3, 4]))
    encoded = model.encode(History(vectors, torch.zeros(4, dtype=torch.long), 1))
    torch.testing.assert_close(queries[..., -1] / 0.1, encoded.shares.log())
    assert model.item_table()[:, -1].eq(1).all()


@pytest.mark.parametrize("stage", STAGES)
def test_the_prior_is_no_part_of_the_cosine_between_interests(build, stage):
    nothing, cosines = torch.empty(0, dtype=torch.int64), []
    for prior in (0.0, 2.0):
        model, data = build(interest_prior=prior)
        model.set_stage(stage)
        settings = {"topk": [5], "retrieval": None, "item_block_size": None}
        retriever = FullSortRetriever(model, settings, with_interest_use=True)
        retrieved = retriever.retrieve(one_batch(data), None, (nothing, nothing))
        cosines.append(retrieved.interest_use.cosines)
    torch.testing.assert_close(*cosines)


def test_a_wrong_stage_is_an_error(build):
    model, _ = build()
    with pytest.raises(ValueError, match="soft"):
        model.set_stage("medium")


def test_targets_never_count_as_negatives(build):
    """With all other items as targets' equals, masking is what keeps the loss low."""
    model, _ = build(negative_sampling="full", future_window=3)
    history = torch.tensor([[1, 2]])
    every = torch.arange(1, model.n_items).unsqueeze(0)
    loss = model.calculate_loss({"item_id_list": history, FUTURE_ITEMS: every})[0]
    assert loss.item() == pytest.approx(0, abs=1e-6)  # nothing is left to be confused with


def test_every_registered_model_is_a_multi_interest_model():
    assert MODELS["OPAL"] is OPAL
    assert all(issubclass(model, MultiInterestRecommender) for model in MODELS.values())


def test_one_soft_interest_is_the_single_interest_model(build, quick_settings):
    """OPAL with K = 1 scores as YouTubeDNN with the same item vectors."""
    opal, data = build(num_interests=1)
    own = {key: value for key, value in quick_settings.items() if key != "num_interests"}
    single = MODELS["YouTubeDNN"](OpalConfig("YouTubeDNN", "tiny", own), data.dataset).eval()
    single.items.load_state_dict(opal.items.state_dict())
    batch = one_batch(data)
    torch.testing.assert_close(opal.full_sort_predict(batch), single.full_sort_predict(batch))


class TestOPAL(RoutingContract):
    model = "OPAL"
