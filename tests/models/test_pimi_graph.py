"""The graph of a history: a naive loop over nodes, no leak between rows."""

import torch
from torch.nn import functional

from recbole_opal.interests.history import History
from recbole_opal.models.pimi import StarGraph, softmax_by_row


def random_history(lengths, width=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    rows = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    vectors = torch.randn(len(rows), width, generator=generator, dtype=torch.float64)
    return History(vectors, torch.as_tensor(lengths))


def attend(query, nodes, maps, norm):
    """`norm(relu(softmax(q k / sqrt(D)) v))` for one query and a list of nodes."""
    query_map, key_map, value_map = maps
    logits = torch.stack([query_map(query) @ key_map(node) for node in nodes])
    weights = (logits / len(query) ** 0.5).softmax(dim=0)
    mixed = sum(weight * value_map(node) for weight, node in zip(weights, nodes, strict=True))
    return norm(mixed.relu())


def naive_graph(graph, inputs):
    states, centre = list(inputs), inputs.mean(dim=0)
    for layer in graph.layers:
        following = []
        for at, state in enumerate(states):
            nodes = [state, centre, inputs[at]]
            nodes += states[at - 1 : at] if at else []
            nodes += states[at + 1 : at + 2]
            maps = layer.item_query, layer.item_key, layer.item_value
            following.append(attend(state, nodes, maps, layer.item_norm))
        states = following
        if layer is not graph.layers[-1]:
            maps = layer.centre_query, layer.centre_key, layer.centre_value
            centre = attend(centre, [centre, *states], maps, layer.centre_norm)
    return torch.stack(states)


def test_the_graph_equals_a_naive_loop_over_nodes():
    torch.manual_seed(0)
    graph = StarGraph(4, layers=3).double()
    history = random_history([5, 1, 2, 3])
    found = graph(history)
    for row in range(4):
        expected = naive_graph(graph, history.vectors[history.rows == row])
        torch.testing.assert_close(found[history.rows == row], expected)


def test_no_layers_change_nothing():
    history = random_history([2, 3])
    assert StarGraph(4, layers=0)(history).equal(history.vectors)


def test_rows_do_not_meet():
    torch.manual_seed(0)
    graph = StarGraph(4, layers=2).double()
    history = random_history([3, 2, 4])
    changed = history.vectors.clone()
    changed[3:5] = 100.0  # the middle row
    found = graph(History(changed, history.lengths))
    before = graph(history)
    assert found[:3].equal(before[:3])
    assert found[5:].equal(before[5:])
    assert not torch.allclose(found[3:5], before[3:5])


def test_the_centre_carries_what_is_far():
    """One layer sees neighbours and the mean; the last item matters to the first through it."""
    torch.manual_seed(0)
    graph = StarGraph(4, layers=2).double()
    history = random_history([9])
    changed = history.vectors.clone()
    changed[-1] += 5.0
    assert not torch.allclose(graph(History(changed, history.lengths))[0], graph(history)[0])


def test_empty_rows_and_empty_batches_pass():
    graph = StarGraph(4, layers=2)
    some = History(torch.ones(2, 4), torch.bincount(torch.tensor([1, 1]), minlength=4))
    assert graph(some).isfinite().all()
    none = History(torch.ones(0, 4), torch.zeros(2, dtype=torch.int64))
    assert graph(none).shape == (0, 4)


def test_softmax_by_row_is_the_softmax_of_each_row():
    torch.manual_seed(0)
    rows = torch.tensor([0, 0, 2, 0, 2])
    values = 50 * torch.randn(5, 3)
    found = softmax_by_row(values, rows, 3)
    for row in (0, 2):
        torch.testing.assert_close(
            found[rows == row], functional.softmax(values[rows == row], dim=0)
        )


def test_gradients_of_softmax_by_row_are_right():
    rows = torch.tensor([0, 0, 1, 0])
    values = torch.randn(4, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: softmax_by_row(x, rows, 2), values)
