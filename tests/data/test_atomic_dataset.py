import numpy as np
import pytest

from recbole_opal.errors import DataError, SettingsError
from recbole_opal.host.dataset import FutureItemDataset
from recbole_opal.host.prepare import prepare_data

ROWS = [(f"u{user}", f"i{(user + step) % 8}", step) for user in range(6) for step in range(9)]
COLUMNS = {"inter": ["user_id", "item_id", "timestamp"]}
WITH_ITEMS = {"load_col": COLUMNS | {"item": ["item_id", "tag"]}}


@pytest.fixture
def put(tmp_path):
    """Return a function that writes another file of the data set `tiny`."""

    def write(ending, text):
        (tmp_path / "data" / "tiny" / f"tiny.{ending}").write_text(text)

    return write


@pytest.fixture
def refusal(make_config):
    def refuse(rows=ROWS, **settings):
        with pytest.raises((DataError, SettingsError)) as caught:
            prepare_data(make_config(rows, **settings), future_items=True)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return refuse


def counts(make_config, rows=ROWS, **settings):
    return prepare_data(make_config(rows, **settings), future_items=True).counts


def test_items_are_read_with_their_columns(make_config, put):
    put("item", "item_id:token\ttag:token_seq\nout\tx\ni1\ta b\ni2\t\n")
    config = make_config(ROWS, filter_inter_by_user_or_item=False, **WITH_ITEMS)
    dataset = FutureItemDataset(config)
    assert dataset.field2seqlen["tag"] == 2
    names = dataset.field2id_token["tag"]
    tags = dict(
        zip(
            dataset.id2token("item_id", dataset.item_feat["item_id"]),
            dataset.item_feat["tag"],
            strict=True,
        )
    )
    assert [names[tag] for tag in tags["i1"]] == ["a", "b"]
    assert len(tags["i2"]) == len(tags["i3"]) == 0


def test_categories_that_are_not_there_are_told_by_their_setting(put, refusal):
    message = refusal(category_field="tag")
    assert "tiny.item is missing" in message
    assert "--category_field" in message
    put("item", "item_id:token\tkind:token\ni1\tx\n")
    message = refusal(category_field="tag")
    assert "tiny.item, line 1: the column tag is missing among item_id, kind" in message
    assert "--category_field" in message


def test_sequences_are_cut_at_seq_len(make_config, put):
    put("item", "item_id:token\ttag:token_seq\ni1\ta b c\n")
    config = make_config(ROWS, seq_len={"tag": 2}, filter_inter_by_user_or_item=False, **WITH_ITEMS)
    assert FutureItemDataset(config).field2seqlen["tag"] == 2


def test_what_filters_drop_is_counted(make_config, put):
    halves = {"eval_args": {"split": {"RS": [2, 1, 1]}}, "mask_history": False}
    assert not [name for name in counts(make_config, **halves) if name.startswith("rows_")]
    put("item", "item_id:token\ttag:token\ni1\ta\ni1\tb\ni2\ta\ni3\ta\ni4\t\n")
    found = counts(
        make_config, **halves, **WITH_ITEMS, rm_dup_inter="first", item_inter_num_interval="[5,inf)"
    )
    pairs = {(user, item) for user, item, _ in ROWS}
    kept = {(user, item) for user, item in pairs if item in ("i1", "i2", "i3", "i4")}
    assert found["rows_of_repeated_pairs"] == len(ROWS) - len(pairs)
    assert found["rows_without_features"] == len(pairs) - len(kept)
    assert found["item_rows_repeated"] == 1
    assert found["interactions"] == len(kept)
    less = counts(make_config, **halves, val_interval={"timestamp": "[1,inf)"})
    assert less["rows_outside_val_interval"] == 6
    assert less["interactions"] == len(ROWS) - 6
    few = counts(
        make_config, [*ROWS, ("new", "i1", 5)], user_inter_num_interval="[2,inf)", **halves
    )
    assert few["rows_outside_inter_num_interval"] == 1


@pytest.mark.parametrize("wanted", [{"tag": ["a"]}, {"n": "[0,1];(2,9]"}])
def test_a_list_is_kept_for_one_of_its_values(make_config, put, wanted):
    put("item", "item_id:token\ttag:token_seq\tn:float_seq\ni1\ta b\t2 3\ni2\tb\t2\ni3\t\t\n")
    columns = COLUMNS | {"item": "*"}
    dataset = FutureItemDataset(make_config(ROWS, load_col=columns, val_interval=wanted))
    assert dataset.field2id_token["item_id"].tolist() == ["[PAD]", "i1"]


def test_odd_users_and_items_are_counted(make_config):
    again = [("same", "i0", step) for step in range(8)]
    late = [("u0", "late", 99)]
    found = counts(make_config, [*ROWS, *again, *late, ("once", "i1", 3), ("once more", "only", 3)])
    assert found["users"] == 9
    assert found["users_of_one_item_again_and_again"] == 1
    assert found["users_not_in_training"] == 2  # one interaction, and floor(0.8) = 0
    assert found["items_not_in_training"] == 2
    assert found["items_without_interactions"] == 0
    assert found["test_targets_unseen_in_training"] == 1


def test_one_user_is_enough(make_config):
    found = counts(make_config, [("me", f"i{step}", step) for step in range(20)])
    assert (found["users"], found["valid_rows"], found["test_rows"]) == (1, 1, 1)


def test_one_item_is_told(refusal):
    rows = [(f"u{user}", "it", step) for user in range(5) for step in range(20)]
    assert "no user has a target" in refusal(rows)


@pytest.mark.parametrize(
    ("text", "settings", "told"),
    [
        (None, WITH_ITEMS, "tiny.item is missing"),
        ("item_id:token\n", WITH_ITEMS, "the column tag is missing among item_id"),
        ("item_id:float\ttag:token\n1\ta\n", WITH_ITEMS, "item_id:float is no plain id"),
        ("id:token\ttag:token\n1\ta\n", {"load_col": None}, "item_id is missing among id, tag"),
        ("item_id:token\ttimestamp:float\n1\t1\n", {"load_col": None}, "timestamp is read from"),
        ("item_id:token\ttag:token\n", WITH_ITEMS, "tiny.item holds a header and no row"),
        ("item_id:token\ttag:token\n1\ta\n1\n", WITH_ITEMS, "tiny.item, line 3 has 1 fields"),
        (
            "item_id:token\ttag:token\nx\ta\n",
            WITH_ITEMS,
            "no interaction of dataset 'tiny' is left",
        ),
        (
            "item_id:token\ttag:token\n1\ta\n",
            {"load_col": COLUMNS | {"item": ["tag"]}},
            "item_id is needed and not read",
        ),
    ],
)
def test_item_files_that_cannot_be_used(refusal, put, text, settings, told):
    if text is not None:
        put("item", text)
    assert told in refusal(**settings)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"val_interval": {"rating": "[3,inf)"}}, "the column rating is not read"),
        ({"val_interval": {"timestamp": ["3"]}}, "timestamp needs an interval"),
        ({"val_interval": {"timestamp": "abc"}}, "timestamp needs an interval"),
        ({"val_interval": {"user_id": "[3,inf)"}}, "user_id needs a list of tokens"),
        ({"normalize_field": ["user_id"], "normalize_all": False}, "no column of numbers"),
        ({"load_col": COLUMNS | {"itm": "*"}}, "there is no file .itm; did you mean item?"),
        ({"load_col": COLUMNS | {"item": "tag"}}, "item has 'tag'; write a list"),
        ({"USER_ID_FIELD": "item_id"}, "three different columns"),
        ({"field_separator": "::"}, "--field_separator='::'"),
    ],
)
def test_settings_that_the_files_contradict(refusal, settings, told):
    assert told in refusal(**settings)


def test_scaling_is_recbole_s(make_config, put):
    put(
        "item",
        "item_id:token\tx:float\tc:float\tv:float_seq\ti1\t1\t7\t1 5\n".replace("\ti1", "\ni1")
        + "i2\t3\t7\t3\ni3\t2\t7\t\n",
    )
    columns = COLUMNS | {"item": "*"}
    dataset = FutureItemDataset(make_config(ROWS, load_col=columns, normalize_all=True))
    features = dataset.item_feat.set_index(
        dataset.id2token("item_id", dataset.item_feat["item_id"])
    )
    assert features.loc[["i1", "i2", "i3"], "x"].tolist() == [0.0, 1.0, 0.5]
    assert set(features["c"]) == {1.0}
    assert [values.tolist() for values in features.loc[["i1", "i2", "i3"], "v"]] == [
        [0, 1],
        [0.5],
        [],
    ]
    assert np.isclose(dataset.inter_feat["timestamp"].max(), 1)
