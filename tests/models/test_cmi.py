"""CMI keeps the contract; it is trained on two halves of each history and served from all of it."""

import pytest
import torch

from recbole_opal.models.cmi import view_contrast
from recbole_opal.testing import RoutingContract


class TestCMI(RoutingContract):
    model = "CMI"


@pytest.fixture
def build(build_model):
    return lambda **changes: build_model("CMI", **changes)


def rows_of(histories):
    return [row.tolist() for row in histories.items.split(histories.lengths.tolist())]


def test_training_rows_are_two_views_with_the_same_targets(build):
    built = build()
    views, rows = built.network.training_views(built.batch), len(built.batch)
    whole, halves = rows_of(built.batch.histories), rows_of(views.histories)
    assert len(halves) == 2 * rows
    for own, one, other in zip(whole, halves[::2], halves[1::2], strict=True):
        if len(own) <= 6:
            assert one == other == own
        else:
            assert sorted(one + other) == sorted(own)
            assert abs(len(one) - len(other)) <= 1
    assert views.targets[::2].equal(built.batch.targets)
    assert views.targets[1::2].equal(built.batch.targets)


def test_the_contrast_is_that_of_the_two_views(build):
    built = build(contrastive_weight=2.0)
    torch.manual_seed(1)
    views = built.network.training_views(built.batch)
    interests = built.network.interests(views.histories)
    losses = built.losses()
    assert list(losses) == ["retrieval", "orthogonality", "uniformity", "contrastive"]
    contrast = view_contrast(interests[::2], interests[1::2], 0.1)
    torch.testing.assert_close(losses["contrastive"], 2.0 * contrast)


def test_the_weights_are_the_settings(build):
    built = build()
    other = build(orthogonality_weight=20.0, uniformity_weight=2.0, contrastive_weight=0.06)
    with torch.no_grad():
        for each in (built, other):
            each.network.encoder.categories.add_(0.3)  # away from orthogonal, where it is zero
    one, two = built.losses(), other.losses()
    for name, factor in (("orthogonality", 2), ("uniformity", 2), ("contrastive", 3)):
        assert one[name] > 0
        torch.testing.assert_close(two[name], factor * one[name])


def test_the_same_generator_state_gives_the_same_loss(build):
    """Halves and negatives come from the generator that a run's state holds."""
    built = build()
    once, again, other = (built.losses(seed=seed) for seed in (1, 1, 2))
    assert once == again
    assert once["contrastive"] != other["contrastive"]


def test_interests_are_of_unit_length_whatever_the_similarity(build):
    built = build(similarity="inner_product", weight_decay=0.0)
    lengths = built.network.interests(built.batch.histories).norm(dim=-1)
    torch.testing.assert_close(lengths, torch.ones_like(lengths))
