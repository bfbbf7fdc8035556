"""REMI keeps the contract; routing regularisation and hard negatives are settings."""

import torch

from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import prepare_data
from recbole_opal.losses.routing import routing_variation
from recbole_opal.models import MODELS, REMI
from recbole_opal.testing import ModelContract


class TestREMI(ModelContract):
    model = "REMI"


def build(quick_settings, name="REMI", **changes):
    config = OpalConfig(name, "tiny", quick_settings | changes)
    data = prepare_data(config, future_items=True)
    torch.manual_seed(0)
    return MODELS[name](config, data.dataset), next(iter(data.train))


def losses_of(model, batch):
    torch.manual_seed(1)  # the same negatives
    parts = model.calculate_loss(batch)
    return {name: part.detach() for name, part in zip(model.loss_names, parts, strict=True)}


def test_the_regularisation_is_the_weighted_variation_of_the_attention(quick_settings):
    model, batch = build(quick_settings)
    places = batch["item_id_list"]
    (vectors,) = model.items(places[places > 0])
    attended = model.encode(model._lay_out(batch, vectors, places > 0))
    variation = routing_variation(attended.attention, attended.mask).detach()
    assert variation > 0
    losses = losses_of(model, batch)
    assert list(losses) == ["retrieval", "routing_regularisation"]
    torch.testing.assert_close(losses["routing_regularisation"], 3.125 * variation)
    other, _ = build(quick_settings, routing_regularisation_weight=1.0)
    torch.testing.assert_close(losses_of(other, batch)["routing_regularisation"], variation)


def test_without_its_two_parts_it_is_comirec_sa(quick_settings):
    model, batch = build(quick_settings)
    other, _ = build(quick_settings, name="ComiRecSA")
    other.load_state_dict(model.state_dict())
    torch.testing.assert_close(
        losses_of(model, batch)["retrieval"], losses_of(other, batch)["retrieval"]
    )
    torch.testing.assert_close(model.eval().interests(batch), other.eval().interests(batch))


def test_the_published_recipe_counts_hard_negatives_more(quick_settings):
    del quick_settings["future_window"]
    model, batch = build(quick_settings, recipe="published")
    assert (model.hardness, model.routing, model.unit_vectors) == (10.0, "target", False)
    easy, _ = build(quick_settings, recipe="published", hardness=0.0)
    assert losses_of(model, batch)["retrieval"] > losses_of(easy, batch)["retrieval"]


def test_regularised_attention_is_more_even(quick_settings):
    """Sixty steps on one batch, without and with a great weight."""
    spread = {}
    for weight in (0.0, 1000.0):
        model, batch = build(quick_settings, routing_regularisation_weight=weight)
        assert isinstance(model, REMI)
        optimizer = torch.optim.Adam(model.encoder.parameters(), lr=0.03)
        for _ in range(60):
            optimizer.zero_grad()
            sum(model.calculate_loss(batch)).backward()
            optimizer.step()
        places = batch["item_id_list"]
        (vectors,) = model.items(places[places > 0])
        attended = model.encode(model._lay_out(batch, vectors, places > 0))
        spread[weight] = float(routing_variation(attended.attention, attended.mask))
    assert spread[1000.0] < spread[0.0] / 10
