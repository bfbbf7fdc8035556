"""Networks whose items have learned weights: what they forget, and what they find."""

import pytest
import torch

from recbole_opal.batches import Histories, TrainingBatch
from recbole_opal.errors import SettingsError
from recbole_opal.models import MODELS, Catalogue, MultiInterestNetwork
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.training.optimizer import build_optimizer

# Each pools a history as it is: no recurrence, graph or transformer before it.
POOLING = ["YouTubeDNN", "OPAL", "ComiRecSA", "ComiRecDR", "REMI", "Re4", "MIND"]
POOLING += ["GaussianMixture", "VQCodebook"]
UNPLACED = [
    "YouTubeDNN",
    "OPAL",
    "Re4",
    "GaussianMixture",
    "VQCodebook",
]  # and knows no other places
HISTORY = [7, 3, 9, 5]


def build(name, recency="place", **settings):
    network_class = MODELS[name]
    torch.manual_seed(0)
    chosen = {"hidden_size": 8, "recency": recency, "num_negatives": 20} | settings
    catalogue = Catalogue(40, torch.ones(40, dtype=torch.int64), 6)
    return network_class(section_of(network_class).model_validate(chosen), catalogue)


def interests(network, items):
    times = torch.arange(len(items), dtype=torch.float64) * 86_400
    histories = Histories(torch.tensor(items), torch.tensor([len(items)]), times)
    with torch.no_grad():
        return network.eval().interests(histories)[0]


def set_places(network, *values):
    with torch.no_grad():
        network.recency.places[: len(values)] = torch.tensor(values)
    return network


@pytest.mark.parametrize("name", POOLING)
def test_items_without_weight_are_forgotten(name):
    network = set_places(build(name), 200.0)
    before = interests(network, HISTORY)
    torch.testing.assert_close(interests(network, [1, 2, 8, 5]), before)
    assert not torch.allclose(interests(network, [7, 3, 9, 4]), before)


@pytest.mark.parametrize("name", UNPLACED)
def test_the_newest_alone_is_a_history_of_one(name):
    network = set_places(build(name), 200.0)
    torch.testing.assert_close(interests(network, HISTORY), interests(network, [5]))


@pytest.mark.parametrize("name", UNPLACED)
def test_items_of_equal_weight_may_change_places(name):
    network, other = set_places(build(name), 1.0), [9, 7, 3, 5]
    torch.testing.assert_close(interests(network, other), interests(network, HISTORY))
    set_places(network, 1.0, 0.5, 0.0, -0.5)
    assert not torch.allclose(interests(network, other), interests(network, HISTORY), atol=1e-3)


def test_shares_count_what_items_weigh():
    for stage in ("soft", "hard"):
        network = set_places(build("OPAL", interest_prior=0.5), 200.0)
        network.set_stage(stage)
        one = Histories(torch.tensor([5]), torch.tensor([1]))
        every = Histories(torch.tensor(HISTORY), torch.tensor([4]))
        with torch.no_grad():
            shares = network.interest_shares(every)
            torch.testing.assert_close(shares, network.interest_shares(one))


def test_the_regularisers_sort_all_items_alike():
    network, batch = build("OPAL"), planted(64)
    network.set_stage("hard")

    def parts():
        torch.manual_seed(1)
        return dict(zip(network.loss_names, network.calculate_loss(batch), strict=False))

    network.calculate_loss(batch)
    before = parts()
    set_places(network, 2.0)
    after = parts()
    changed = {name for name in before if not torch.allclose(before[name], after[name])}
    assert changed == {"retrieval"}


def planted(rows, seed=0):
    """Return rows of which the newest item alone tells the target, another of its category."""
    generator = torch.Generator().manual_seed(seed)
    items = torch.randint(1, 40, (rows, 6), generator=generator)
    targets = (items[:, -1] - 1) // 13 * 13 + torch.randint(1, 14, (rows,), generator=generator)
    lengths = torch.full((rows,), 6)
    times = torch.arange(rows * 6, dtype=torch.float64) * 86_400
    return TrainingBatch(
        Histories(items.flatten(), lengths, times), targets.clamp_max(39).unsqueeze(1)
    )


@pytest.mark.parametrize("name", ["YouTubeDNN", "OPAL"])
@pytest.mark.parametrize("recency", ["place", "age"])
def test_a_log_where_the_newest_item_decides_is_seen_through(name, recency):
    network = build(name, recency).train()
    settings = {"learner": "adam", "learning_rate": 0.03, "weight_decay": 0.0}
    optimizer = build_optimizer(network, settings)
    for step in range(150):
        optimizer.zero_grad()
        torch.stack(network.calculate_loss(planted(256, step))).sum().backward()
        optimizer.step()
    with torch.no_grad():
        weights = network.looked_up(planted(1).histories).log_weights.exp()
    assert weights[-1] > 5 * weights[:-1].max()


class Deaf(MultiInterestNetwork):
    """A network that counts the items of a history itself."""

    def encode(self, history):
        return history.sum_by_row(history.vectors).unsqueeze(1)


def test_a_network_that_does_not_weigh_items_says_so():
    settings = section_of(Deaf).model_validate({"recency": "place"})
    with pytest.raises(SettingsError, match=r"^--recency=place: Deaf does not weigh .*=none, or"):
        Deaf(settings, Catalogue(40, torch.ones(40, dtype=torch.int64), 6))
