"""OPAL inside RecBole: shapes, invariances, scoring, its losses by name, its options."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from recbole_opal.batches import Histories, TrainingBatch
from recbole_opal.evaluation.full_sort import FullSortRetriever
from recbole_opal.interests.history import History
from recbole_opal.models import MODELS, MultiInterestNetwork
from recbole_opal.models.opal import OPALNetwork
from recbole_opal.testing import RoutingContract

STAGES = ["soft", "hard", "next"]


@pytest.fixture
def build(build_model):
    return lambda **changes: build_model("OPAL", **changes)


def interaction(histories):
    """Return histories as RecBole pads them."""
    rows = histories.items.split(histories.lengths.tolist())
    return {"item_id_list": pad_sequence(rows, batch_first=True)}


@pytest.mark.parametrize("stage", STAGES)
def test_shapes(build, stage):
    built = build()
    model, rows, items = built.recommender, len(built.inputs), built.data.dataset.item_num
    model.set_stage(stage)
    assert model.interests(built.inputs).shape == (rows, 3, 9)  # the last one is the prior
    assert model.item_table().shape == (items, 9)
    assert model.full_sort_predict(built.inputs).shape == (rows, items)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("prior", [0.0, 0.5])
def test_predict_agrees_with_full_sort_and_with_interests(build, stage, prior):
    built = build(interest_prior=prior, scoring="maximum")
    model = built.recommender
    model.set_stage(stage)
    batch = interaction(built.inputs)
    scores = model.full_sort_predict(batch)
    direct = torch.einsum("bkd,nd->bkn", model.interests(batch), model.item_table()).amax(1)
    torch.testing.assert_close(scores, direct)
    items = torch.arange(len(scores)) % (built.data.dataset.item_num - 1) + 1
    batch["item_id"] = items
    torch.testing.assert_close(
        model.predict(batch), scores.gather(1, items.unsqueeze(1)).squeeze(1)
    )


@pytest.mark.parametrize("stage", STAGES)
def test_padding_changes_no_interest(build, stage):
    built = build()
    model = built.recommender
    model.set_stage(stage)
    before = model.interests(built.inputs)
    batch = interaction(built.inputs)
    torch.testing.assert_close(model.interests(batch), before, rtol=0, atol=1e-6)
    batch["item_id_list"] = functional.pad(batch["item_id_list"], (0, 7))
    torch.testing.assert_close(model.interests(batch), before, rtol=0, atol=1e-6)


@pytest.mark.parametrize("stage", STAGES)
def test_a_history_of_one_item_is_served(build, stage):
    model = build().network
    model.set_stage(stage)
    interests = model.interests(Histories(torch.tensor([3, 1]), torch.tensor([1, 1])))
    assert interests.isfinite().all()
    if stage == "soft":  # every category sees the same one item
        (vector,) = model.items(torch.tensor([3]))
        torch.testing.assert_close(model.interest_columns(interests)[0], vector.expand(3, -1))


def test_the_parts_of_the_loss_have_names(build):
    built = build()
    model, batch = built.network, built.batch
    parts = dict(zip(("retrieval",), model.calculate_loss(batch), strict=False))
    assert parts["retrieval"] > 0
    assert model.loss_names == ("retrieval", "orthogonality", "uniformity")
    model.set_stage("hard")
    parts = model.calculate_loss(batch)
    assert model.loss_names == (
        "retrieval", "orthogonality", "uniformity", "hard_uniformity", "unique",
    )  # fmt: skip
    assert len(parts) == 5


@pytest.mark.parametrize("windows", [None, {"next": 1}, {"next": 2}, {"soft": 1}])
def test_a_stage_has_as_many_targets_as_it_asks_for(build, windows):
    built = build(stage_windows=windows, future_window=3)
    model, batch = built.network, built.batch
    for stage, window in {"soft": 3, "hard": 3, "next": 3, **(windows or {})}.items():
        model.set_stage(stage)
        seen = model.training_views(batch)
        assert seen.histories is batch.histories
        assert seen.targets.equal(batch.targets[:, :window])


def test_the_last_stage_is_the_hard_one_on_the_next_item(build):
    built = build()
    model, batch = built.network, built.batch
    nearest = replace(batch, targets=batch.targets[:, :1].contiguous())
    model.set_stage("hard")
    before = model.interests(batch.histories)
    torch.manual_seed(1)
    wanted = model.calculate_loss(nearest)
    torch.manual_seed(1)
    of_all = model.calculate_loss(batch)
    model.set_stage("next")
    assert model.interests(batch.histories).equal(before)
    torch.manual_seed(1)
    assert [part.item() for part in model.calculate_loss(batch)] == [p.item() for p in wanted]
    assert wanted[0] != of_all[0]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    "options",
    [
        {"routing": "target", "scoring": "maximum"},
        {"negative_sampling": "popularity"},
        {"negative_sampling": "popularity", "logq_correction": False},
        {"negative_sampling": "full"},
        {"interest_prior": 0.0},
        {"fusion": "fixed", "evolution_activation": "relu"},
        {"evolution_input": "weighted"},
        {"num_interests": 1},
        {"future_window": 1},
        {"dropout_prob": 0.5},
        {"item_gradient": "dense"},
    ],
    ids=str,
)
def test_every_option_trains(build, stage, options):
    built = build(**options)
    model = built.network
    model.set_stage(stage)
    sum(model.calculate_loss(built.batch)).backward()
    gradient = model.items.embedding.weight.grad
    assert gradient.is_sparse is (options.get("item_gradient") != "dense")
    assert gradient.to_dense().isfinite().all()
    assert gradient.to_dense().abs().sum() > 0


def test_the_weights_of_the_losses_are_the_settings(build):
    built = build(unique_weight=1.0)
    histories = built.batch.histories
    twice = build(orthogonality_weight=20.0, uniformity_weight=2.0, unique_weight=3.0)
    with torch.no_grad():
        encodings = []
        for each in (built.network, twice.network):
            each.set_stage("hard")
            each.encoder.categories.add_(0.3)  # away from orthogonal, where the loss is zero
            (vectors,) = each.items(histories.items)
            history = History(vectors, histories.lengths)
            step = SimpleNamespace(encoded=each.encode(history))
            encodings.append(each.auxiliary_losses(step))
    one, other = encodings
    for name, factor in (
        ("orthogonality", 2), ("uniformity", 2), ("hard_uniformity", 2), ("unique", 3),
    ):  # fmt: skip
        assert float(one[name]) > 0
        torch.testing.assert_close(other[name], one[name] * factor)


def test_the_prior_prefers_the_interest_that_holds_more_of_the_history(build):
    model = build(interest_prior=1.0, temperature=0.1).network
    queries = model.interests(Histories(torch.tensor([1, 2, 3, 4]), torch.tensor([4])))
    assert queries.shape == (1, 3, 9)
    (vectors,) = model.items(torch.tensor([1, 2, 3, 4]))
    encoded = model.encode(History(vectors, torch.tensor([4])))
    torch.testing.assert_close(queries[..., -1] / 0.1, encoded.shares(encoded.assignment).log())
    assert model.item_table()[:, -1].eq(1).all()


@pytest.mark.parametrize("stage", STAGES)
def test_the_prior_is_no_part_of_the_cosine_between_interests(build, stage):
    nothing, cosines = torch.empty(0, dtype=torch.int64), []
    for prior in (0.0, 2.0):
        built = build(interest_prior=prior)
        built.network.set_stage(stage)
        settings = {"topk": [5], "retrieval": None, "retrieval_args": None, "item_block_size": None}
        retriever = FullSortRetriever(built.network, settings, with_interests=True)
        retrieved = retriever.retrieve(built.inputs, None, (nothing, nothing))
        cosines.append(torch.from_numpy(retrieved.interests.cosines))
    torch.testing.assert_close(*cosines)


def test_a_wrong_stage_is_an_error(build):
    with pytest.raises(ValueError, match="soft"):
        build().network.set_stage("medium")


def test_targets_never_count_as_negatives(build):
    """With all other items as targets' equals, masking is what keeps the loss low."""
    model = build(negative_sampling="full", future_window=3).network
    history = Histories(torch.tensor([1, 2]), torch.tensor([2]))
    every = torch.arange(1, model.items.num_items).unsqueeze(0)
    loss = model.calculate_loss(TrainingBatch(history, every))[0]
    assert loss.item() == pytest.approx(0, abs=1e-6)  # nothing is left to be confused with


def test_every_registered_model_is_a_multi_interest_model():
    assert MODELS["OPAL"] is OPALNetwork
    assert all(issubclass(model, MultiInterestNetwork) for model in MODELS.values())


def test_one_soft_interest_is_the_single_interest_model(build, build_model):
    """OPAL with K = 1 scores as YouTubeDNN with the same item vectors."""
    opal, single = build(num_interests=1), build_model("YouTubeDNN", "num_interests")
    single.network.items.load_state_dict(opal.network.items.state_dict())
    torch.testing.assert_close(
        opal.recommender.full_sort_predict(opal.inputs),
        single.recommender.full_sort_predict(opal.inputs),
    )


class TestOPAL(RoutingContract):
    model = "OPAL"


@pytest.mark.parametrize("options", [{}, {"evolution_input": "weighted"}, {"dropout_prob": 0.5}])
def test_that_items_repeat_changes_no_loss_and_no_gradient(build, monkeypatch, options):
    """Vectors that are weighed or dropped anew at each place are not shared."""
    built = build(**options)
    built.network.double().set_stage("hard")
    search, shared, found = History.distinct.func, [], []

    def told(history):
        shared.append(search(history))
        return shared[-1]

    for distinct in (property(told), None):
        monkeypatch.setattr(History, "distinct", distinct)
        built.network.zero_grad()
        losses = built.losses()
        sum(losses.values()).backward()
        gradients = [each.grad for each in built.network.parameters() if each.grad is not None]
        found.append([*losses.values(), *(each.to_dense() for each in gradients)])
    for with_repeats, without in zip(*found, strict=True):
        torch.testing.assert_close(with_repeats, without)
    assert any(each is not None for each in shared) is (not options)
