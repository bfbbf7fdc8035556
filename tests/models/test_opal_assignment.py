"""OPAL's ways to sort items and to pool them: sharper or softer, shrunk towards the user's mean."""

from dataclasses import replace

import pytest
import torch
from torch.func import functional_call
from torch.nn import functional

from recbole_opal.interests.assignment import pool_softly
from recbole_opal.interests.history import History
from recbole_opal.models.opal import HypercategoryEncoder, OPALSettings
from recbole_opal.training.optimizer import build_optimizer

LENGTHS = [1, 4, 0, 9]


def make_history():
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(sum(LENGTHS), 6, generator=generator, dtype=torch.float64)
    return History(functional.normalize(vectors, dim=-1), torch.tensor(LENGTHS))


def make_encoder(**options):
    torch.manual_seed(0)
    settings = OPALSettings(**{"num_interests": 3, "hidden_size": 6} | options)
    return HypercategoryEncoder(settings).double()


def test_items_are_assigned_at_a_temperature_of_their_own():
    encoder, history = make_encoder(assignment_temperature=0.02), make_history()
    found = encoder(history, "soft").assignment
    cosines = history.vectors @ encoder.unit_categories().T
    torch.testing.assert_close(found, (cosines / 0.02).softmax(dim=-1))


def test_items_are_assigned_at_the_temperature_of_the_loss_unless_told_otherwise():
    history = make_history()
    left = make_encoder(temperature=0.3)(history, "soft").assignment
    told = make_encoder(assignment_temperature=0.3)(history, "soft").assignment
    assert left.equal(told)


@pytest.mark.parametrize("learned", [False, True])
def test_an_interest_gets_as_many_items_at_the_mean_as_it_is_shrunk_by(learned):
    kind = "learned" if learned else "fixed"
    encoder, history = make_encoder(shrinkage=kind, shrinkage_items=2.5), make_history()
    found = encoder(history, "soft")
    for row, length in enumerate(LENGTHS):
        items = history.vectors[history.rows == row]
        if not length:
            torch.testing.assert_close(found.interests[row], encoder.unit_categories())
            continue
        sums = found.assignment[history.rows == row].T @ items + 2.5 * items.mean(dim=0)
        expected = functional.normalize(sums, dim=-1)
        torch.testing.assert_close(found.interests[row], expected, rtol=1e-6, atol=1e-7)


def test_shrunk_by_more_than_a_history_holds_the_interests_are_one():
    history = make_history()
    found = make_encoder(shrinkage="fixed", shrinkage_items=1e6)(history, "soft").interests
    single = make_encoder(num_interests=1)(history, "soft").interests
    filled = history.lengths > 0
    expected = single.expand_as(found)[filled]
    torch.testing.assert_close(found[filled], expected, rtol=0, atol=1e-5)


def test_one_interest_is_what_it_is_however_it_is_shrunk():
    history = make_history()
    found = make_encoder(num_interests=1, shrinkage="fixed")(history, "soft").interests
    torch.testing.assert_close(found, make_encoder(num_interests=1)(history, "soft").interests)


def test_weights_of_items_hold_for_the_mean_too():
    history, encoder = make_history(), make_encoder(shrinkage="fixed", shrinkage_items=1e6)
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(sum(LENGTHS), generator=generator, dtype=torch.float64)
    weighed = replace(history, log_weights=logits)
    found = encoder(weighed, "soft").interests
    means = weighed.sum_by_row(weighed.weigh(history.vectors)).unsqueeze(1)
    expected = functional.normalize(means, dim=-1).expand_as(found)
    filled = history.lengths > 0
    torch.testing.assert_close(found[filled], expected[filled], rtol=0, atol=1e-5)


def test_the_learned_strength_has_an_exact_gradient_and_no_decay():
    encoder, history = make_encoder(shrinkage="learned", shrinkage_items=0.7), make_history()
    assignment = encoder(history, "soft").assignment.detach()
    raw = encoder.shrinkage.raw

    def pooled(strength):
        counted = functional_call(encoder.shrinkage, {"raw": strength}, (history, assignment))
        return pool_softly(history, counted, encoder.unit_categories().detach())

    assert torch.autograd.gradcheck(pooled, (raw,))
    groups = build_optimizer(
        encoder, {"learner": "adam", "learning_rate": 0.1, "weight_decay": 0.3}
    ).param_groups
    assert [group["weight_decay"] for group in groups if raw in set(group["params"])] == [0.0]
