"""From files a model is given the very batches that it is given from memory."""

import itertools

import numpy as np
import pytest
import torch

from recbole_opal.data import cooccurrence, user_sequences
from recbole_opal.data.stored import sorting
from recbole_opal.errors import SettingsError
from recbole_opal.host.prepare import prepare_data
from recbole_opal.host.recommender import OPAL

SPLITS = [
    {"RS": [8, 1, 1]},
    {"LS": "valid_and_test"},
    {"user": {"ratios": [6, 2, 2], "history": 0.6}},
]


def log_of(users=40, seed=0):
    """Return rows in no order, with ties in time, repeats and exact duplicates."""
    random = np.random.default_rng(seed)
    owners = random.integers(users, size=25 * users)
    items, times = random.integers(12, size=len(owners)), random.integers(40, size=len(owners))
    columns = (owners.tolist(), items.tolist(), times.tolist())
    rows = [(f"u{u}", f"i{i}", 1_600_000_000 + t) for u, i, t in zip(*columns, strict=True)]
    return [*rows, *rows[:9]]


@pytest.fixture
def both(make_config, tmp_path, monkeypatch):
    """Return a function that prepares a log in memory and from files, in blocks of few rows."""
    monkeypatch.setattr(sorting, "_BUCKET", 64)

    def prepare(**settings):
        fixed = {"train_batch_size": 32, "cuts_per_user": 2, "MAX_ITEM_LIST_LENGTH": 7} | settings
        memory = make_config(log_of(), **fixed)
        files = make_config(log_of(), histories_folder=str(tmp_path / "histories"), **fixed)
        return [(prepare_data(config, future_items=True), config) for config in (memory, files)]

    return prepare


def tensors(batch):
    """Yield every tensor of a batch of ours."""
    for value in vars(batch).values():
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, tuple):
            yield from value
        elif value is not None:
            yield from tensors(value)


def assert_equal(ours, theirs):
    for one, other in itertools.zip_longest(tensors(ours), tensors(theirs)):
        assert one.dtype == other.dtype
        assert torch.equal(one, other)


@pytest.mark.parametrize("split", SPLITS, ids=lambda split: next(iter(split)))
@pytest.mark.parametrize("seen", [True, False])
def test_batches_are_the_same_to_the_last_bit(both, split, seen):
    settings = {"eval_args": {"split": split}, "seen_targets": seen, "recency": "both"}
    (memory, _), (files, _) = both(**settings)
    for name in ("train", "train", "valid", "test"):  # a second epoch too
        batches = itertools.zip_longest(getattr(memory, name), getattr(files, name))
        for one, other in batches:
            assert_equal(one, other)
        assert len(getattr(files, name)) > 1 or name != "train"
    for part in ("valid", "test"):
        owners = [getattr(data, part).rows.whole_histories() for data in (memory, files)]
        np.testing.assert_array_equal(owners[0][0], owners[1][0])
        assert_equal(owners[0][1], owners[1][1])
    assert files.counts == memory.counts
    assert files.time_note == memory.time_note
    assert files.warnings == memory.warnings


def test_ids_and_the_model_s_start_are_the_same(both, monkeypatch):
    monkeypatch.setattr(cooccurrence, "_MOST_PAIRS", 2000)  # so that users are drawn
    monkeypatch.setattr(user_sequences.user_ranges, "__defaults__", (50,))
    (memory, first), (files, second) = both()
    for field in ("user_id", "item_id"):
        tokens = memory.dataset.field2id_token[field]
        assert files.dataset.field2id_token[field] == [str(token) for token in tokens]
    states = []
    for data, config in ((memory, first), (files, second)):
        torch.manual_seed(0)
        states.append(OPAL(config, data.dataset).state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_counts_in_blocks_are_those_in_one(both, monkeypatch):
    (whole, _), _ = both(mask_history=False)
    monkeypatch.setattr(user_sequences.user_ranges, "__defaults__", (30,))
    (blocks, _), (files, _) = both(mask_history=False)
    assert blocks.counts == whole.counts == files.counts
    assert whole.counts["exact_duplicates"] >= 9
    assert blocks.warnings == whole.warnings
    assert "in their own history too" in whole.warnings[0]


@pytest.mark.parametrize(
    ("settings", "model", "told"),
    [
        ({}, "SASRec", "--model=SASRec holds all interactions"),
        ({"drop_duplicates": True}, "OPAL", "--drop_duplicates=True looks at all rows"),
        ({"user_inter_num_interval": "[5,inf)"}, "OPAL", "--user_inter_num_interval="),
        ({"val_interval": {"timestamp": "[3,inf)"}}, "OPAL", "--val_interval="),
        ({"eval_args": {"split": {"last_day": {}}}}, "OPAL", "the split 'last_day'"),
        ({"eval_args": {"split": {"time": [8, 1, 1]}}}, "OPAL", "take one of RS, LS, user"),
        ({"load_col": None}, "OPAL", "--load_col"),
        ({"category_field": "tag"}, "OPAL", "--category_field=None"),
    ],
)
def test_what_needs_all_rows_in_memory_is_refused_with_the_fix(
    make_config, tmp_path, settings, model, told
):
    with pytest.raises(SettingsError, match="--histories_folder: ") as caught:
        make_config(log_of(), model, histories_folder=str(tmp_path / "h"), **settings)
    assert told in str(caught.value)
    assert str(caught.value).endswith("or leave --histories_folder away.")
    assert not (tmp_path / "h").exists()


@pytest.mark.parametrize("folder", ["", ["a"], "a\0b"])
def test_a_folder_that_is_none_is_refused(make_config, folder):
    with pytest.raises(SettingsError, match="--histories_folder"):
        make_config(log_of(), histories_folder=folder)
