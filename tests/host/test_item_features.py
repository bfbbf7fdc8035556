"""Item features out of the data set's files, into the model, through training and back."""

from pathlib import Path

import numpy as np
import pytest
import torch

import recbole_opal
from recbole_opal.errors import DataError, SettingsError
from recbole_opal.host import find_model_class
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.item_features import item_features
from recbole_opal.host.prepare import prepare_data
from recbole_opal.models import MODELS
from recbole_opal.runs import RunReader
from recbole_opal.training.loop import TrainingLoop

FEATURES = ["tag", "author", "length"]


@pytest.fixture
def settings(quick_settings, featured_path):
    return quick_settings | {"data_path": str(featured_path)}


@pytest.fixture
def prepared(settings):
    def prepare(model="OPAL", **changes):
        config = OpalConfig(model, "tiny", settings | changes)
        return config, prepare_data(config, future_items=True)

    return prepare


def test_the_table_holds_what_the_file_says(prepared):
    _, data = prepared(item_features=FEATURES)
    table, dataset = item_features(data.dataset, FEATURES), data.dataset
    assert table.columns == ("tag", "author")
    assert table.several == (True, False)
    names = [*dataset.field2id_token["tag"], *dataset.field2id_token["author"]]
    for number, token in enumerate(dataset.field2id_token["item_id"][1:], start=1):
        item = int(token[1:])
        own = table.tokens[table.offsets[number] : table.offsets[number + 1]]
        wanted = {f"c{item // 12}", "odd" if item % 2 else "even", f"a{item % 20}"}
        assert {str(names[each]) for each in own} == wanted
        length = table.numbers[number, 0]
        assert np.isnan(length) if item % 5 == 0 else length == np.float32(1.5 * item)
    assert np.isnan(table.numbers[0]).all()
    assert table.offsets[1] == 0


def test_columns_are_read_only_when_they_are_asked_for(prepared):
    config, data = prepared()
    assert data.dataset.item_feat is None
    assert "item" not in config["load_col"]
    config, data = prepared(item_features=["author"], category_field="tag")
    assert config["load_col"]["item"] == ["item_id", "tag", "author"]
    assert "length" not in data.dataset.item_feat
    assert item_features(data.dataset, []) is None


def test_numbers_are_raw_where_all_is_normalised(prepared):
    _, data = prepared(item_features=["length"], normalize_all=True)
    assert np.nanmax(item_features(data.dataset, ["length"]).numbers) == 1.5 * 47


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["autor"], r"the column autor is missing among .*; did you mean author"),
        (["tag", "xyzzy"], r"add it, or write --load_col=.* --item_features=\[tag\]\.$"),
        (["item_id"], "item_id is the id of the items"),
        (["tag", "shape"], "shape holds lists of numbers"),
        (["nothing"], "no item of the data set has a value in the column nothing"),
        (["blank"], "no item of the data set has a value in the column blank"),
    ],
)
def test_what_cannot_be_a_feature_is_told(settings, tmp_path, columns, message):
    folder = tmp_path / "own" / "tiny"
    folder.mkdir(parents=True)
    source = Path(settings["data_path"]) / "tiny" / "tiny.inter"
    (folder / "tiny.inter").write_text(source.read_text())
    header = "item_id:token\ttag:token\tauthor:token\tshape:float_seq\tnothing:float\tblank:token\n"
    rows = [f"i{i}\tt\ta\t1.0 2.0\t\t\n" for i in range(48)]
    (folder / "tiny.item").write_text(header + "".join(rows))
    given = settings | {"data_path": str(folder.parent), "item_features": columns}
    with pytest.raises(DataError, match=message):
        recbole_opal.run("OPAL", "tiny", **given)
    assert not (tmp_path / "saved").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("new_item_share", 1.0), ("new_item_boost", 0.0), ("item_features", {"a": 1})],
)
def test_bad_values_are_told(settings, name, value):
    with pytest.raises(SettingsError, match=name):
        OpalConfig("OPAL", "tiny", settings | {name: value})


def test_a_model_of_recboles_does_not_know_them(settings):
    known = {"data_path", "epochs", "topk", "valid_metric", "tensorboard", "show_progress"}
    plain = {name: value for name, value in settings.items() if name in known}
    with pytest.raises(SettingsError, match="item_features"):
        OpalConfig("SASRec", "tiny", plain | {"item_features": ["tag"]})


@pytest.mark.parametrize("model", sorted(MODELS))
def test_every_model_is_composed_of_features(settings, model):
    given = {k: v for k, v in settings.items() if k != "num_interests"}
    config = OpalConfig(model, "tiny", given | {"item_features": FEATURES})
    data = prepare_data(config, future_items=True)
    recommender = find_model_class(model)(config, data.dataset)
    parts = recommender.calculate_loss(next(iter(data.train)))
    sum(parts).backward()
    features = recommender.network.items.features
    assert features.embedding.weight.grad.is_sparse
    assert features.embedding.weight.grad.coalesce().values().abs().sum() > 0
    assert features.directions.grad.abs().sum() > 0
    assert recommender.eval().item_table().isfinite().all()


def test_new_items_are_no_negatives_where_features_find_them(prepared):
    config, data = prepared(item_features=["tag"], cold_items=0.4)
    network = find_model_class("OPAL")(config, data.dataset).network
    counts = np.bincount(data.dataset.inter_feat["item_id"], minlength=data.dataset.item_num)
    assert (counts[1:] == 0).sum() >= 0.4 * 47
    for _ in range(5):
        drawn = network.sampler.draw(torch.ones(4, 2, dtype=torch.int64)).ids
        assert (counts[drawn.numpy()] > 0).all()


def test_the_start_is_the_same_with_and_without(prepared):
    """Vectors of the items' own start where they would without features."""
    first, second = (
        find_model_class("OPAL")(*_built(prepared, columns)) for columns in ([], FEATURES)
    )
    one, other = (each.network.items.embedding.weight for each in (first, second))
    assert torch.equal(one, other)


def _built(prepared, columns):
    config, data = prepared(item_features=columns)
    torch.manual_seed(0)
    return config, data.dataset


def test_a_resumed_run_equals_an_unbroken_one(settings, monkeypatch):
    given = settings | {"item_features": FEATURES, "epochs": 2, "stages": ["soft"]}
    whole = recbole_opal.run("OPAL", "tiny", **given)
    original, done = TrainingLoop.train_epoch, []

    def stop(self, *arguments, **options):
        if done:
            raise KeyboardInterrupt
        done.append(1)
        return original(self, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingLoop, "train_epoch", stop)
        with pytest.raises(KeyboardInterrupt) as caught:
            recbole_opal.run("OPAL", "tiny", **given)
    again = recbole_opal.resume(caught.value.folder)
    one, other = (RunReader.open(each.folder).load_weights("soft") for each in (whole, again))
    assert {"items.features.embedding.weight", "items.features.centre"} < one.keys()
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    tokens = RunReader.open(again.folder).load_json("ids.json")
    assert {"tag", "author"} < tokens.keys()
