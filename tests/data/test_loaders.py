import numpy as np
import pytest
import torch

from recbole_opal.batches import TrainingBatch
from recbole_opal.data.loaders import FutureTrainLoader
from recbole_opal.errors import DataError
from recbole_opal.host.loaders import GatheringLoader
from recbole_opal.host.prepare import prepare_data

LEAVE_ONE_OUT = {"eval_args": {"split": {"LS": "valid_and_test"}}}


@pytest.fixture
def rows():
    """Distinct times, users of 1 to 30 interactions, items met again and again."""
    random = np.random.default_rng(2)
    interactions = [
        (f"u{user}", f"i{item}", int(time))
        for user in range(30)
        for item, time in zip(
            random.integers(0, 50, user + 1), random.permutation(5000)[: user + 1], strict=True
        )
    ]
    return [interactions[at] for at in random.permutation(len(interactions))]


@pytest.fixture
def prepare(make_config, rows):
    """Return a function from model and settings to the prepared data."""

    def make(model="OPAL", **settings):
        return prepare_data(make_config(rows, model, **settings), future_items=model == "OPAL")

    return make


def epoch(loader):
    return [columns(batch) for batch in loader]


def columns(batch):
    """Return what a batch holds, by name."""
    if isinstance(batch, TrainingBatch):
        histories = batch.histories
        return {"items": histories.items, "lengths": histories.lengths, "targets": batch.targets}
    return {name: batch[name].clone() for name in batch}


def same(first, second):
    return len(first) == len(second) and all(
        one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)
        for one, two in zip(first, second, strict=True)
    )


@pytest.mark.parametrize(("model", "settings"), [("OPAL", {}), ("GRU4Rec", {"loss_type": "CE"})])
def test_restoring_the_generator_repeats_the_epoch(prepare, model, settings):
    loader = prepare(model, train_batch_size=16, **settings).train
    epoch(loader)
    state = loader.generator.get_state()
    second, third = epoch(loader), epoch(loader)
    assert not same(second, third)
    loader.generator.set_state(state)
    assert same(epoch(loader), second)
    assert same(epoch(loader), third)


def test_the_epoch_depends_on_the_seed_only(prepare):
    torch.manual_seed(1)
    first = epoch(prepare(seed=5).train)
    torch.manual_seed(2)
    np.random.seed(3)  # noqa: NPY002
    assert same(first, epoch(prepare(seed=5).train))
    assert not same(first, epoch(prepare(seed=6).train))


@pytest.mark.parametrize("batch_size", [1, 7, 26, 27, 1000])
def test_number_of_batches(prepare, batch_size):
    loader = prepare(train_batch_size=batch_size).train
    batches = epoch(loader)
    sizes = [len(batch["targets"]) for batch in batches]
    assert len(loader) == len(batches) == -(-len(loader.rows) // batch_size)
    assert set(sizes[:-1]) <= {batch_size}
    assert sum(sizes) == len(loader.rows)


def test_a_future_batch(prepare):
    prepared = prepare(future_window=4, MAX_ITEM_LIST_LENGTH=6, cuts_per_user=2, seen_targets=True)
    assert isinstance(prepared.train, FutureTrainLoader)
    (batch,) = prepared.train
    assert isinstance(batch, TrainingBatch)
    histories, targets = batch.histories, batch.targets
    assert {part.dtype for part in (histories.items, histories.lengths, targets)} == {torch.int64}
    assert histories.times is None
    assert histories.lengths.sum() == len(histories.items)
    assert (histories.items > 0).all()
    assert (histories.lengths.min(), histories.lengths.max()) == (1, 6)
    assert targets.shape[1] == 4
    assert (targets[:, 0] > 0).all()
    users, counts = np.unique(prepared.train.rows.users(np.arange(56)), return_counts=True)
    assert len(batch) == 56
    assert len(users) == 28  # users of 1 and of 2 interactions have one training item at most
    assert (counts == 2).all()


def test_every_row_is_met_once_an_epoch_in_a_new_order(prepare):
    loader = prepare("GRU4Rec", loss_type="CE", train_batch_size=50).train
    first, second = (
        torch.cat(
            [
                torch.cat(
                    [batch["user_id"][:, None], batch["item_id_list"], batch["item_id"][:, None]], 1
                )
                for batch in epoch(loader)
            ]
        )
        for _ in range(2)
    )
    assert not torch.equal(first, second)
    assert sorted(first.tolist()) == sorted(second.tolist())
    assert len(first) == len(loader.rows)


def test_unshuffled_rows_come_in_order(prepare):
    loader = prepare("GRU4Rec", loss_type="CE", shuffle=False, train_batch_size=1024).train
    (batch,) = epoch(loader)
    expected = loader.rows.batch(np.arange(len(loader.rows)))
    assert batch["item_id"].tolist() == expected.targets[:, 0].tolist()
    filled = batch["item_id_list"] > 0
    assert batch["item_id_list"][filled].tolist() == expected.histories.items.tolist()
    assert filled.sum(dim=1).tolist() == expected.histories.lengths.tolist()
    width = loader.config["MAX_ITEM_LIST_LENGTH"]  # which RecBole's models expect
    assert batch["item_id_list"].shape[1] == width


def test_loss_of_pairs_gets_negatives(prepare):
    prepared = prepare("GRU4Rec", loss_type="BPR", train_batch_size=64)
    assert isinstance(prepared.train, GatheringLoader)
    batches = epoch(prepared.train)
    assert len(batches) == len(prepared.train) > 1
    for batch in batches:
        negatives = batch["neg_item_id"]
        assert negatives.shape == batch["item_id"].shape
        assert (negatives != batch["item_id"]).all()
        assert negatives.min() >= 1
        assert negatives.max() < prepared.dataset.item_num


def test_loss_over_all_items_gets_none(prepare):
    (batch,) = epoch(prepare("GRU4Rec", loss_type="CE", train_batch_size=1024).train)
    assert set(batch) == {"user_id", "item_id_list", "item_length", "item_id"}


def test_masking_follows_the_protocol_unless_told(prepare):
    def masks(**settings):
        return next(iter(prepare(**settings).test)).excluded is not None

    assert masks()
    assert not masks(**LEAVE_ONE_OUT)
    assert masks(mask_history=True, **LEAVE_ONE_OUT)
    assert not masks(mask_history=False)


def test_counts_add_up(prepare):
    counts = prepare(cuts_per_user=3).counts
    lengths = np.arange(1, 31)
    train, seen = np.floor(0.8 * lengths + 1e-9), np.floor(0.9 * lengths + 1e-9)
    assert counts["users"] == 30
    assert counts["interactions"] == lengths.sum()
    assert counts["training_interactions"] == train.sum()
    assert counts["training_rows_an_epoch"] == 3 * (train >= 2).sum()
    assert counts["users_not_in_validation"] == (seen == train).sum()
    assert counts["users_not_in_test"] == 1  # the user of a single interaction
    for part in ("valid", "test"):
        assert counts[f"{part}_targets_already_seen"] > 0
        short = counts["users_not_in_" + {"valid": "validation"}.get(part, part)]
        assert counts[f"{part}_rows"] + counts[f"{part}_rows_without_targets"] == 30 - short


def test_no_training_rows_is_told_with_a_fix(make_config):
    rows = [(f"u{user}", f"i{user}", user) for user in range(5)]
    with pytest.raises(DataError, match=r"left for training.*--eval_args"):
        prepare_data(make_config(rows), future_items=True)
    settings = {"eval_args": {"split": {"RS": [1, 1, 2]}}}
    with pytest.raises(DataError, match="two training interactions"):
        prepare_data(make_config([*rows, *rows, *rows, *rows], **settings), future_items=True)


def test_an_epoch_can_be_a_sample_of_the_rows_that_is_drawn_anew(prepare):
    loader = prepare("GRU4Rec", train_batch_size=16, epoch_rows=40, loss_type="CE").train
    assert len(loader) == 3
    epochs = [epoch(loader) for _ in range(2)]
    for batches in epochs:
        assert [len(batch["user_id"]) for batch in batches] == [16, 16, 8]
    assert not same(*epochs)
    everything = prepare("GRU4Rec", train_batch_size=16, epoch_rows=10**6, loss_type="CE").train
    assert sum(len(batch["user_id"]) for batch in everything) == len(everything.rows)
