"""PIMI inside the base: times reach it, both recipes train, its settings matter."""

from dataclasses import replace

import pytest
import torch

from recbole_opal.errors import DataError
from recbole_opal.testing import ModelContract


@pytest.fixture
def build(build_model):
    return lambda **changes: build_model("PIMI", **changes)


@pytest.mark.parametrize(
    "options",
    [{}, {"recipe": "published", "num_negatives": 20}, {"graph_layers": 0}, {"num_interests": 1}],
    ids=str,
)
def test_every_option_trains(build, options):
    built = build(**options)
    (loss,) = built.losses().values()
    loss.backward()
    for name, weight in built.network.named_parameters():
        assert weight.grad.to_dense().isfinite().all(), name


def test_interests_depend_on_the_times(build):
    built = build()
    later = replace(built.inputs, times=built.inputs.times * 2)
    before = built.network.interests(built.inputs)
    assert not torch.allclose(built.network.interests(later), before)


def test_the_unit_of_a_gap_is_a_setting(build):
    """Twice the times in twice the unit are the same gaps."""
    built = build(time_unit_seconds=3600.0)
    before = built.network.interests(built.inputs)
    built.network.encoder.time_gaps.unit = 7200.0
    assert not torch.allclose(built.network.interests(built.inputs), before)
    later = replace(built.inputs, times=built.inputs.times * 2)
    assert built.network.interests(later).equal(before)


def test_without_times_it_says_which_field_is_missing(build):
    with pytest.raises(DataError, match="PIMI reads when each item was met; put 'timestamp_list'"):
        build().recommender.interests({"item_id_list": torch.tensor([[1, 2]])})


class TestPIMI(ModelContract):
    model = "PIMI"
