"""Items that training did not know, served by their features."""

import shutil
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

import recbole_opal
from recbole_opal.errors import CheckpointError, DataError, SettingsError
from recbole_opal.exporting.bundle import write_bundle
from recbole_opal.exporting.options import Export
from recbole_opal.runs import RunFolder, RunReader
from recbole_opal.serving.recommender import Recommender

FEATURES = ["tag", "author", "length"]
NEW = {
    "item_id": ["n1", "n2", 7],
    "tag": ["c1 odd", ["c2", "even"], None],
    "author": ["a1", "a2", "a3"],
    "length": [12.0, None, 3],
    "title": ["left", "alone", ""],
}


@pytest.fixture(scope="module")
def run(featured_path, tmp_path_factory):
    place = tmp_path_factory.mktemp("featured-run")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        return recbole_opal.run(
            "OPAL",
            "tiny",
            data_path=str(featured_path),
            checkpoint_dir=str(place / "saved"),
            epochs=2,
            train_batch_size=64,
            cuts_per_user=2,
            hidden_size=8,
            num_interests=3,
            num_negatives=20,
            MAX_ITEM_LIST_LENGTH=10,
            future_window=3,
            topk=[5, 10],
            valid_metric="Recall@10",
            metrics=["Recall", "ColdRecall", "WarmRecall"],
            category_field="tag",
            item_features=FEATURES,
            cold_items=0.2,
            tensorboard=False,
            show_progress=False,
            state="ERROR",
        ).folder


@pytest.fixture(scope="module")
def recommender(run):
    return recbole_opal.load(run)


@pytest.fixture(scope="module")
def extended(recommender):
    return recommender.add_items(NEW)


def test_a_loaded_run_gives_the_lists_that_it_saved(run, recommender):
    reader = RunReader.open(run)
    stage = recommender.trained.stage
    lists, histories = (
        reader.load_arrays(name) for name in (f"lists-{stage}-test.npz", "histories-test.npz")
    )
    ends = histories["lengths"].cumsum()
    tokens = np.array(recommender.trained.items, dtype=object)
    asked = {
        str(row): tokens[histories["items"][ends[row] - histories["lengths"][row] : ends[row]]]
        for row in range(20)
    }
    found = recommender.recommend({u: list(items) for u, items in asked.items()}, k=10)
    wanted = tokens[lists["items"][:20]].ravel()
    assert found["item"].tolist() == wanted.tolist()


def test_new_items_are_listed_met_similar_and_explained(recommender, extended):
    lists = extended.recommend({"ann": ["i12", "i14"]}, k=100)
    assert {"n1", "n2", "7"} <= set(lists["item"])
    assert len(lists) == 48 + 3 - 2
    met = extended.recommend({"ann": ["n1", 7]}, k=100, exclude=["n2"])
    assert not {"n1", "7", "n2"} & set(met["item"])
    only = extended.recommend({"ann": ["i1"]}, k=5, only=["n1", "n2"])
    assert set(only["item"]) == {"n1", "n2"}
    assert len(extended.similar_items("n1", k=4)) == 4
    assert extended.explain(["i12", "n2"], "n1").nearest[0].item in ("i12", "n2")
    by_popularity = extended.recommend({"new": []}, k=51)
    assert by_popularity["item"].tolist()[-1] in ("n1", "n2", "7")
    # What was loaded stays as it was.
    assert "n1" not in set(recommender.recommend({"ann": ["i12"]}, k=100)["item"])


def test_the_known_items_keep_their_scores(recommender, extended):
    before = recommender.recommend({"ann": ["i12", "i14"]}, k=100).set_index("item")["score"]
    after = extended.recommend({"ann": ["i12", "i14"]}, k=100).set_index("item")["score"]
    pd.testing.assert_series_equal(after[before.index], before)


def test_an_item_of_the_same_features_has_the_vector_of_an_item_nobody_met(run):
    """A cold item of the run's data is composed as a new one with its features."""
    recommender = recbole_opal.load(run)
    number = int(np.flatnonzero(recommender.trained.counts[1:] == 0)[0]) + 1
    item = int(recommender.trained.items[number][1:])
    new = {
        "item_id": ["twin"],
        "tag": [f"c{item // 12} {'odd' if item % 2 else 'even'}"],
        "author": [f"a{item % 20}"],
        "length": [item * 1.5 if item % 5 else np.nan],
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its author may be known of cold items alone
        twin = recommender.add_items(new)
    table = twin.retriever.items.table
    torch.testing.assert_close(table[-1], table[number])
    assert twin.similar_items("twin", k=1)["similar_item"][0] == f"i{item}"
    category = recommender.trained.categories[number]
    assert set(twin.trained.categories[-1]) - {0} == set(category) - {0}


class OfPolars:
    """A stand-in for polars, which has columns by name, and cells by iterating."""

    def __init__(self, columns):
        self.columns, self._cells = list(columns), columns

    def __getitem__(self, name):
        return iter(self._cells[name])


@pytest.mark.parametrize("frame", [pd.DataFrame, OfPolars])
def test_frames_give_what_their_columns_give(recommender, extended, frame):
    found = recommender.add_items(frame(NEW))
    assert torch.equal(found.retriever.items.table, extended.retriever.items.table)


def test_a_frame_of_polars(recommender, extended):
    polars = pytest.importorskip("polars", reason="polars is no dependency")
    columns = NEW | {"item_id": ["n1", "n2", "7"], "tag": ["c1 odd", "c2 even", None]}
    found = recommender.add_items(polars.DataFrame(columns))
    assert torch.equal(found.retriever.items.table, extended.retriever.items.table)


def test_items_can_be_added_twice(extended):
    more = extended.add_items({"item_id": ["n9"], "tag": ["c3"]})
    assert {"n1", "n9"} <= set(more.recommend({"ann": ["i1"]}, k=100)["item"])
    with pytest.raises(DataError, match="hold 'n1', which the model knows already"):
        extended.add_items({"item_id": ["n1"], "tag": ["c3"]})


def test_what_is_not_known_says_nothing_and_is_told(recommender):
    new = {"item_id": ["x", "y"], "tag": ["c1 zzz", "zzz"], "author": ["a1", None]}
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = recommender.add_items(new)
    texts = [str(each.message) for each in told]
    assert "1 unknown token, 'tag=zzz' (2 times), which say nothing" in texts[0]
    assert "nothing is known of the features of" in texts[1]
    assert "'y'" in texts[1]
    plain = recommender.add_items({"item_id": ["x"], "tag": ["c1"], "author": ["a1"]})
    torch.testing.assert_close(found.retriever.items.table[-2], plain.retriever.items.table[-1])


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ({"item": ["a"], "tag": ["c1"]}, "not item_id"),
        ({"item_id": ["a"], "title": ["x"]}, "none of the features"),
        ({"item_id": ["i1", "i2"], "tag": ["c1", "c1"]}, "'i1', 'i2', which the model knows"),
        ({"item_id": ["a", "a"], "tag": ["c1", "c1"]}, "'a', more than once"),
        ({"item_id": [""], "tag": ["c1"]}, "which is no id"),
        ({"item_id": [None], "tag": ["c1"]}, "an id is missing"),
        ({"item_id": ["a"], "tag": ["c1", "c2"]}, "2 cells for 1 new items"),
        ({"item_id": ["a"], "length": ["long"]}, "length holds what is no number"),
        ({"item_id": ["a"], "author": [["a1", "a2"]]}, "one token an item"),
        ({"item_id": ["a"], "author": [2.0]}, "holds floats"),
        ({"item_id": ["a"], "tag": "c1"}, "write a list"),
        ([1, 2], "are a list"),
    ],
)
def test_what_cannot_be_read_is_told(recommender, new, message):
    with pytest.raises(DataError, match=message):
        recommender.add_items(new)


def test_a_run_without_features_says_so(run_of):
    with pytest.raises(SettingsError, match="trained without features"):
        recbole_opal.load(run_of("OPAL")).add_items(NEW)


def test_an_approximate_index_is_built_anew(run):
    pytest.importorskip("faiss")
    found = recbole_opal.load(run, retrieval="hnsw").add_items(NEW)
    assert found.retriever.kind == "hnsw"
    assert "n1" in set(found.recommend({"ann": ["i12"]}, k=100)["item"])


def test_a_bundle_serves_the_same_and_takes_new_items(run, recommender, extended, tmp_path):
    bundle = write_bundle(run, tmp_path / "bundle", Export(index=False, parquet=False, onnx=False))
    served = recbole_opal.load(bundle)
    asked = {"ann": ["i12", "i14"], "bob": ["i30"]}
    pd.testing.assert_frame_equal(served.recommend(asked, k=9), recommender.recommend(asked, k=9))
    more = served.add_items(NEW)
    pd.testing.assert_frame_equal(more.recommend(asked, k=60), extended.recommend(asked, k=60))


def test_the_encoder_is_exported(run, recommender):
    pytest.importorskip("onnxruntime")
    from recbole_opal.exporting.onnx_files import onnx_bytes
    from recbole_opal.exporting.parity import check_parity

    check_parity(recommender.network, onnx_bytes(recommender.network, 10))


def test_damaged_features_are_refused_by_name(run, tmp_path):
    copy = tmp_path / run.name
    shutil.copytree(run, copy)
    folder = RunFolder.open(copy)
    arrays = folder.load_arrays("item_features.npz")
    with folder.update():
        folder.save_arrays("item_features.npz", arrays | {"tokens": arrays["tokens"] + 1000})
    with pytest.raises(CheckpointError, match=r"item_features\.npz holds no features"):
        recbole_opal.load(copy)


def test_a_boost_brings_new_items_forward_and_keeps_cosines(run, recommender):
    cold = np.array(recommender.trained.items)[recommender.trained.counts == 0][1:]
    trained = recommender.trained
    boosts = torch.where(torch.from_numpy(trained.counts) > 0, 1.0, 1.5)
    items = trained.network.items.composed()
    items.boosts = boosts
    boosted = Recommender(replace(trained, network=trained.network.with_items(items)))
    before = recommender.recommend({"ann": ["i12"]}, k=100).set_index("item")["score"]
    after = boosted.recommend({"ann": ["i12"]}, k=100).set_index("item")["score"]
    warm = [item for item in before.index if item not in set(cold)]
    pd.testing.assert_series_equal(after[warm], before[warm])
    here = [item for item in cold if item in before.index and before[item] > 0]
    assert (after[here] > before[here]).all()
    pd.testing.assert_frame_equal(
        boosted.similar_items(warm[0], k=9), recommender.similar_items(warm[0], k=9)
    )
