"""OPAL's ways to sort items and to pool them: sharper or softer, shrunk towards the user's mean."""

import torch
from torch.nn import functional

from recbole_opal.interests.history import History
from recbole_opal.models.opal import HypercategoryEncoder, OPALSettings

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
