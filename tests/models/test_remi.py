"""REMI keeps the contract; routing regularisation and hard negatives are settings."""

import torch

from recbole_opal.interests.history import History
from recbole_opal.models.remi import attention_variation
from recbole_opal.testing import ModelContract


class TestREMI(ModelContract):
    model = "REMI"


def variation_of(built):
    histories = built.batch.histories
    (vectors,) = built.network.items(histories.items)
    attended = built.network.encode(History(vectors, histories.lengths))
    return attention_variation(attended.attention, attended.mask)


def test_the_regularisation_is_the_weighted_variation_of_the_attention(build_model):
    built = build_model("REMI")
    variation = variation_of(built)
    assert variation > 0
    losses = built.losses()
    assert list(losses) == ["retrieval", "routing_regularisation"]
    torch.testing.assert_close(losses["routing_regularisation"], 3.125 * variation)
    other = build_model("REMI", routing_regularisation_weight=1.0)
    torch.testing.assert_close(other.losses()["routing_regularisation"], variation)


def test_without_its_two_parts_it_is_comirec_sa(build_model):
    built, other = build_model("REMI"), build_model("ComiRecSA")
    other.network.load_state_dict(built.network.state_dict())
    torch.testing.assert_close(built.losses()["retrieval"], other.losses()["retrieval"])
    torch.testing.assert_close(
        built.network.interests(built.inputs), other.network.interests(built.inputs)
    )


def test_the_published_recipe_counts_hard_negatives_more(build_model):
    built = build_model("REMI", "future_window", recipe="published")
    settings = built.network.settings
    assert (settings.hardness, settings.routing) == (10.0, "target")
    assert built.network.unit_vectors is False
    easy = build_model("REMI", "future_window", recipe="published", hardness=0.0)
    assert built.losses()["retrieval"] > easy.losses(built.batch)["retrieval"]


def test_regularised_attention_is_more_even(build_model):
    """Sixty steps on one batch, without and with a great weight."""
    spread = {}
    for weight in (0.0, 1000.0):
        built = build_model("REMI", routing_regularisation_weight=weight)
        optimizer = torch.optim.Adam(built.network.encoder.parameters(), lr=0.03)
        for _ in range(60):
            optimizer.zero_grad()
            sum(built.network.calculate_loss(built.batch)).backward()
            optimizer.step()
        spread[weight] = float(variation_of(built).detach())
    assert spread[1000.0] < spread[0.0] / 10
