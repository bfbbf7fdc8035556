"""From a folder to a recommender, or to one clear error."""

import io
import json
import shutil
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch

import recbole_opal
from recbole_opal.errors import CheckpointError, SettingsError
from recbole_opal.retrieval import ExactIndex
from recbole_opal.retrieval.stored_index import save_index
from recbole_opal.runs import RunFolder

LISTED = [f"i{number}" for number in range(1, 30)]

WITHOUT = """
import json, sys, time
import torch

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("recbole", "pandas"):
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)

sys.meta_path.insert(0, Missing())
started = time.perf_counter()
import recbole_opal
recommender = recbole_opal.load(sys.argv[1])
seconds = time.perf_counter() - started
raw = recbole_opal.serving.recommender.RawHistories(["ann", "bob"], [["i1", "i2"], []])
lists = recommender.lists(raw, k=3)
print(json.dumps([seconds, sorted({name.partition(".")[0] for name in sys.modules}),
                  lists.items(), lists.by_popularity.tolist()]))
"""
OWN = """
from recbole_opal import MultiInterestNetwork, MultiInterestSettings

class Mean(MultiInterestNetwork):
    class Settings(MultiInterestSettings):
        pass

    def encode(self, history):
        return history.sum_by_row(history.vectors)[:, None]
"""

MORE = """
    def __init__(self, settings, catalogue):
        import torch

        super().__init__(settings, catalogue)
        self.extra = torch.nn.Linear(2, 2)
"""


@pytest.fixture
def folder(run_of, tmp_path):
    """Return a copy of a run, to be changed."""
    return shutil.copytree(run_of("OPAL"), tmp_path / "run")


@pytest.fixture
def own_folder(tmp_path, run_of):
    """Return a run of a class in a file of its own, and the file."""
    file = tmp_path / "own" / "mean.py"
    file.parent.mkdir()
    file.write_text(OWN)
    yield run_of(f"{file}:Mean"), file
    forget()


def forget():
    """Let the file be imported anew, as another process would."""
    for name in [name for name in sys.modules if name.startswith("own_model_mean")]:
        del sys.modules[name]


def without_recbole(folder):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, str(folder)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_neither_recbole_nor_pandas_is_needed(folder):
    seconds, modules, items, by_popularity = without_recbole(folder)
    assert {"recbole", "pandas", "scipy", "faiss"}.isdisjoint(modules)
    assert seconds < 5  # 0.4 on a machine that does nothing else
    assert [len(each) for each in items] == [3, 3]
    assert by_popularity == [False, True]


def test_a_class_of_the_user_s_needs_no_recbole_either(own_folder):
    folder, _ = own_folder
    assert without_recbole(folder)[2]


def test_nothing_of_the_process_changes(folder):
    before = torch.get_rng_state()
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("error")
        recommender = recbole_opal.load(folder)
        assert torch.is_inference_mode_enabled()
    assert torch.get_rng_state().equal(before)
    assert torch.is_grad_enabled()
    recommender.recommend({"ann": ["i1"]})
    assert torch.is_grad_enabled()
    assert torch.get_rng_state().equal(before)


def test_the_stage_that_is_asked_for(folder):
    assert {recbole_opal.load(folder, each).trained.stage for each in ("soft", "hard")} == {
        "soft",
        "hard",
    }
    with pytest.raises(SettingsError, match="stage 'sofft' is none of the run's; did you mean so"):
        recbole_opal.load(folder, "sofft")


@pytest.mark.parametrize("name", ["weights-soft.safetensors", "ids.json", "item_counts.npz"])
def test_a_flipped_bit_is_refused(folder, name):
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(CheckpointError, match=f"{name} is damaged"):
        recbole_opal.load(folder, "soft")


def test_what_is_no_finished_run_of_a_multi_interest_model(tmp_path, run_maker, origin, run_of):
    with pytest.raises(CheckpointError, match="manifest"):
        recbole_opal.load(tmp_path)
    with pytest.raises(CheckpointError, match="has not finished; go on with --resume="):
        recbole_opal.load(run_maker(tmp_path, origin, finished=False))
    with pytest.raises(CheckpointError, match="run of Pop, which is no multi-interest network"):
        recbole_opal.load(run_of("Pop"))


def test_a_bundle_is_known_by_its_format(folder):
    run = RunFolder.open(folder)
    best = run.load_json("metrics.json")["best_stage"]
    other = next(stage for stage in run.stages if stage != best)
    with run.update():
        run.save_json("bundle.json", {"format": 1})
        for stage in set(run.stages) - {other}:
            run.drop(f"weights-{stage}.safetensors")
    assert recbole_opal.load(folder).trained.stage == other  # a bundle has the one it has
    vectors = recbole_opal.load(folder).item_vectors().vectors
    file = io.BytesIO()
    np.save(file, np.nextafter(vectors, np.float32(0)))  # as another processor has them
    run.write("items.npy", file.getvalue())
    served = recbole_opal.load(folder).item_vectors().vectors
    assert (served != vectors).any()
    np.testing.assert_allclose(served, vectors, rtol=1e-6)
    file = io.BytesIO()
    np.save(file, vectors[1:])
    run.write("items.npy", file.getvalue())
    with pytest.raises(CheckpointError, match="holds no vectors of the items"):
        recbole_opal.load(folder)
    run.save_json("bundle.json", {"format": 2})
    with pytest.raises(CheckpointError, match=r"format 2, this version reads 1; pip install --up"):
        recbole_opal.load(folder)
    run.save_json("bundle.json", {"form": 1})
    with pytest.raises(CheckpointError, match="names no format"):
        recbole_opal.load(folder)


def test_a_run_that_is_older_than_some_settings_is_served_as_it_was_trained(run_of, tmp_path):
    trained = run_of("OPAL", recipe="published")
    older = shutil.copytree(trained, tmp_path / "older")
    run = RunFolder.open(older)
    with run.update():
        config = run.load_yaml("config.yaml")
        younger = ("scoring", "recency", "item_start", "interest_prior", "fusion")
        kept = {name: config[name] for name in config if name not in younger}
        run.save_yaml("config.yaml", kept)
    expected = recbole_opal.load(trained).recommend([LISTED[:4]], k=10)
    assert recbole_opal.load(older).recommend([LISTED[:4]], k=10).equals(expected)


@pytest.mark.parametrize("kind", ["faiss", "hnsw"])
def test_other_searches_and_a_saved_one(folder, kind):
    pytest.importorskip("faiss")
    exact = recbole_opal.load(folder)
    other = recbole_opal.load(folder, retrieval=kind)
    histories = {"ann": ["i1", "i2"], "bob": [], "cy": ["i7"]}
    expected = exact.recommend(histories, k=9)
    assert other.recommend(histories, k=9).equals(expected)  # so few items that none is missed
    diverse = {"k": 9, "per_interest": 2, "exclude": {"ann": ["i3"]}, "only": LISTED}
    assert other.recommend(histories, **diverse).equals(exact.recommend(histories, **diverse))
    run = RunFolder.open(folder)
    save_index(run, other.retriever)
    served = recbole_opal.load(folder)
    assert type(served.retriever) is type(other.retriever)
    assert served.recommend(histories, k=9).equals(expected)
    assert type(recbole_opal.load(folder, retrieval="torch").retriever) is ExactIndex
    data = bytearray((folder / "index.faiss").read_bytes())
    data[-1] ^= 1
    (folder / "index.faiss").write_bytes(data)
    with pytest.raises(CheckpointError, match=r"index\.faiss is damaged"):
        recbole_opal.load(folder)


def test_settings_of_a_saved_search(folder, monkeypatch):
    pytest.importorskip("faiss")
    save_index(RunFolder.open(folder), recbole_opal.load(folder, retrieval="hnsw").retriever)
    found = recbole_opal.load(folder, retrieval_settings={"ef_search": 64}).retriever
    assert found.kind == "hnsw"
    assert found.settings.ef_search == 64
    module = sys.modules["recbole_opal.serving.load"]
    monkeypatch.setattr(module, "make_retriever", None)  # it is not built anew
    assert recbole_opal.load(folder, retrieval="hnsw").retriever.kind == "hnsw"
    monkeypatch.undo()
    assert recbole_opal.load(folder, retrieval="hnsw", retrieval_settings={"links": 8})
    with pytest.raises(SettingsError, match="links needs another index of kind hnsw"):
        recbole_opal.load(folder, retrieval_settings={"links": 8})
    with pytest.raises(SettingsError, match="ef is no setting of hnsw"):
        recbole_opal.load(folder, retrieval_settings={"ef": 8})


def test_a_class_of_the_user_s_that_has_changed_moved_or_no_longer_fits(own_folder):
    folder, file = own_folder
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recbole_opal.load(folder)
    forget()
    file.write_text(OWN + "\n# another idea\n")
    with pytest.warns(UserWarning, match="the file of the class Mean has changed since"):
        recbole_opal.load(folder)
    forget()
    file.write_text(OWN + MORE)
    with pytest.raises(CheckpointError, match=r"does not fit the class Mean .*extra\.weight"):
        recbole_opal.load(folder)
    forget()
    file.rename(file.with_name("moved.py"))
    with pytest.raises(SettingsError, match="there is no file"):
        recbole_opal.load(folder)


def test_devices_and_searches_that_are_not_there(folder):
    with pytest.raises(SettingsError, match="device=gpu cannot be used"):
        recbole_opal.load(folder, device="gpu")
    if not torch.cuda.is_available():
        with pytest.raises(SettingsError, match="device=cuda cannot be used"):
            recbole_opal.load(folder, device="cuda")
    with pytest.raises(SettingsError, match="did you mean --retrieval=faiss"):
        recbole_opal.load(folder, retrieval="faisss")
