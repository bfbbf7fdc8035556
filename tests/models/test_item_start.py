"""Every network of ours starts at the vectors it is given, those of training interactions only."""

import dataclasses

import pytest
import torch
from torch.nn import functional

from recbole_opal.host import find_model_class
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import prepare_data
from recbole_opal.models import MODELS


def start_of(recommender):
    return functional.normalize(recommender.network.items.embedding.weight.detach(), dim=-1)


@pytest.mark.parametrize("name", [*MODELS])
def test_items_met_together_start_together(build_model, name):
    without = ["num_interests"] if name == "YouTubeDNN" else []
    built = build_model(name, *without, item_start="cooccurrence")
    table, items = start_of(built.recommender), built.data.dataset.inter_feat
    users, met = (items[field] for field in ("user_id", "item_id"))
    near = (users[1:] == users[:-1]) & (met[1:] != met[:-1])
    together = (table[met[1:][near]] * table[met[:-1][near]]).sum(dim=-1).mean()
    apart = (table[1:] @ table[1:].T).mean()
    assert together > apart + 0.05


def test_it_is_on_by_default_and_leaves_all_other_weights_alone(build_model):
    default = build_model("OPAL").network.state_dict()
    started = build_model("OPAL", item_start="cooccurrence").network.state_dict()
    plain = build_model("OPAL", item_start="random").network.state_dict()
    assert all(started[name].equal(value) for name, value in default.items())
    changed = [name for name, value in plain.items() if not started[name].equal(value)]
    assert changed == ["items.embedding.weight"]


def test_what_comes_after_training_moves_no_vector(quick_settings):
    """Each user's later interactions are swapped among themselves: another validation and test."""
    tables = []
    config = OpalConfig("OPAL", "tiny", quick_settings | {"item_start": "cooccurrence"})
    for swapped in (False, True):
        dataset = prepare_data(config, future_items=True).dataset
        if swapped:
            sequences, items = dataset.sequences, dataset.sequences.items.copy()
            for end, last in zip(dataset.split.train_ends, sequences.ends, strict=True):
                items[end:last] = items[end:last][::-1] % (dataset.item_num - 1) + 1
            assert (items != sequences.items).any()
            dataset.sequences = dataclasses.replace(sequences, items=items)
        torch.manual_seed(0)
        tables.append(start_of(find_model_class("OPAL")(config, dataset)))
    assert tables[0].equal(tables[1])
    trained = prepare_data(config, future_items=True).dataset
    places = sum((trained.split.train_ends - trained.sequences.starts).tolist())
    assert len(trained.training) == places  # what the start is computed from
