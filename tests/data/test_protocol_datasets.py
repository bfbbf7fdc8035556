"""Every protocol on a data set: no leak, no lost row, whatever the kind of model."""

import numpy as np
import pytest
import torch

from recbole_opal.batches import Histories
from recbole_opal.data.loaders import FutureTrainLoader
from recbole_opal.errors import DataError
from recbole_opal.host.prepare import prepare_data

DAY = 86_400
LAST_DAY = {"last_day": {"min_days": 2}}
TIME = {"time": [7, 2, 1]}
ONE_CUT = {"time": [8, 2]}
KNOWN_ITEMS = {"time": {"ratios": [7, 2, 1], "unseen_items": "drop"}}
USER = {"user": [6, 2, 2]}
SPLITS = [{"RS": [8, 1, 1]}, {"LS": "valid_and_test"}, LAST_DAY, TIME, ONE_CUT, KNOWN_ITEMS, USER]
MODELS = ["OPAL", "SASRec", "MultiVAE", "ItemKNN", "Pop"]


@pytest.fixture
def rows():
    """Return a log of 12 days whose last days have items of their own, in random order."""
    random = np.random.default_rng(5)
    log = []
    for user in range(40):
        first = 7 if user >= 34 else 0  # some users come late
        days = sorted(random.integers(first, 12, random.integers(1, 25)).tolist())
        for day in days:
            item = random.integers(40) if day < 9 or random.random() < 0.8 else 40 + day
            log.append((f"u{user}", f"i{item}", day * DAY + int(random.integers(DAY))))
    return [log[at] for at in random.permutation(len(log))]


@pytest.fixture
def prepare(make_config, rows):
    """Return a function from a model and a split to the prepared data."""

    def make(model="OPAL", split=USER, **settings):
        config = make_config(rows, model, eval_args={"split": split}, **settings)
        return prepare_data(config, future_items=model == "OPAL")

    return make


def trained_on(data):
    """Return the (user token, item token) pairs of all batches of an epoch, positives only."""
    if isinstance(data.train, FutureTrainLoader):
        return tokens(data, set().union(*map(pairs_of_cuts(data.train), rows_met(data.train))))
    pairs = set()
    for batch in data.train:
        users = batch["user_id"].tolist()
        for name in ("item_id_list", "item_id"):
            if name in batch.columns:
                items = batch[name].reshape(len(users), -1).tolist()
                pairs |= {
                    (user, item)
                    for user, line in zip(users, items, strict=True)
                    for item in line
                    if item
                }
        if len(batch.columns) == 1:  # autoencoders hold the rows themselves
            interactions = data.dataset.inter_feat
            pairs |= set(
                zip(interactions["user_id"].tolist(), interactions["item_id"].tolist(), strict=True)
            )
    return tokens(data, pairs)


def rows_met(loader):
    """Return the numbers of the rows of each batch of an epoch."""
    met, gather = [], loader.collate_fn
    loader.collate_fn = lambda index: (met.append(index), gather(index))
    assert sum(len(batch) for _, batch in loader) == sum(map(len, met)) == loader.epoch_size
    loader.collate_fn = gather
    return met


def pairs_of_cuts(loader):
    """Return a function from rows to the (user, item) pairs of their histories and targets."""

    def pairs(index):
        batch, users = loader.collate_fn(index), torch.from_numpy(loader.rows.users(index))
        found = set(
            zip(users[batch.histories.rows()].tolist(), batch.histories.items.tolist(), strict=True)
        )
        rows, columns = batch.targets.nonzero(as_tuple=True)
        targets = batch.targets[rows, columns].tolist()
        return found | set(zip(users[rows].tolist(), targets, strict=True))

    return pairs


def tokens(data, pairs):
    users, items = (data.dataset.field2id_token[field] for field in ("user_id", "item_id"))
    return {(str(users[user]), str(items[item])) for user, item in pairs}


def before(rows, split, data):
    """Return by loops the pairs each user may be trained on, by the definition of the protocol."""
    ((kind, options),) = split.items()
    times = sorted(time for _, _, time in rows)
    if kind == "last_day":
        last = max(time // DAY for time in times)
        active = {}
        for user, _, time in rows:
            if time // DAY < last - 1:
                active.setdefault(user, set()).add(time // DAY)
        return {
            (user, item)
            for user, item, time in rows
            if time // DAY < last - 1 and len(active[user]) >= 2
        }
    if kind == "time":
        ratios = options if isinstance(options, list) else options["ratios"]
        cut = times[int(len(times) * ratios[0] / sum(ratios))]
        return {(user, item) for user, item, time in rows if time < cut}
    assert kind == "user"
    names = data.dataset.field2id_token["user_id"][data.dataset.sequences.users].tolist()
    order = np.random.default_rng(1230).permutation(len(names))
    training = {names[at] for at in order[: int(0.6 * len(names))]}
    return {(user, item) for user, item, _ in rows if user in training}


@pytest.mark.parametrize("split", [LAST_DAY, TIME, ONE_CUT, KNOWN_ITEMS, USER])
@pytest.mark.parametrize("model", MODELS)
def test_training_holds_what_the_protocol_allows_and_nothing_else(prepare, rows, model, split):
    data = prepare(model, split, cuts_per_user=40, future_window=30) if model == "OPAL" else (
        prepare(model, split)
    )  # fmt: skip
    allowed = before(rows, split, data)
    met = trained_on(data)
    assert met <= allowed
    single = {pair for pair in allowed if sum(user == pair[0] for user, *_ in rows) == 1}
    if model in ("MultiVAE", "ItemKNN", "Pop"):
        assert met == allowed
    else:  # a user's only training item has nothing before it
        assert len(met) > 0.9 * len(allowed - single)


@pytest.mark.parametrize("split", [LAST_DAY, TIME, USER])
def test_models_that_count_or_multiply_see_training_only(prepare, rows, split):
    data = prepare("ItemKNN", split)
    matrix = data.dataset.inter_matrix(form="coo")
    pairs = tokens(data, zip(matrix.row.tolist(), matrix.col.tolist(), strict=True))
    assert pairs == before(rows, split, data)
    histories, _, lengths = data.dataset.history_item_matrix()
    assert int(lengths.sum()) == data.counts["training_interactions"] == matrix.nnz
    users = histories.nonzero()[:, 0]
    met = tokens(data, zip(users.tolist(), histories[histories > 0].tolist(), strict=True))
    assert met == pairs


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("mask_history", [True, False, None])
def test_no_interaction_is_lost(prepare, rows, split, mask_history):
    counts = prepare("OPAL", split, mask_history=mask_history).counts
    dropped = sum(
        count for name, count in counts.items() if name.startswith("dropped_interactions")
    )
    assert counts.get("read_interactions", len(rows)) == len(rows)
    assert counts["interactions"] + dropped == len(rows)
    assert counts["interactions"] == sum(
        counts.get(name, 0)
        for name in (
            "training_interactions",
            "valid_interactions",
            "test_interactions",
            "valid_interactions_without_history",
            "test_interactions_without_history",
            "held_out_history_interactions",
            "interactions_after_the_cut_without_history",
        )
    )
    for part in ("valid", "test"):
        told = counts[f"{part}_targets"] + counts[f"{part}_targets_left_out"]
        assert counts[f"{part}_targets_already_seen"] >= counts[f"{part}_targets_left_out"]
        assert 0 < told <= counts[f"{part}_interactions"]
        out = counts["users_not_in_" + {"valid": "validation"}.get(part, part)]
        assert (
            counts[f"{part}_rows"] + counts[f"{part}_rows_without_targets"] + out
            == (counts["users"])
        )


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("model", MODELS)
def test_targets_come_after_histories_of_limited_length(prepare, split, model):
    data = prepare(model, split, MAX_ITEM_LIST_LENGTH=4)
    reference = prepare("OPAL", split, MAX_ITEM_LIST_LENGTH=4)
    sequences = data.dataset.sequences
    for part in ("valid", "test"):
        rows_of = getattr(data.dataset.split, part)
        starts = dict(zip(sequences.users[rows_of.rows].tolist(), rows_of.starts, strict=True))
        first = dict(zip(sequences.users.tolist(), sequences.starts, strict=True))
        asked = set()
        for batch in getattr(data, part):
            ids, masked = batch.users.tolist(), batch.excluded
            asked |= {
                (ids[row], item)
                for row, item in zip(*map(torch.Tensor.tolist, batch.targets), strict=True)
            }
            if masked is not None:
                hidden = {
                    (ids[row], item)
                    for row, item in zip(*map(torch.Tensor.tolist, masked), strict=True)
                }
                assert not hidden & asked
                assert hidden == {
                    (user, item)
                    for user in ids
                    for item in sequences.items[first[user] : starts[user]].tolist()
                }
            histories = batch.inputs
            if model != "OPAL" and "item_id_list" in histories.columns:
                histories = Histories.from_padded(histories["item_id_list"])
            if isinstance(histories, Histories):
                histories = [
                    row.tolist() for row in histories.items.split(histories.lengths.tolist())
                ]
                for user, history in zip(ids, histories, strict=True):
                    past = sequences.items[first[user] : starts[user]].tolist()
                    assert history == past[-4:]
        rows, ids = getattr(reference, part).rows.targets()
        assert asked == set(zip(rows.tolist(), ids.tolist(), strict=True))


@pytest.mark.parametrize("split", [TIME, ONE_CUT, KNOWN_ITEMS, LAST_DAY])
def test_no_training_interaction_is_later_than_one_that_is_asked_for(prepare, split):
    dataset = prepare("OPAL", split).dataset
    sequences = dataset.sequences

    def times(starts, ends):
        return [
            time
            for start, end in zip(starts, ends, strict=True)
            for time in sequences.times[start:end]
        ]

    train = times(sequences.starts, dataset.split.train_ends)
    valid, test = (
        times(part.starts, part.ends) for part in (dataset.split.valid, dataset.split.test)
    )
    assert max(train) < min(valid)
    assert max(train) < min(test)
    if split != ONE_CUT:
        assert max(valid) < min(test)


@pytest.mark.parametrize("split", [LAST_DAY, KNOWN_ITEMS])
def test_items_training_has_not_met_get_no_id(prepare, rows, split):
    data = prepare("OPAL", split)
    known = {item for _, item in before(rows, split, data)}
    assert set(data.dataset.field2id_token["item_id"][1:].tolist()) == known
    assert data.counts["items"] == len(known)
    assert data.counts["read_items"] == len({item for _, item, _ in rows}) > len(known)
    for part in ("valid", "test"):
        assert data.counts[f"{part}_targets_unseen_in_training"] == 0


@pytest.mark.parametrize("split", [TIME, USER])
def test_or_they_stay_and_are_counted(prepare, rows, split):
    data = prepare("OPAL", split)
    known = {item for _, item in before(rows, split, data)}
    total = 0
    for part in ("valid", "test"):
        asked = tokens(
            data,
            zip(*(column.tolist() for column in getattr(data, part).rows.targets()), strict=True),
        )
        unseen = [item for _, item in asked if item not in known]
        assert data.counts[f"{part}_targets_unseen_in_training"] == len(unseen)
        total += len(unseen)
    assert (total > 0) or split == USER
    assert data.counts["items"] == len({item for _, item, _ in rows})


def test_held_out_users_are_counted_as_unknown_to_training(prepare):
    counts = prepare("OPAL", USER).counts
    assert counts["training_users"] == 24
    for part in ("valid", "test"):
        assert counts[f"{part}_rows_of_users_not_in_training"] == counts[f"{part}_rows"] > 0
    counts = prepare("OPAL", {"RS": [8, 1, 1]}).counts
    assert counts["test_rows_of_users_not_in_training"] <= 40 - counts["training_users"]


@pytest.mark.parametrize("split", [LAST_DAY, TIME, ONE_CUT, USER])
def test_the_order_of_rows_in_the_file_and_scaled_times_change_nothing(make_config, rows, split):
    def parts(log, **settings):
        config = make_config(log, "OPAL", eval_args={"split": split}, **settings)
        dataset = prepare_data(config, future_items=True).dataset
        users = dataset.field2id_token["user_id"]
        sequences = dataset.sequences
        return {
            str(users[user]): dataset.split.train_ends[at] - sequences.starts[at]
            for at, user in enumerate(sequences.users)
        }

    expected = parts(rows)
    assert parts(rows, normalize_all=True) == expected
    if split not in (USER, ONE_CUT):  # who is held out goes by the order of the ids
        assert parts(rows[::-1]) == expected


def test_the_run_s_seed_does_not_change_who_is_asked(prepare):
    first, second = (prepare("OPAL", USER, seed=seed).test.rows.targets() for seed in (1, 2))
    assert [column.tolist() for column in first] == [column.tolist() for column in second]
    other = prepare("OPAL", {"user": {"ratios": [6, 2, 2], "seed": 7}}).test.rows.targets()
    assert set(other[0].tolist()) != set(first[0].tolist())


@pytest.mark.parametrize(
    ("split", "told"),
    [
        ({"time": {"cuts": [-2, -1]}}, "left to train on"),
        ({"last_day": {"min_days": 99}}, "left to train on"),
        ({"time": {"cuts": [10 * DAY, 99 * DAY]}}, "test part; move the cuts"),
        ({"user": {"ratios": [999, 1, 1]}}, "use more users"),
        ({"last_day": {"min_days": 4, "offset": DAY // 2, "day_length": 30}}, "min_days"),
    ],
)
def test_an_empty_part_is_told_with_what_to_change(prepare, split, told):
    with pytest.raises(DataError, match=told) as caught:
        prepare("OPAL", split)
    assert "\n" not in str(caught.value)
    assert "--eval_args" in str(caught.value)
