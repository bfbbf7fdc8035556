"""DSSRec keeps the contract; it learns from the future, read backwards."""

from dataclasses import replace

import pytest
import torch

from recbole_opal.batches import Histories
from recbole_opal.errors import SettingsError
from recbole_opal.interests.history import History
from recbole_opal.models.dssrec import seq2item_loss, seq2seq_loss
from recbole_opal.testing import RoutingContract


class TestDSSRec(RoutingContract):
    model = "DSSRec"


@pytest.fixture
def build(build_model):
    return lambda **changes: build_model("DSSRec", **changes)


def encoded(network, histories):
    (vectors,) = network.items(histories.items)
    return network.encode(History(vectors, histories.lengths)).interests


def test_the_sequence_loss_compares_the_history_with_the_targets_nearest_last(build):
    built = build(seq2seq_share=0.25, target_decay=1.0)
    targets = built.batch.targets
    known = targets[:, 0] > 0
    assert known.any()
    assert not known.all()  # some users meet nothing new: no future to agree with
    past = encoded(built.network, built.batch.histories)[known]
    future = encoded(built.network, Histories.from_padded(targets[known].flip(1)))
    losses = built.losses()
    assert list(losses) == ["retrieval", "seq2seq"]
    expected = seq2seq_loss(past, future, temperature=8**0.5, kept_share=0.25)
    torch.testing.assert_close(losses["seq2seq"], expected)
    full = (targets > 0).all(dim=1)
    assert full.any()
    swapped = torch.where(full[:, None], targets.flip(1), targets)
    backwards = built.losses(replace(built.batch, targets=swapped))
    assert backwards["seq2seq"] != losses["seq2seq"]
    torch.testing.assert_close(backwards["retrieval"], losses["retrieval"])  # a set to it


def test_the_published_loss_is_of_the_next_item(build):
    built = build(recipe="published")
    network, targets = built.network, built.batch.targets[:, 0]
    assert (network.temperature, network.unit_vectors) == (8.0, False)
    (vectors,) = network.items(targets)
    interests = encoded(network, built.batch.histories)
    expected = seq2item_loss(interests, vectors, targets, temperature=8.0)
    torch.testing.assert_close(built.losses()["retrieval"], expected)


def test_a_weight_of_zero_leaves_the_future_unread(build):
    assert list(build(seq2seq_weight=0.0).losses()) == ["retrieval"]
    one, other = build(), build(seq2seq_weight=3.0)
    torch.testing.assert_close(
        other.losses(one.batch)["seq2seq"], 3 * one.losses(one.batch)["seq2seq"]
    )


def test_a_future_longer_than_the_history_has_positions_too(build):
    built = build(MAX_ITEM_LIST_LENGTH=2, future_window=6)
    assert built.batch.targets.shape[1] == 6
    assert all(loss.isfinite() for loss in built.losses().values())


def test_heads_that_do_not_divide_the_width_are_an_error(build):
    with pytest.raises(SettingsError, match=r"--transformer_heads=3 .* write --transformer"):
        build(transformer_heads=3)
