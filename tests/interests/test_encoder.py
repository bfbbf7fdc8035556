"""The encoder: hand numbers, invariances, degenerate histories, one interest."""

import pytest
import torch
from torch.nn import functional

from recbole_opal.interests.encoder import HypercategoryEncoder
from recbole_opal.interests.soft import pool_softly

STAGES = ["soft", "hard"]


def histories(batch=5, length=7, width=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    vectors = functional.normalize(
        torch.randn(batch, length, width, generator=generator, dtype=torch.float64), dim=-1
    )
    lengths = torch.tensor(
        [1, length, *torch.randint(1, length, (batch - 2,), generator=generator)]
    )
    mask = torch.arange(length) < lengths.unsqueeze(1)
    return vectors * mask.unsqueeze(-1), mask


def make_encoder(interests=3, width=6, seed=0, **options):
    torch.manual_seed(seed)
    return HypercategoryEncoder(interests, width, **options).double()


def test_soft_interests_by_hand():
    vectors = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    assignment = torch.tensor([[[0.75, 0.25], [0.25, 0.75]]])
    pooled = pool_softly(vectors, assignment, torch.eye(2))
    length = (0.75**2 + 0.25**2) ** 0.5
    expected = torch.tensor([[[0.75, 0.25], [0.25, 0.75]]]) / length
    torch.testing.assert_close(pooled, expected)


def test_a_category_without_mass_falls_back_to_its_own_vector():
    vectors = torch.tensor([[[1.0, 0.0]]])
    assignment = torch.tensor([[[1.0, 0.0]]])
    categories = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    pooled = pool_softly(vectors, assignment, categories)
    torch.testing.assert_close(pooled, torch.tensor([[[1.0, 0.0], [0.6, 0.8]]]))


def test_an_empty_category_evolves_to_its_own_vector():
    encoder = make_encoder(interests=4)
    vectors, mask = histories()
    encoded = encoder(vectors, mask, "hard")
    categories = encoder.unit_categories()
    evolved = encoder.evolution(vectors, encoded.assignment, mask, categories)
    chosen = encoded.assignment.argmax(-1)
    empty = [
        (row, number)
        for row in range(len(mask))
        for number in range(4)
        if not ((chosen[row] == number) & mask[row]).any()
    ]
    assert empty, "the case must contain an empty category"
    for row, number in empty:
        torch.testing.assert_close(evolved[row, number], categories[number])


@pytest.mark.parametrize("stage", STAGES)
def test_interests_have_unit_length(stage):
    encoded = make_encoder()(*histories(), stage)
    torch.testing.assert_close(
        encoded.interests.norm(dim=-1), torch.ones(5, 3, dtype=torch.float64)
    )


@pytest.mark.parametrize("stage", STAGES)
def test_padding_length_changes_nothing(stage):
    vectors, mask = histories()
    encoder = make_encoder()
    short = encoder(vectors, mask, stage).interests
    padded = encoder(functional.pad(vectors, (0, 0, 0, 9)), functional.pad(mask, (0, 9)), stage)
    torch.testing.assert_close(padded.interests, short, rtol=0, atol=1e-12)


@pytest.mark.parametrize("stage", STAGES)
def test_neighbours_in_the_batch_change_nothing(stage):
    vectors, mask = histories()
    encoder = make_encoder()
    together = encoder(vectors, mask, stage).interests
    order = torch.tensor([3, 0, 4, 1, 2])
    shuffled = encoder(vectors[order], mask[order], stage).interests
    torch.testing.assert_close(shuffled, together[order], rtol=0, atol=1e-12)
    for row in range(len(mask)):
        alone = encoder(vectors[row : row + 1], mask[row : row + 1], stage).interests
        torch.testing.assert_close(alone[0], together[row], rtol=0, atol=1e-12)


def test_one_soft_interest_is_the_mean_direction():
    vectors, mask = histories()
    encoded = make_encoder(interests=1)(vectors, mask, "soft")
    expected = functional.normalize(vectors.sum(dim=1), dim=-1)
    torch.testing.assert_close(encoded.interests[:, 0], expected)


def test_one_hard_interest_is_one_gru_over_the_history():
    vectors, mask = histories()
    encoder = make_encoder(interests=1, fusion_weight=1.0, activation="none")
    actual = encoder(vectors, mask, "hard").interests[:, 0]
    for row in range(len(mask)):
        _, last = encoder.evolution.recurrence.gru(vectors[row, mask[row]].unsqueeze(1))
        expected = functional.normalize(encoder.evolution.output(last[0, 0]), dim=-1)
        torch.testing.assert_close(actual[row], expected)


def test_time_order_matters_in_the_hard_stage_only():
    vectors, mask = histories()
    reversed_row = vectors.clone()
    reversed_row[1] = vectors[1].flip(0)  # row 1 has the full length
    encoder = make_encoder()
    soft = [encoder(v, mask, "soft").interests[1] for v in (vectors, reversed_row)]
    hard = [encoder(v, mask, "hard").interests[1] for v in (vectors, reversed_row)]
    torch.testing.assert_close(soft[0], soft[1])
    assert not torch.allclose(hard[0], hard[1])


def test_a_learned_gate_enters_the_hard_stage_without_a_change():
    vectors, mask = histories()
    encoder = make_encoder(fusion="learned")
    soft, hard = (encoder(vectors, mask, stage).interests for stage in STAGES)
    torch.testing.assert_close(soft, hard)
    fixed = make_encoder(fusion="fixed")
    assert not torch.allclose(*(fixed(vectors, mask, stage).interests for stage in STAGES))


def test_fusion_weight_zero_and_one_are_the_two_parts():
    vectors, mask = histories()
    pooled = make_encoder()(vectors, mask, "soft").interests
    only_pooled = make_encoder(fusion_weight=0.0)(vectors, mask, "hard").interests
    torch.testing.assert_close(only_pooled, pooled)
    encoder = make_encoder(fusion_weight=1.0)
    encoded = encoder(vectors, mask, "hard")
    evolved = encoder.evolution(vectors, encoded.assignment, mask, encoder.unit_categories())
    torch.testing.assert_close(encoded.interests, evolved)


def test_categories_learn_from_the_gru_only_when_its_input_is_weighted():
    vectors, mask = histories()
    gradients = []
    for weighted in (False, True):
        encoder = make_encoder(fusion_weight=1.0, weighted_input=weighted)
        categories = encoder.unit_categories()
        assignment = encoder(vectors, mask, "hard").assignment
        evolved = encoder.evolution(vectors, assignment, mask, categories.detach())
        (gradient,) = torch.autograd.grad(
            evolved.sum(), encoder.categories, allow_unused=True, materialize_grads=True
        )
        gradients.append(gradient.abs().sum().item())
    assert gradients[0] == 0
    assert gradients[1] > 0


def test_straight_through_weighting_changes_no_value():
    vectors, mask = histories()
    values = [
        make_encoder(weighted_input=weighted)(vectors, mask, "hard").interests
        for weighted in (False, True)
    ]
    torch.testing.assert_close(*values)


def test_a_relu_confines_evolved_interests_to_one_orthant():
    vectors, mask = histories()
    for activation, confined in (("relu", True), ("none", False)):
        encoder = make_encoder(interests=1, fusion_weight=1.0, activation=activation)
        interests = encoder(vectors, mask, "hard").interests
        assert bool((interests >= 0).all()) is confined


@pytest.mark.parametrize("stage", STAGES)
def test_shares_sum_to_one(stage):
    encoded = make_encoder()(*histories(), stage)
    torch.testing.assert_close(encoded.shares.sum(-1), torch.ones(5, dtype=torch.float64))


def test_categories_start_orthogonal():
    categories = make_encoder(interests=4, width=8).unit_categories()
    torch.testing.assert_close(categories @ categories.T, torch.eye(4, dtype=torch.float64))


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("fusion", ["fixed", "learned"])
def test_gradient_in_float64(stage, fusion):
    encoder = make_encoder(interests=2, width=3, temperature=0.5, activation="none", fusion=fusion)
    if encoder.gate is not None:
        torch.nn.init.constant_(encoder.gate, 0.3)
    vectors, mask = histories(batch=3, length=4, width=3)
    vectors.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: encoder(x, mask, stage).interests[mask.any(1)], (vectors,), atol=1e-6
    )


def test_no_nan_where_a_history_is_empty():
    encoder = make_encoder()
    vectors = torch.zeros(2, 3, 6, dtype=torch.float64, requires_grad=True)
    mask = torch.zeros(2, 3, dtype=torch.bool)
    for stage in STAGES:
        interests = encoder(vectors, mask, stage).interests
        torch.testing.assert_close(interests[0], encoder.unit_categories())
        interests.sum().backward()
        assert vectors.grad.isfinite().all()
