"""VQCodebook keeps the contract; a history's interests are the codes that hold most of it."""

import pytest
import torch

from recbole_opal.batches import Histories
from recbole_opal.errors import SettingsError
from recbole_opal.interests.history import History
from recbole_opal.models import MODELS, Catalogue
from recbole_opal.models.vqcodebook import VQCodebookSettings
from recbole_opal.testing import RoutingContract

# The log of the contract has 48 items, and a codebook is smaller: it learns all targets of a row by
# heart only where all count alike.
FEW = {"num_codes": 8, "target_decay": 1.0}
# Four codes on the axes of four dimensions; items near them.
A, B, C, D = torch.eye(4).unbind()


class TestVQCodebook(RoutingContract):
    model = "VQCodebook"
    settings = FEW


class TestVQCodebookOfCodes(RoutingContract):
    model = "VQCodebook"
    settings = FEW | {"pooling": "codes", "interest_prior": 0.5}


class TestVQCodebookByGradient(RoutingContract):
    model = "VQCodebook"
    settings = FEW | {"codebook_update": "gradient"}


def build(**settings):
    torch.manual_seed(0)
    few = {"hidden_size": 4, "num_codes": 4, "num_interests": 2, "num_negatives": 20}
    catalogue = Catalogue(40, torch.ones(40, dtype=torch.int64), 10)
    network = MODELS["VQCodebook"](VQCodebookSettings(**few | settings), catalogue)
    with torch.no_grad():
        network.codebook.codes.copy_(torch.eye(4))
    return network.eval()


def near(axis, other, by=0.1):
    """Return an item near an axis, leaning to another."""
    return torch.nn.functional.normalize(axis + by * other, dim=0)


def history(*rows):
    vectors = [item for row in rows for item in row]
    return History(
        torch.stack(vectors) if vectors else torch.zeros(0, 4),
        torch.tensor([len(row) for row in rows]),
    )


def test_the_codes_of_most_items_are_the_interests_and_the_rest_joins_the_nearest():
    one, two, three = near(A, C), near(B, C), near(A, D, 0.2)
    stray = near(D, B, 0.8)  # of code D, nearest to B of the two that are chosen
    encoded = build().encode(history([one, two, stray, three, near(B, D)]))
    units, k = encoded.interests[0], torch.nn.functional.normalize
    expected = [k(one + three, dim=0), k(two + stray + near(B, D), dim=0)]
    order = [int((units @ wanted).argmax()) for wanted in expected]
    assert sorted(order) == [0, 1]
    torch.testing.assert_close(k(units, dim=1)[order], torch.stack(expected))
    torch.testing.assert_close(encoded.shares[0, order], torch.tensor([0.4, 0.6]))
    assert encoded.nearest.tolist() == [0, 1, 3, 0, 1]


def test_with_codes_for_interests_the_value_is_a_code_and_the_gradient_the_items():
    items = history([near(A, B), near(A, D), near(B, C)])
    items.vectors.requires_grad_()
    encoded = build(pooling="codes").encode(items)
    torch.testing.assert_close(encoded.interests[0], torch.eye(4)[:2])
    weights = torch.arange(8.0).view(2, 4)
    (encoded.interests[0] * weights).sum().backward()
    # Straight through: as if the interest were the mean of its items.
    expected = torch.stack([weights[0] / 2, weights[0] / 2, weights[1]])
    torch.testing.assert_close(items.vectors.grad, expected)


def test_fewer_codes_than_interests_an_empty_history_and_one_item():
    network = build(num_interests=3)
    encoded = network.encode(history([near(A, B), near(A, C)], [], [C]))
    assert encoded.active.tolist() == [[True, False, False]] * 3
    assert encoded.shares.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    assert encoded.interests[1].eq(0).all()
    for row in encoded.interests:
        assert row.eq(row[0]).all()
    assert network.encode(history([], [])).interests.eq(0).all()


@pytest.mark.parametrize("pooling", ["items", "codes"])
def test_the_order_of_the_items_and_ties_change_nothing(pooling):
    network = build(pooling=pooling)
    # Three codes with one item each: two of them are chosen, whatever comes first.
    items = [near(A, B, 0.3), near(B, D, 0.1), near(C, D, 0.2)]
    expected = network.encode(history(items)).interests[0]
    for order in ((2, 1, 0), (1, 2, 0), (0, 2, 1)):
        found = network.encode(history([items[place] for place in order])).interests[0]
        torch.testing.assert_close(found, expected)


def test_one_interest_is_the_mean_of_the_history():
    network, plain = build(num_interests=1), MODELS["YouTubeDNN"]
    ids = Histories(torch.tensor([3, 4, 5, 9]), torch.tensor([3, 1]))
    control = plain(plain.Settings(hidden_size=4), Catalogue(40, torch.ones(40).long(), 10))
    control.items.load_state_dict(network.items.state_dict())
    torch.testing.assert_close(network.interests(ids), control.interests(ids))


def test_fewer_codes_than_interests_are_refused_kindly():
    with pytest.raises(SettingsError, match=r"^--num_codes=1 is less .* write --num_codes=2") as e:
        build(num_codes=1)
    assert "\n" not in str(e.value)
