import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from recbole.data.dataset import SequentialDataset
from recbole.utils import FeatureType

from recbole_opal.errors import DataError
from recbole_opal.host.dataset import FutureItemDataset

NOW = 1_600_000_000


def tokens(dataset):
    """Return {user token: item tokens, oldest first}."""
    sequences = dataset.sequences
    return {
        str(dataset.id2token("user_id", user)): dataset.id2token(
            "item_id", sequences.items[start:end]
        ).tolist()
        for user, start, end in zip(
            sequences.users, sequences.starts, sequences.offsets[1:], strict=True
        )
    }


def steps(users=3, length=10):
    """Rows with one second between a user's items, newest first in the file."""
    return [
        (f"u{user}", f"i{(user + 3 * at) % 17}", NOW + at)
        for at in reversed(range(length))
        for user in range(users)
    ]


def test_present_day_times_are_ordered_to_the_second(make_dataset):
    got = tokens(make_dataset(steps()))
    assert got == {
        f"u{user}": [f"i{(user + 3 * at) % 17}" for at in range(10)] for user in range(3)
    }


def repeats(keep):
    """Rows at few times, items met twice, and what `rm_dup_inter` must keep of them, in order."""
    random = np.random.default_rng(5)
    rows = [
        (f"u{user}", f"i{item}", NOW + time)
        for user, item, time in random.integers(0, (4, 60, 3), (600, 3)).tolist()
    ]
    in_time = sorted(rows, key=lambda row: row[2])  # Python's sort is stable
    kept = {}
    for user, item, _ in in_time if keep == "first" else in_time[::-1]:
        items = kept.setdefault(user, [])
        if item not in items:
            items.append(item)
    return rows, kept if keep == "first" else {user: own[::-1] for user, own in kept.items()}


@pytest.mark.parametrize("keep", ["first", "last"])
def test_rm_dup_inter_keeps_file_order_among_ties(make_dataset, keep):
    rows, kept = repeats(keep)
    assert tokens(make_dataset(rows, rm_dup_inter=keep)) == kept


@pytest.mark.parametrize("keep", [None, "first"])
def test_ids_number_tokens_as_the_file_names_them(make_dataset, keep):
    rows = [("u2", "c", NOW + 9), ("u1", "a", NOW), ("u2", "b", NOW + 1), ("u1", "b", NOW + 2)]
    dataset = make_dataset(rows, rm_dup_inter=keep)
    assert dataset.field2id_token["user_id"].tolist() == ["[PAD]", "u2", "u1"]
    assert dataset.field2id_token["item_id"].tolist() == ["[PAD]", "c", "a", "b"]


def test_rm_dup_inter_goes_by_time_before_file_order(make_dataset):
    rows = [("u", "a", NOW + 9), ("u", "b", NOW + 5), ("u", "a", NOW + 1), ("u", "c", NOW + 5)]
    assert tokens(make_dataset(rows, rm_dup_inter="first")) == {"u": ["a", "b", "c"]}
    assert tokens(make_dataset(rows, rm_dup_inter="last")) == {"u": ["b", "c", "a"]}


def test_filters_are_repeated_until_stable(make_dataset):
    # `rare` goes first, then u4, who has one item left, then `late`, which only u3 then has.
    rows = [(user, item, at) for at, item in enumerate("abc") for user in ("u1", "u2")]
    rows += [
        ("u3", "a", 0),
        ("u3", "b", 1),
        ("u3", "late", 2),
        ("u4", "late", 0),
        ("u4", "rare", 1),
    ]
    dataset = make_dataset(
        rows, user_inter_num_interval="[2,inf)", item_inter_num_interval="[2,inf)"
    )
    assert tokens(dataset) == {"u1": ["a", "b", "c"], "u2": ["a", "b", "c"], "u3": ["a", "b"]}


def test_after_build_models_see_the_training_part_only(make_dataset):
    dataset = make_dataset(steps())  # 8 of 10 items of each of 3 users
    sequences, ends = dataset.sequences, dataset.split.train_ends
    training = [
        (int(user), int(item))
        for user, start, end in zip(sequences.users, sequences.starts, ends, strict=True)
        for item in sequences.items[start:end]
    ]
    assert len(training) == dataset.inter_num == len(dataset) == 24
    feature = dataset.inter_feat
    assert list(zip(feature["user_id"].tolist(), feature["item_id"].tolist())) == training  # noqa: B905
    assert dict(dataset.user_counter) == dict.fromkeys(sequences.users.tolist(), 8)
    items = [item for _, item in training]
    assert dict(dataset.item_counter) == {item: items.count(item) for item in set(items)}
    assert dataset.avg_actions_of_users == 8


@pytest.mark.parametrize("form", ["coo", "csr"])
def test_inter_matrix_is_of_the_training_part(make_dataset, form):
    dataset = make_dataset(steps())
    matrix = dataset.inter_matrix(form=form)
    expected = np.zeros((dataset.user_num, dataset.item_num))
    for user, start, end in zip(
        dataset.sequences.users, dataset.sequences.starts, dataset.split.train_ends, strict=True
    ):
        np.add.at(expected[user], dataset.sequences.items[start:end], 1)
    assert matrix.format == form
    assert (matrix.toarray() == expected).all()
    assert expected.sum() == 24


def test_build_gives_recbole_three_datasets(make_config):
    dataset = FutureItemDataset(make_config(steps()))
    assert [part is dataset for part in dataset.build()] == [True] * 3


def test_list_fields_are_declared_though_nothing_is_augmented(make_dataset):
    dataset = make_dataset(steps(), MAX_ITEM_LIST_LENGTH=7)
    assert dataset.item_id_list_field == "item_id_list"
    assert dataset.field2seqlen["item_id_list"] == 7
    assert dataset.field2type["item_id_list"] == FeatureType.TOKEN_SEQ
    assert dataset.field2type["item_length"] == FeatureType.TOKEN
    assert "item_id_list" not in dataset.inter_feat


@pytest.mark.parametrize(
    ("settings", "sizes"),
    [
        ({}, (8, 1, 2)),
        ({"ratio_rounding": "recbole"}, (9, 1, 1)),
        ({"eval_args": {"split": {"RS": [1, 1, 2]}}}, (2, 3, 6)),
        ({"eval_args": {"split": {"LS": "valid_and_test"}}}, (9, 1, 1)),
    ],
)
def test_protocol_comes_from_the_settings(make_dataset, settings, sizes):
    dataset = make_dataset(steps(users=1, length=11), **settings)
    split = dataset.split
    valid = split.valid.ends - split.valid.starts
    test = split.test.ends - split.test.starts
    assert (split.train_ends[0], valid[0], test[0]) == sizes


class Canary:
    """Unpickled, it leaves a file behind."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_no_cached_dataset_is_ever_read_or_written(make_config, tmp_path):
    config = make_config(steps(), model="GRU4Rec", loss_type="CE")
    cache, sung = Path(config["checkpoint_dir"]), tmp_path / "sung"
    cache.mkdir(exist_ok=True)
    names = [f"tiny-{cls.__name__}.pth" for cls in (FutureItemDataset, SequentialDataset)]
    for name in names:
        (cache / name).write_bytes(pickle.dumps(Canary(sung)))
    before = {path: path.read_bytes() for path in cache.iterdir()}
    from recbole_opal.host.prepare import prepare_data

    prepare_data(config, future_items=False)
    assert not sung.exists()
    assert {path: path.read_bytes() for path in cache.iterdir()} == before

    from recbole.data import create_dataset

    with pytest.raises(AttributeError):  # RecBole's own does read it: the canary can sing
        create_dataset(config)
    assert sung.exists()


def test_item_features_of_several_tokens_load(make_config, tmp_path):
    rows = [("u", item, at) for at, item in enumerate("abcd")]
    config = make_config(rows, load_col=None)
    (tmp_path / "data/tiny/tiny.item").write_text(
        "item_id:token\tgenres:token_seq\na\tx y\nb\ty\nc\tz x y\nd\tx\n"
    )
    dataset = FutureItemDataset(config)
    dataset.build()
    features = dataset.item_feat["genres"]
    assert features.dtype == torch.int64
    read = {
        item: [str(dataset.id2token("genres", code)) for code in features[number] if code]
        for item, number in dataset.field2token_id["item_id"].items()
    }
    assert read == {"[PAD]": [], "a": ["x", "y"], "b": ["y"], "c": ["z", "x", "y"], "d": ["x"]}


def refusal(make_config, rows, **settings):
    with pytest.raises(DataError) as caught:
        FutureItemDataset(make_config(rows, **settings))
    message = str(caught.value)
    assert "\n" not in message
    assert "tiny" in message
    return message


def test_times_that_are_no_numbers_are_refused(make_config):
    """As tokens they would be numbered in the order they appear, which is no order in time."""
    assert "timestamp:float" in refusal(make_config, steps(), time_type="token")


@pytest.mark.parametrize("bad", ["", "nan", "inf"])
def test_missing_times_are_refused(make_config, bad):
    rows = [*steps(), ("u0", "i1", bad), ("u1", "i1", bad)]
    assert "tiny.inter, line 32: timestamp is" in refusal(make_config, rows)


def test_unread_times_are_refused(make_config):
    message = refusal(make_config, steps(), load_col=None, unload_col={"inter": ["timestamp"]})
    assert "the column timestamp is needed and not read" in message


def test_filters_that_leave_nothing_are_refused(make_config):
    message = refusal(make_config, steps(), user_inter_num_interval="[99,inf)")
    assert "user_inter_num_interval" in message
