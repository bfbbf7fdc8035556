"""The recommendation loss against a naive double loop, for both routings."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.losses.retrieval import retrieval_loss, target_columns


def make_case(seed, batch, interests, window, negatives, items=12, width=3):
    generator = torch.Generator().manual_seed(seed)
    table = torch.randn(items, width, generator=generator, dtype=torch.float64)
    targets = torch.randint(1, items, (batch, window), generator=generator)
    lengths = torch.randint(1, window + 1, (batch, 1), generator=generator)
    targets = targets * (torch.arange(window) < lengths)
    drawn = torch.randint(1, items, (negatives,), generator=generator)
    ids, counts = torch.unique(drawn, return_counts=True)
    users = torch.randn(batch, interests, width, generator=generator, dtype=torch.float64)
    return table, targets, ids, counts.double().log(), users


def naive_loss(
    table, targets, ids, weights, users, temperature, routing, hardness=0.0, power=1.0, decay=1.0
):
    rows = []
    for user, own in zip(users, targets, strict=True):
        own_ids = [int(t) for t in own if t > 0]
        losses = []
        for target in own_ids:
            scores = [float(u @ table[target]) / temperature for u in user]
            winner = max(range(len(scores)), key=scores.__getitem__)
            powered = [math.copysign(abs(s) ** power, s) for s in scores]
            mixed = sum(math.exp(p) * u for p, u in zip(powered, user, strict=True))
            mixed = mixed / sum(map(math.exp, powered))
            ours = float(mixed @ table[target]) / temperature
            ours = ours if routing == "attention" else scores[winner]
            negatives = []
            for item, weight in zip(ids.tolist(), weights.tolist(), strict=True):
                if item in own_ids:
                    continue
                candidate = [float(u @ table[item]) / temperature for u in user]
                score = {
                    "candidate": max(candidate),
                    "target": candidate[winner],
                    "attention": float(mixed @ table[item]) / temperature,
                }[routing]
                negatives.append((score, math.exp(weight)))
            count = sum(weight for _, weight in negatives)
            mean = sum(w * math.exp(hardness * s) for s, w in negatives) / count if count else 1
            total = math.exp(ours) + sum(
                w * math.exp(s) * math.exp(hardness * s) / mean for s, w in negatives
            )
            losses.append(-math.log(math.exp(ours) / total))
        shares = [decay**place for place in range(len(losses))]
        rows.append(sum(s * x for s, x in zip(shares, losses, strict=True)) / sum(shares))
    return sum(rows) / len(rows)


def our_loss(
    table, targets, ids, weights, users, temperature, routing, hardness=0.0, power=1.0, decay=1.0
):
    return retrieval_loss(
        users,
        table[targets],
        targets > 0,
        table[ids],
        temperature=temperature,
        own_columns=target_columns(targets, ids),
        negative_weights=weights,
        routing=routing,
        hardness=hardness,
        attention_power=power,
        target_decay=decay,
    )


@pytest.mark.parametrize("hardness", [0.0, 0.8])
@pytest.mark.parametrize("routing", ["candidate", "target", "attention"])
@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(1, 3), st.integers(1, 4))
def test_equals_a_naive_loop(routing, hardness, seed, batch, interests, window):
    case = make_case(seed, batch, interests, window, negatives=8)
    options = {"power": 1.5, "decay": 0.8}
    actual = float(our_loss(*case, 0.7, routing, hardness, **options))
    assert actual == pytest.approx(naive_loss(*case, 0.7, routing, hardness, **options))


def test_a_small_decay_leaves_the_nearest_target():
    table, targets, ids, weights, users = make_case(4, 3, 3, 4, negatives=8)
    near = float(our_loss(table, targets, ids, weights, users, 0.7, "candidate", decay=1e-9))
    blocked = target_columns(targets, ids)  # all targets of a row stay out of its negatives
    alone = retrieval_loss(
        users,
        table[targets[:, :1]],
        targets[:, :1] > 0,
        table[ids],
        temperature=0.7,
        own_columns=blocked,
        negative_weights=weights,
    )
    assert near == pytest.approx(float(alone))


def test_attention_of_a_great_power_takes_the_target_s_best_interest():
    table, targets, ids, weights, users = make_case(4, 3, 3, 2, negatives=8)
    case = (3 * table, targets, ids, weights, users)
    by_attention = float(our_loss(*case, 0.2, "attention", power=8.0))
    assert by_attention == pytest.approx(float(our_loss(*case, 0.2, "target")), rel=1e-3)


def test_hard_negatives_count_more():
    case = make_case(4, 3, 3, 2, negatives=8)
    losses = [float(our_loss(*case, 0.7, "target", hardness)) for hardness in (0.0, 0.5, 2.0)]
    assert losses == sorted(losses)
    assert losses[0] < losses[2]


def test_two_candidates_by_hand():
    # One interest, target cosine 1, one negative with cosine 0, temperature 0.5.
    users = torch.tensor([[[1.0, 0.0]]])
    loss = retrieval_loss(
        users,
        torch.tensor([[[1.0, 0.0]]]),
        torch.tensor([[True]]),
        torch.tensor([[0.0, 1.0]]),
        temperature=0.5,
        own_columns=torch.tensor([[1]]),
        negative_weights=torch.zeros(1),
    )
    assert float(loss) == pytest.approx(math.log(1 + math.exp(-2)))


def test_the_routings_differ_with_several_interests_and_agree_with_one():
    several = make_case(3, 3, 3, 2, negatives=8)
    one = make_case(3, 3, 1, 2, negatives=8)
    assert float(our_loss(*several, 0.7, "candidate")) != float(our_loss(*several, 0.7, "target"))
    assert float(our_loss(*one, 0.7, "candidate")) == pytest.approx(
        float(our_loss(*one, 0.7, "target"))
    )


def test_columns_of_targets_among_negatives():
    targets = torch.tensor([[5, 2, 0], [9, 7, 1]])
    negatives = torch.tensor([2, 5, 7])
    assert target_columns(targets, negatives).tolist() == [[1, 0, 3], [3, 2, 3]]


def test_a_target_among_the_negatives_adds_nothing():
    table, targets, _, _, users = make_case(1, 2, 2, 1, negatives=4)
    targets = torch.tensor([[3], [4]])
    clean, dirty = torch.tensor([7]), torch.tensor([3, 4, 7])
    losses = []
    for row in range(2):
        own = targets[row : row + 1]
        other = torch.tensor([i for i in dirty.tolist() if i != int(own)])
        for ids in (dirty, other):
            losses.append(
                float(
                    our_loss(
                        table,
                        own,
                        ids,
                        torch.zeros(len(ids)).double(),
                        users[row : row + 1],
                        1.0,
                        "candidate",
                    )
                )
            )
    assert losses[0] == pytest.approx(losses[1])
    assert losses[2] == pytest.approx(losses[3])
    assert len(clean) == 1


@pytest.mark.parametrize("routing", ["candidate", "target", "attention"])
def test_gradient_in_float64(routing):
    table, targets, ids, weights, users = make_case(5, 2, 2, 2, negatives=5)
    users.requires_grad_()
    table.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda u, x: our_loss(x, targets, ids, weights, u, 0.7, routing), (users, table), atol=1e-6
    )


@pytest.mark.parametrize("routing", ["candidate", "target", "attention"])
def test_row_order_and_batch_size_change_no_row(routing):
    table, targets, ids, weights, users = make_case(6, 3, 2, 2, negatives=5)
    together = float(our_loss(table, targets, ids, weights, users, 0.7, routing))
    alone = [
        float(our_loss(table, targets[r : r + 1], ids, weights, users[r : r + 1], 0.7, routing))
        for r in range(3)
    ]
    assert together == pytest.approx(sum(alone) / 3)


def test_attention_mixes_no_interest_that_a_row_does_not_have():
    table, targets, ids, weights, users = make_case(4, 2, 3, 2, negatives=8)
    case = dict(
        temperature=0.7,
        own_columns=target_columns(targets, ids),
        negative_weights=weights,
        routing="attention",
    )
    vectors = (table[targets], targets > 0, table[ids])
    copies = torch.stack([users[:, 0], users[:, 1], users[:, 0]], dim=1)
    mixable = torch.tensor([[True, True, False]]).expand(2, 3)
    masked = retrieval_loss(copies, *vectors, **case, mixable=mixable)
    torch.testing.assert_close(masked, retrieval_loss(users[:, :2], *vectors, **case))
    assert not torch.allclose(masked, retrieval_loss(copies, *vectors, **case))
