"""CMI's encoder: each category's interest and the general one, against a naive computation."""

import torch
from torch.nn import functional

from recbole_opal.interests.history import History
from recbole_opal.models.cmi import CMISettings, GeneralInterest, GeneralisedEncoder

SETTINGS = CMISettings(num_interests=3, hidden_size=4)


def case(seed=0):
    torch.manual_seed(seed)
    vectors = functional.normalize(torch.randn(6, 4, dtype=torch.float64), dim=-1)
    return History(vectors, torch.bincount(torch.tensor([0, 0, 0, 0, 1, 1]), minlength=2))


def general_by_hand(module, vectors):
    """One GRU step after the other by its formulas, then linear, ReLU, unit length."""
    inputs, states = module.recurrence.gru.weight_ih_l0, module.recurrence.gru.weight_hh_l0
    state = torch.zeros(4, dtype=torch.float64)
    for vector in vectors:
        reset, update, new = (inputs @ vector).chunk(3)
        reset_state, update_state, new_state = (states @ state).chunk(3)
        update = torch.sigmoid(update + update_state)
        candidate = torch.tanh(new + torch.sigmoid(reset + reset_state) * new_state)
        state = (1 - update) * candidate + update * state
    general = (module.output.weight @ state + module.output.bias).clamp_min(0)
    return general / general.norm() if general.norm() > 0 else general


def test_the_general_interest_by_hand():
    module, history = GeneralInterest(4).double(), case()
    actual = module(history)
    assert actual.shape == (2, 1, 4)
    for row in range(2):
        expected = general_by_hand(module, history.vectors[history.rows == row])
        torch.testing.assert_close(actual[row, 0], expected)


def test_a_relu_that_leaves_nothing_gives_zero_and_finite_gradients():
    module, history = GeneralInterest(4).double(), case()
    torch.nn.init.constant_(module.output.bias, -100.0)
    general = module(history)
    assert general.eq(0).all()
    general.sum().backward()
    assert module.output.weight.grad.isfinite().all()


def test_interests_equal_a_naive_loop():
    torch.manual_seed(1)
    encoder, history = GeneralisedEncoder(SETTINGS).double(), case()
    encoded = encoder(history)
    categories = encoder.unit_categories()
    for row in range(2):
        vectors = history.vectors[history.rows == row]
        general = general_by_hand(encoder.general, vectors)
        for number in range(3):
            pooled = torch.zeros(4, dtype=torch.float64)
            for vector in vectors:
                weights = (categories @ vector / SETTINGS.temperature).exp()
                pooled = pooled + weights[number] / weights.sum() * vector
            expected = pooled / pooled.norm() + general
            expected = expected / expected.norm()
            torch.testing.assert_close(encoded.interests[row, number], expected)


def test_each_item_shares_itself_out_among_the_categories():
    encoded = GeneralisedEncoder(SETTINGS).double()(case())
    torch.testing.assert_close(encoded.assignment.sum(dim=-1), torch.ones(6, dtype=torch.float64))


def test_the_general_interest_reads_the_order():
    torch.manual_seed(1)
    encoder, history = GeneralisedEncoder(SETTINGS).double(), case()
    order = torch.tensor([3, 2, 1, 0, 4, 5])
    backwards = History(history.vectors[order], history.lengths)
    assert not torch.allclose(encoder(history).interests[0], encoder(backwards).interests[0])
