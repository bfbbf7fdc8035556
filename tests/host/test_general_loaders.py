"""General models meet the interactions, targets and masks that sequential models meet."""

import numpy as np
import pytest
import torch

from recbole_opal.errors import DataError
from recbole_opal.host.prepare import prepare_data

RATIOS = {"split": {"RS": [8, 1, 1]}}
ONE_OUT = {"split": {"LS": "valid_and_test"}}


def rows(users=12, items=30, length=20, seed=0):
    """Return a log with repeats; user `u` has `length - u % 3` interactions."""
    generator = np.random.default_rng(seed)
    return [
        (f"u{user}", f"i{generator.integers(items)}", 1000 * place + user)
        for user in range(users)
        for place in range(length - user % 3)
    ]


@pytest.fixture
def prepared(make_config):
    """Return a function that prepares the same log for a model."""

    def prepare(model, **settings):
        config = make_config(rows(), model, train_batch_size=32, **settings)
        return prepare_data(config, future_items=model == "OPAL")

    return prepare


def asked(loader):
    """Return users, targets and masked pairs of all batches as sets of (user id, item id)."""
    users, targets, masked = [], set(), set()
    for batch in loader:
        ids, history, (target_rows, target_ids) = batch.users, batch.excluded, batch.targets
        users += ids.tolist()
        targets |= set(zip(ids[target_rows].tolist(), target_ids.tolist(), strict=True))
        if history is not None:
            masked |= set(zip(ids[history[0]].tolist(), history[1].tolist(), strict=True))
    return users, targets, masked


def pairs_of(interactions):
    return list(
        zip(interactions["user_id"].tolist(), interactions["item_id"].tolist(), strict=True)
    )


def flat_pairs(dataset, ends):
    sequences = dataset.sequences
    return {
        (int(user), int(item))
        for user, start, end in zip(sequences.users, sequences.starts, ends, strict=True)
        for item in sequences.items[start:end]
    }


@pytest.mark.parametrize("split", [RATIOS, ONE_OUT])
@pytest.mark.parametrize("mask_history", [True, False])
@pytest.mark.parametrize("general", ["MultiVAE", "Pop", "BPR"])
def test_users_targets_and_masked_pairs_are_those_of_sequential_models(
    prepared, split, mask_history, general
):
    settings = {"eval_args": split, "mask_history": mask_history}
    ours, other = prepared("OPAL", **settings), prepared(general, **settings)
    upstream = prepared("GRU4Rec", **settings)
    for part in ("valid", "test"):
        expected = asked(getattr(ours, part))
        assert asked(getattr(other, part)) == expected
        assert asked(getattr(upstream, part)) == expected
        assert expected[0]
        assert expected[1]
        assert bool(expected[2]) == mask_history
    names = [name for name in ours.counts if name != "training_rows_an_epoch"]
    assert [other.counts[name] for name in names] == [ours.counts[name] for name in names]


def test_an_evaluation_batch_holds_user_ids_and_nothing_else(prepared):
    for batch in prepared("BPR").test:
        assert batch.inputs.columns == ["user_id"]


@pytest.mark.parametrize("model", ["Pop", "ItemKNN", "BPR"])
def test_an_epoch_holds_each_training_interaction_once(prepared, model):
    data = prepared(model)
    met = []
    for batch in data.train:
        positive = batch["label"] == 1 if "label" in batch.columns else slice(None)
        met += zip(
            batch["user_id"][positive].tolist(), batch["item_id"][positive].tolist(), strict=True
        )
    assert sorted(met) == sorted(pairs_of(data.dataset.inter_feat))
    assert len(met) == data.counts["training_interactions"]


def test_training_holds_neither_validation_nor_test(prepared):
    data = prepared("BPR")
    sequences, split = data.dataset.sequences, data.dataset.split
    assert set(pairs_of(data.dataset.inter_feat)) == flat_pairs(data.dataset, split.train_ends)
    assert len(data.dataset.inter_feat) == int((split.train_ends - sequences.starts).sum())


@pytest.mark.parametrize("model", ["BPR", "LightGCN"])
def test_negatives_are_never_training_items_and_spread_over_all_others(prepared, model):
    data = prepared(model)
    known = flat_pairs(data.dataset, data.dataset.split.train_ends)
    drawn = []
    for _ in range(60):
        for batch in data.train:
            if "neg_item_id" in batch.columns:
                users, items = batch["user_id"], batch["neg_item_id"]
            else:
                users, items = (batch[name][batch["label"] == 0] for name in ("user_id", "item_id"))
            drawn += zip(users.tolist(), items.tolist(), strict=True)
    assert not set(drawn) & known
    user = drawn[0][0]
    possible = set(range(1, data.dataset.item_num)) - {item for u, item in known if u == user}
    counts = np.bincount([item for u, item in drawn if u == user], minlength=1)
    assert set(np.flatnonzero(counts).tolist()) == possible
    expected = counts.sum() / len(possible)
    assert counts[list(possible)].max() < 2 * expected  # uniform: about expected +- 12 %
    assert counts[list(possible)].min() > expected / 2


@pytest.mark.parametrize(("model", "times"), [("BPR", 1), ("Pop", 1)])
def test_a_batch_counts_negatives_in_rows_as_recbole_does(prepared, model, times):
    first = next(iter(prepared(model).train))
    assert len(first) == 32
    assert len(first["user_id"].unique()) <= 32 // times


def test_autoencoders_are_trained_on_users_without_the_padding(prepared):
    data = prepared("MultiVAE")
    met = torch.cat([batch["user_id"] for batch in data.train])
    assert sorted(met.tolist()) == list(range(1, data.dataset.user_num))
    assert data.counts["training_rows_an_epoch"] == data.dataset.user_num - 1


def test_order_comes_from_the_seed_and_from_the_loader_s_generator(prepared):
    one, other = prepared("MultiVAE").train, prepared("MultiVAE").train
    first = [batch["user_id"].tolist() for batch in one]
    assert first == [batch["user_id"].tolist() for batch in other]
    state = one.generator.get_state()
    second = [batch["user_id"].tolist() for batch in one]
    assert second != first
    one.generator.set_state(state)
    assert second == [batch["user_id"].tolist() for batch in one]


def test_shuffle_false_keeps_the_order(prepared):
    train = prepared("Pop", shuffle=False).train
    met = torch.cat([batch["user_id"] for batch in train])
    assert torch.equal(met, train.dataset.inter_feat["user_id"])


@pytest.mark.parametrize("split", [RATIOS, ONE_OUT])
def test_what_is_known_before_test_is_what_the_test_rows_mask(prepared, split):
    data = prepared("MultiVAE", eval_args=split, mask_history=True)
    known = set(pairs_of(data.test.known.inter_feat))
    users, targets, masked = asked(data.test)
    assert {pair for pair in known if pair[0] in set(users)} == masked
    assert not known & targets
    assert known > set(pairs_of(data.dataset.inter_feat))
    assert data.valid.known is None


def test_a_score_matrix_bounds_the_batch(prepared):
    def step(model, **settings):
        return prepared(model, score_memory_mb=1, eval_batch_size=10**6, **settings).test.step

    items = prepared("BPR").dataset.item_num
    assert step("BPR") == 2**20 // (4 * items)
    assert step("Pop") == step("BPR")


def test_a_user_of_all_items_has_no_negative_and_this_is_told(make_config):
    log = [("u1", f"i{item}", item) for item in range(20)]
    log += [("u1", f"i{item % 3}", 100 + item) for item in range(20)]
    log += [("u2", f"i{item}", item) for item in range(10)]
    with pytest.raises(DataError, match=r"every item.*--user_inter_num_interval") as caught:
        prepare_data(make_config(log, "BPR"), future_items=False)
    assert "\n" not in str(caught.value)
