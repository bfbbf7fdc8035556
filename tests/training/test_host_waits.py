"""How often a step would wait for a GPU: counted on a processor, by the operations that must."""

from collections import Counter

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from recbole_opal.batches import Histories, TrainingBatch
from recbole_opal.interests.history import History
from recbole_opal.models import MODELS, Catalogue
from recbole_opal.training.loop import TrainingLoop
from tests.training.test_loop import SETTINGS

# Operations whose result tells the host a number or a size, which only the device knows.
WAITING = {
    "_local_scalar_dense",
    "_unique",
    "_unique2",
    "bincount",
    "equal",
    "is_nonzero",
    "masked_select",
    "nonzero",
    "unique_consecutive",
    "unique_dim",
}
N, B, L = 200, 16, 8


class Waits(TorchDispatchMode):
    """Counts the operations of its block that wait for the device."""

    def __init__(self):
        super().__init__()
        self.found = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        masks = name == "index" and any(
            each is not None and each.dtype in (torch.bool, torch.uint8) for each in args[1]
        )
        sized = name == "repeat_interleave" and (kwargs or {}).get("output_size") is None
        if name in WAITING or masks or sized:
            self.found[name] += 1
        return func(*args, **(kwargs or {}))


def waits_of_a_step(name, stage, **settings):
    """Return what the second step of a model's stage waits for."""
    torch.manual_seed(0)
    network = MODELS[name]
    section = network.Settings.model_validate(
        {"hidden_size": 8, "num_interests": 2, "num_negatives": 20, **settings}
        if name != "YouTubeDNN"
        else {"hidden_size": 8, "num_negatives": 20}
    )
    model = network(section, Catalogue(N, torch.ones(N, dtype=torch.int64), L))
    model.set_stage(stage)
    loop = TrainingLoop(model, SETTINGS | {"temperature": 0.1}, (stage,))
    lengths = torch.randint(1, L + 1, (B,))
    items = torch.randint(1, N, (int(lengths.sum()),))
    batch = TrainingBatch(Histories(items, lengths), torch.randint(1, N, (B, 3)))
    loop.step(batch)
    with Waits() as waits:
        loop.step(batch)
    return waits.found


def test_a_soft_step_waits_for_the_distinct_items_the_negatives_and_the_order_of_rows():
    assert waits_of_a_step("OPAL", "soft") == {"_unique2": 2, "_local_scalar_dense": 1}


@pytest.mark.parametrize(("fusion", "networks"), [("fixed", 1), ("learned", 1), ("whole", 2)])
def test_a_hard_step_waits_for_the_lengths_of_sub_sequences_too(monkeypatch, fusion, networks):
    # The search for items that are met twice is made on processors alone, see test_packed_gru.py.
    monkeypatch.setattr(History, "distinct", None)
    # Once for each recurrent network: what is counted more works on the copy of the lengths.
    expected = {"_unique2": 2, "bincount": networks, "_local_scalar_dense": 1 + networks}
    assert waits_of_a_step("OPAL", "hard", fusion=fusion) == expected


@pytest.mark.parametrize("name", ["ComiRecDR", "ComiRecSA", "MIND", "REMI", "YouTubeDNN"])
def test_the_other_models_wait_for_the_longest_history_at_most(name):
    found = waits_of_a_step(name, "train")
    assert found.pop("_unique2") == 2
    assert 1 <= found.pop("_local_scalar_dense") <= 2
    assert not found
