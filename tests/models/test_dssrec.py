"""DSSRec keeps the contract; it learns from the future, read backwards."""

import pytest
import torch

from recbole_opal.errors import SettingsError
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import prepare_data
from recbole_opal.losses.sequences import seq2item_loss, seq2seq_loss
from recbole_opal.models import DSSRec
from recbole_opal.models.base import FUTURE_ITEMS
from recbole_opal.testing import RoutingContract


class TestDSSRec(RoutingContract):
    model = "DSSRec"


@pytest.fixture
def build(quick_settings):
    def make(**changes):
        config = OpalConfig("DSSRec", "tiny", quick_settings | changes)
        data = prepare_data(config, future_items=True)
        torch.manual_seed(0)
        batch = next(iter(data.train))
        return DSSRec(config, data.dataset), {
            name: batch[name] for name in ("item_id_list", FUTURE_ITEMS)
        }

    return make


def losses_of(model, batch):
    torch.manual_seed(1)  # the same negatives
    parts = model.calculate_loss(batch)
    return {name: part.detach() for name, part in zip(model.loss_names, parts, strict=True)}


def encoded(model, items):
    (vectors,) = model.items(items[items > 0])
    return model.encode(model._lay_out({}, vectors, items > 0)).interests


def test_the_sequence_loss_compares_the_history_with_the_targets_nearest_last(build):
    model, batch = build(seq2seq_share=0.25)
    past = encoded(model, batch["item_id_list"])
    targets = [row[row > 0].flip(0) for row in batch[FUTURE_ITEMS]]
    future = encoded(model, torch.nn.utils.rnn.pad_sequence(targets, batch_first=True))
    expected = seq2seq_loss(past, future, temperature=8**0.5, kept_share=0.25)
    losses = losses_of(model, batch)
    assert list(losses) == ["retrieval", "seq2seq"]
    torch.testing.assert_close(losses["seq2seq"], expected.detach())
    full = (batch[FUTURE_ITEMS] > 0).all(dim=1)
    assert full.any()
    swapped = batch[FUTURE_ITEMS].clone()
    swapped[full] = swapped[full].flip(1)
    backwards = losses_of(model, batch | {FUTURE_ITEMS: swapped})
    assert backwards["seq2seq"] != losses["seq2seq"]
    torch.testing.assert_close(backwards["retrieval"], losses["retrieval"])  # a set to it


def test_the_published_loss_is_of_the_next_item(build):
    model, batch = build(recipe="published")
    assert (model.temperature, model.unit_vectors) == (8.0, False)
    targets = batch[FUTURE_ITEMS][:, 0]
    (vectors,) = model.items(targets)
    interests = encoded(model, batch["item_id_list"])
    expected = seq2item_loss(interests, vectors, targets, temperature=8.0)
    torch.testing.assert_close(losses_of(model, batch)["retrieval"], expected.detach())


def test_a_weight_of_zero_leaves_the_future_unread(build):
    model, batch = build(seq2seq_weight=0.0)
    assert list(losses_of(model, batch)) == ["retrieval"]
    one, other = build(), build(seq2seq_weight=3.0)
    torch.testing.assert_close(
        losses_of(other[0], batch)["seq2seq"], 3 * losses_of(one[0], batch)["seq2seq"]
    )


def test_a_future_longer_than_the_history_has_positions_too(build):
    model, batch = build(MAX_ITEM_LIST_LENGTH=2, future_window=6)
    assert batch[FUTURE_ITEMS].shape[1] == 6
    assert all(loss.isfinite() for loss in losses_of(model, batch).values())


def test_heads_that_do_not_divide_the_width_are_an_error(build):
    with pytest.raises(SettingsError, match=r"--transformer_heads=3 .* write --transformer"):
        build(transformer_heads=3)
