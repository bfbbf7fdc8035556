import numpy as np
import pytest

from recbole_opal.errors import DataError
from recbole_opal.synthesis.synthetic_files import write_atomic
from recbole_opal.synthesis.synthetic_log import synthesize

FILES = ["planted.inter", "planted.item", "planted.yaml", "truth.npz"]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_atomic_files_load_as_written(tmp_path):
    from recbole_opal.host.categories import item_categories
    from recbole_opal.host.config import OpalConfig
    from recbole_opal.host.dataset import FutureItemDataset

    log = synthesize(num_users=30, num_items=50, num_categories=8, mean_length=20)
    folder = write_atomic(log, tmp_path, "planted")
    assert sorted(contents(folder)) == FILES
    header = (folder / "planted.inter").read_text().splitlines()[0]
    assert header == "user_id:token\titem_id:token\ttimestamp:float"
    # No --load_col and no --category_field: the yaml file beside the data names them.
    config = OpalConfig("OPAL", "planted", {"data_path": str(tmp_path), "use_gpu": False})
    dataset = FutureItemDataset(config)
    dataset.build()
    sequences = dataset.sequences
    read_users = dataset.id2token("user_id", np.repeat(sequences.users, sequences.lengths))
    read_items = dataset.id2token("item_id", sequences.items).astype(int)
    order = np.argsort(read_users.astype(int), kind="stable")
    assert np.array_equal(read_users.astype(int)[order], log.users)
    assert np.array_equal(read_items[order], log.items)
    assert np.array_equal(sequences.times[order], log.times)
    read = item_categories(dataset, config["category_field"])
    items = dataset.id2token("item_id", read.items).astype(int)
    categories = np.array(read.names)[read.categories].astype(int)
    assert np.array_equal(categories, log.item_categories[items])
    assert set(items) >= set(log.items)


def test_the_truth_is_beside(tmp_path):
    log = synthesize(num_users=30, num_items=50, num_categories=8)
    folder = write_atomic(log, tmp_path, "planted")
    with np.load(folder / "truth.npz") as truth:
        assert sorted(truth) == ["drift_points", "item_categories", "user_interests"]
        for name in truth:
            assert np.array_equal(truth[name], getattr(log, name))


def test_writing_again_replaces_all_files(tmp_path):
    first, second = (synthesize(num_users=5, seed=seed) for seed in (1, 2))
    folder = write_atomic(first, tmp_path, "planted")
    before = contents(folder)
    write_atomic(second, tmp_path, "planted")
    changed = contents(folder)
    assert changed["planted.inter"] != before["planted.inter"]
    assert changed["truth.npz"] != before["truth.npz"]
    write_atomic(first, tmp_path, "planted")
    assert contents(folder) == before


def test_a_place_that_is_taken(tmp_path):
    log = synthesize(num_users=5)
    (tmp_path / "planted").write_text("a file")
    with pytest.raises(DataError, match="planted"):
        write_atomic(log, tmp_path, "planted")
    assert (tmp_path / "planted").read_text() == "a file"
