"""The encoder: hand numbers, invariances, degenerate histories, one interest."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from recbole_opal.interests.assignment import pool_softly
from recbole_opal.interests.history import History
from recbole_opal.models.opal import HypercategoryEncoder, OPALSettings

STAGES = ["soft", "hard"]


LENGTHS = [1, 7, 3, 5, 2]


def make_history(lengths=LENGTHS, width=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    rows = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    vectors = torch.randn(len(rows), width, generator=generator, dtype=torch.float64)
    return History(functional.normalize(vectors, dim=-1), torch.as_tensor(lengths))


def pick(history, rows):
    """Return a batch of some rows of another, in the order given."""
    parts = [history.vectors[history.rows == row] for row in rows]
    numbers = torch.repeat_interleave(
        torch.arange(len(rows)), torch.tensor([len(part) for part in parts])
    )
    return History(torch.cat(parts), torch.bincount(numbers, minlength=len(rows)))


def make_encoder(interests=3, width=6, seed=0, **options):
    """Return an encoder as the paper has it: the gate of the default one starts closed."""
    torch.manual_seed(seed)
    paper = {"fusion": "fixed", "evolution_activation": "relu"}
    settings = OPALSettings(num_interests=interests, hidden_size=width, **paper | options)
    return HypercategoryEncoder(settings).double()


def test_soft_interests_by_hand():
    history = History(torch.eye(2), torch.tensor([2]))
    assignment = torch.tensor([[0.75, 0.25], [0.25, 0.75]])
    length = (0.75**2 + 0.25**2) ** 0.5
    expected = torch.tensor([[[0.75, 0.25], [0.25, 0.75]]]) / length
    torch.testing.assert_close(pool_softly(history, assignment, torch.eye(2)), expected)


def test_a_category_without_mass_falls_back_to_its_own_vector():
    history = History(torch.tensor([[1.0, 0.0]]), torch.tensor([1]))
    categories = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    pooled = pool_softly(history, torch.tensor([[1.0, 0.0]]), categories)
    torch.testing.assert_close(pooled, torch.tensor([[[1.0, 0.0], [0.6, 0.8]]]))


def test_an_empty_category_evolves_to_its_own_vector():
    encoder = make_encoder(interests=4)
    history = make_history()
    assignment = encoder(history, "hard").assignment
    categories = encoder.unit_categories()
    evolved = encoder.evolution(history, assignment, categories)
    chosen = assignment.argmax(-1)
    empty = [
        (row, number)
        for row in range(5)
        for number in range(4)
        if not ((chosen == number) & (history.rows == row)).any()
    ]
    assert empty, "the case must contain an empty category"
    for row, number in empty:
        torch.testing.assert_close(evolved[row, number], categories[number])


@pytest.mark.parametrize("stage", STAGES)
def test_interests_have_unit_length(stage):
    lengths = make_encoder()(make_history(), stage).interests.norm(dim=-1)
    torch.testing.assert_close(lengths, torch.ones(5, 3, dtype=torch.float64))


@pytest.mark.parametrize("stage", STAGES)
def test_neighbours_in_the_batch_change_nothing(stage):
    history = make_history()
    encoder = make_encoder()
    together = encoder(history, stage).interests
    order = [3, 0, 4, 1, 2]
    shuffled = encoder(pick(history, order), stage).interests
    torch.testing.assert_close(shuffled, together[order], rtol=0, atol=1e-12)
    for row in range(5):
        alone = encoder(pick(history, [row]), stage).interests
        torch.testing.assert_close(alone[0], together[row], rtol=0, atol=1e-12)


def test_one_soft_interest_is_the_mean_direction():
    history = make_history()
    encoded = make_encoder(interests=1)(history, "soft")
    expected = functional.normalize(history.sum_by_row(history.vectors), dim=-1)
    torch.testing.assert_close(encoded.interests[:, 0], expected)


def test_one_hard_interest_is_one_gru_over_the_history():
    history = make_history()
    encoder = make_encoder(interests=1, fusion_weight=1.0, evolution_activation="none")
    actual = encoder(history, "hard").interests[:, 0]
    for row in range(5):
        own = history.vectors[history.rows == row]
        _, last = encoder.evolution.recurrence.gru(own.unsqueeze(1))
        expected = functional.normalize(encoder.evolution.output(last[0, 0]), dim=-1)
        torch.testing.assert_close(actual[row], expected)


def test_time_order_matters_in_the_hard_stage_only():
    history = make_history()
    backwards = replace(history, vectors=history.vectors.clone())
    backwards.vectors[history.rows == 1] = history.vectors[history.rows == 1].flip(0)
    encoder = make_encoder()
    soft = [encoder(each, "soft").interests[1] for each in (history, backwards)]
    hard = [encoder(each, "hard").interests[1] for each in (history, backwards)]
    torch.testing.assert_close(*soft)
    assert not torch.allclose(*hard)


@pytest.mark.parametrize("fusion", ["learned", "whole"])
def test_a_learned_gate_enters_the_hard_stage_without_a_change(fusion):
    history = make_history()
    encoder = make_encoder(fusion=fusion)
    torch.testing.assert_close(*(encoder(history, stage).interests for stage in STAGES))
    fixed = make_encoder(fusion="fixed")
    assert not torch.allclose(*(fixed(history, stage).interests for stage in STAGES))


def test_the_whole_history_joins_each_interest_by_a_gate_of_its_own():
    history = make_history()
    encoder = make_encoder(fusion="whole", evolution_activation="none")
    soft = encoder(history, "soft").interests
    with torch.no_grad():
        encoder.whole_gate.copy_(torch.tensor([[0.5], [0.0], [-2.0]]))
    actual = encoder(history, "hard").interests
    for row in range(5):
        _, last = encoder.whole.recurrence.gru(history.vectors[history.rows == row].unsqueeze(1))
        led = functional.normalize(encoder.whole.output(last[0, 0]), dim=-1)
        expected = functional.normalize(soft[row] + encoder.whole_gate * led, dim=-1)
        torch.testing.assert_close(actual[row], expected)


def test_one_interest_has_the_whole_history_for_its_own():
    whole, learned = (make_encoder(interests=1, fusion=each) for each in ("whole", "learned"))
    assert whole.state_dict().keys() == learned.state_dict().keys()


def test_fusion_weight_zero_and_one_are_the_two_parts():
    history = make_history()
    pooled = make_encoder()(history, "soft").interests
    only_pooled = make_encoder(fusion_weight=0.0)(history, "hard").interests
    torch.testing.assert_close(only_pooled, pooled)
    encoder = make_encoder(fusion_weight=1.0)
    encoded = encoder(history, "hard")
    evolved = encoder.evolution(history, encoded.assignment, encoder.unit_categories())
    torch.testing.assert_close(encoded.interests, evolved)


def test_categories_learn_from_the_gru_only_when_its_input_is_weighted():
    history = make_history()
    gradients = []
    for evolution_input in ("plain", "weighted"):
        encoder = make_encoder(fusion_weight=1.0, evolution_input=evolution_input)
        assignment = encoder(history, "hard").assignment
        evolved = encoder.evolution(history, assignment, encoder.unit_categories().detach())
        (gradient,) = torch.autograd.grad(
            evolved.sum(), encoder.categories, allow_unused=True, materialize_grads=True
        )
        gradients.append(gradient.abs().sum().item())
    assert gradients[0] == 0
    assert gradients[1] > 0


def test_straight_through_weighting_changes_no_value():
    values = [
        make_encoder(evolution_input=evolution_input)(make_history(), "hard").interests
        for evolution_input in ("plain", "weighted")
    ]
    torch.testing.assert_close(*values)


def test_a_relu_confines_evolved_interests_to_one_orthant():
    for activation, confined in (("relu", True), ("none", False)):
        encoder = make_encoder(interests=1, fusion_weight=1.0, evolution_activation=activation)
        interests = encoder(make_history(), "hard").interests
        assert bool((interests >= 0).all()) is confined


@pytest.mark.parametrize("stage", STAGES)
def test_shares_sum_to_one(stage):
    encoded = make_encoder()(make_history(), stage)
    torch.testing.assert_close(
        encoded.shares(encoded.kept).sum(-1), torch.ones(5, dtype=torch.float64)
    )


def test_hard_shares_count_each_item_once():
    history = make_history()
    encoded = make_encoder()(history, "hard")
    strongest = encoded.assignment.amax(-1)
    own = history.rows == 1
    chosen = encoded.assignment.argmax(-1)
    mass = torch.stack([strongest[own & (chosen == number)].sum() for number in range(3)])
    torch.testing.assert_close(encoded.shares(encoded.kept)[1], mass / mass.sum())


def test_hard_keeps_one_category_an_item_and_its_value():
    encoded = make_encoder(interests=4)(make_history(), "hard")
    kept, assignment = encoded.kept, encoded.assignment
    assert (kept > 0).sum(dim=-1).eq(1).all()
    torch.testing.assert_close(kept.amax(-1), assignment.amax(-1))
    assert kept.argmax(-1).equal(assignment.argmax(-1))


def test_categories_start_orthogonal():
    categories = make_encoder(interests=4, width=8).unit_categories()
    torch.testing.assert_close(categories @ categories.T, torch.eye(4, dtype=torch.float64))


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("fusion", ["fixed", "learned", "whole"])
def test_gradient_in_float64(stage, fusion):
    encoder = make_encoder(
        interests=2, width=3, temperature=0.5, evolution_activation="none", fusion=fusion
    )
    for gate in (encoder.gate, encoder.whole_gate):
        if gate is not None:
            torch.nn.init.constant_(gate, 0.3)
    history = make_history(lengths=[1, 4, 2], width=3)
    vectors = history.vectors.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: encoder(replace(history, vectors=x), stage).interests, (vectors,), atol=1e-6
    )


def test_an_empty_history_gives_the_categories_and_no_nan():
    encoder = make_encoder()
    history = make_history(lengths=[0, 2])
    history.vectors.requires_grad_()
    for stage in STAGES:
        interests = encoder(history, stage).interests
        torch.testing.assert_close(interests[0], encoder.unit_categories())
        interests.sum().backward()
        assert history.vectors.grad.isfinite().all()
