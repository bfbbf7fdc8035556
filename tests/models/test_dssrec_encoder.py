"""DSSRec's encoder against its formulas, item by item."""

import torch
from torch.nn import functional

from recbole_opal.interests.history import History
from recbole_opal.models.dssrec import DSSRecSettings, IntentionEncoder

WIDTH, INTERESTS = 8, 3


def build(max_length=7):
    torch.manual_seed(0)
    settings = DSSRecSettings(
        num_interests=INTERESTS, hidden_size=WIDTH, transformer_layers=1, transformer_inner_size=8
    )
    encoder = IntentionEncoder(settings, max_length).double()
    for parameter in encoder.parameters():  # norms with weights of their own
        torch.nn.init.normal_(parameter, std=0.5)
    return encoder


def case(lengths=(4, 1, 2)):
    rows = torch.repeat_interleave(torch.tensor(lengths))
    generator = torch.Generator().manual_seed(1)
    vectors = torch.randn(len(rows), WIDTH, generator=generator, dtype=torch.float64)
    return History(vectors, torch.as_tensor(lengths))


def norm(layer, vector):
    return functional.layer_norm(vector, (WIDTH,), layer.weight, layer.bias, layer.eps)


def one_row(encoder, vectors):
    """Return a row's interests, assignment and importance by loops."""
    states = encoder.states(vectors.unsqueeze(0))[0]
    last = encoder.positions[len(states) - 1] + states[-1]
    query = norm(encoder.query_norm, encoder.query_bias + last)
    importance, assignment = [], []
    for place, state in enumerate(states):
        inputs = norm(encoder.key_norm, encoder.positions[place] + state)
        key = inputs + (encoder.key.weight @ inputs + encoder.key.bias).clamp_min(0)
        importance.append((key @ query / WIDTH**0.5).exp())
        own = norm(encoder.state_norm, state)
        scores = [
            (own @ norm(encoder.prototype_norm, prototype) / WIDTH**0.5).exp()
            for prototype in encoder.prototypes
        ]
        assignment.append(torch.stack(scores) / sum(scores))
    total = sum(importance)
    interests = []
    for number in range(INTERESTS):
        pooled = encoder.priors[number].clone()
        for place, state in enumerate(states):
            pooled = pooled + assignment[place][number] * importance[place] / total * state
        interests.append(norm(encoder.output_norm, pooled))
    weights = torch.stack([weight / total for weight in importance])
    return torch.stack(interests), torch.stack(assignment), weights


def test_equals_the_formulas_row_by_row():
    encoder, history = build(), case()
    encoded = encoder(history)
    for row in range(3):
        items = history.rows == row
        interests, assignment, importance = one_row(encoder, history.vectors[items])
        torch.testing.assert_close(encoded.interests[row], interests)
        torch.testing.assert_close(encoded.assignment[items], assignment)
        torch.testing.assert_close(encoded.importance[items], importance)


def test_assignment_sums_to_one_over_intentions_and_importance_over_items():
    history = case()
    encoded = build()(history)
    ones = torch.ones(len(history.rows), dtype=torch.float64)
    torch.testing.assert_close(encoded.assignment.sum(dim=-1), ones)
    torch.testing.assert_close(history.sum_by_row(encoded.importance), ones[:3])


def test_more_rows_than_a_group_holds_stay_in_their_order():
    encoder = build()
    lengths = torch.randint(1, 8, (300,), generator=torch.Generator().manual_seed(0)).tolist()
    history = case(lengths)
    together = encoder(history)
    for row in (0, 1, 150, 299):
        items = history.rows == row
        alone = encoder(History(history.vectors[items], torch.tensor([lengths[row]])))
        torch.testing.assert_close(together.interests[row], alone.interests[0])
        torch.testing.assert_close(together.assignment[items], alone.assignment)
        torch.testing.assert_close(together.importance[items], alone.importance)
