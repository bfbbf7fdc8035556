"""CMI keeps the contract; it is trained on two halves of each history and served from all of it."""

import pytest
import torch

from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import prepare_data
from recbole_opal.losses.contrastive import view_contrast
from recbole_opal.models import CMI
from recbole_opal.models.base import FUTURE_ITEMS
from recbole_opal.testing import RoutingContract


class TestCMI(RoutingContract):
    model = "CMI"


@pytest.fixture
def build(quick_settings):
    def make(**changes):
        config = OpalConfig("CMI", "tiny", quick_settings | changes)
        data = prepare_data(config, future_items=True)
        torch.manual_seed(0)
        return CMI(config, data.dataset), next(iter(data.train))

    return make


def losses_of(model, batch, seed=1):
    torch.manual_seed(seed)
    parts = model.calculate_loss(batch)
    return {name: part.detach() for name, part in zip(model.loss_names, parts, strict=True)}


def test_training_rows_are_two_views_with_the_same_targets(build):
    model, batch = build()
    views = model.training_views(batch)
    rows = len(batch)
    assert len(views["item_id_list"]) == 2 * rows
    for row in range(rows):
        whole = batch["item_id_list"][row]
        whole = whole[whole > 0].tolist()
        halves = [views["item_id_list"][place] for place in (row, row + rows)]
        one, other = (half[half > 0].tolist() for half in halves)
        if len(whole) <= 6:
            assert one == other == whole
        else:
            assert sorted(one + other) == sorted(whole)
            assert abs(len(one) - len(other)) <= 1
    assert views[FUTURE_ITEMS][:rows].equal(batch[FUTURE_ITEMS])
    assert views[FUTURE_ITEMS][rows:].equal(batch[FUTURE_ITEMS])


def test_the_contrast_is_that_of_the_two_views(build):
    model, batch = build(contrastive_weight=2.0)
    torch.manual_seed(1)
    views = model.training_views(batch)
    one, other = model.interests(views).chunk(2)
    losses = losses_of(model, batch)
    assert list(losses) == ["retrieval", "orthogonality", "uniformity", "contrastive"]
    expected = 2.0 * view_contrast(one, other, 0.1).detach()
    torch.testing.assert_close(losses["contrastive"], expected)


def test_the_weights_are_the_settings(build):
    model, batch = build()
    other, _ = build(orthogonality_weight=20.0, uniformity_weight=2.0, contrastive_weight=0.06)
    with torch.no_grad():
        for each in (model, other):
            each.encoder.categories.add_(0.3)  # away from orthogonal, where the loss is zero
    one, two = losses_of(model, batch), losses_of(other, batch)
    for name, factor in (("orthogonality", 2), ("uniformity", 2), ("contrastive", 3)):
        assert one[name] > 0
        torch.testing.assert_close(two[name], factor * one[name])


def test_the_same_generator_state_gives_the_same_loss(build):
    """Halves and negatives come from the generator that a run's state holds."""
    model, batch = build()
    once, again, other = (losses_of(model, batch, seed) for seed in (1, 1, 2))
    assert once == again
    assert once["contrastive"] != other["contrastive"]


def test_interests_are_of_unit_length_whatever_the_similarity(build):
    model, batch = build(similarity="inner_product", weight_decay=0.0)
    lengths = model.interests(batch).norm(dim=-1)
    torch.testing.assert_close(lengths, torch.ones_like(lengths))
