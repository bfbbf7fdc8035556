"""PIMI inside the base: times reach it, both recipes train, its settings matter."""

import pytest
import torch

from recbole_opal.errors import DataError
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import prepare_data
from recbole_opal.models import PIMI
from recbole_opal.testing import ModelContract


@pytest.fixture
def build(quick_settings):
    def make(**changes):
        config = OpalConfig("PIMI", "tiny", quick_settings | changes)
        data = prepare_data(config, future_items=True)
        torch.manual_seed(0)
        return PIMI(config, data.dataset).eval(), data

    return make


@pytest.mark.parametrize(
    "options",
    [{}, {"recipe": "published", "num_negatives": 20}, {"graph_layers": 0}, {"num_interests": 1}],
    ids=str,
)
def test_every_option_trains(build, options):
    model, data = build(**options)
    (loss,) = model.train().calculate_loss(next(iter(data.train)))
    loss.backward()
    for name, weight in model.named_parameters():
        assert weight.grad.to_dense().isfinite().all(), name


def test_interests_depend_on_the_times(build):
    model, data = build()
    batch = next(iter(data.test))[0]
    before = model.interests(batch)
    batch.interaction["timestamp_list"] = batch["timestamp_list"] * 2
    assert not torch.allclose(model.interests(batch), before)


def test_the_unit_of_a_gap_is_a_setting(build):
    """Twice the times in twice the unit are the same gaps."""
    model, data = build(time_unit_seconds=3600.0)
    batch = next(iter(data.test))[0]
    before = model.interests(batch)
    model.encoder.time_gaps.unit = 7200.0
    assert not torch.allclose(model.interests(batch), before)
    batch.interaction["timestamp_list"] = batch["timestamp_list"] * 2
    assert model.interests(batch).equal(before)


def test_padding_of_items_and_times_changes_nothing(build):
    model, data = build()
    batch = next(iter(data.test))[0]
    before = model.interests(batch)
    for field, value in (("item_id_list", 0), ("timestamp_list", 0.0)):
        padded = torch.nn.functional.pad(batch[field], (0, 3), value=value)
        batch.interaction[field] = padded
    assert model.interests(batch).equal(before)


def test_without_times_it_says_which_field_is_missing(build):
    model, _ = build()
    with pytest.raises(DataError, match="PIMI reads when each item was met; put 'timestamp_list'"):
        model.interests({"item_id_list": torch.tensor([[1, 2]])})


class TestPIMI(ModelContract):
    model = "PIMI"
