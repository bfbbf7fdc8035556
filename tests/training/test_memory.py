"""Settings that no machine has memory for are refused in a line, before anything is trained."""

import time

import pytest
import torch

import recbole_opal
from recbole_opal.errors import SettingsError, TrainingError
from recbole_opal.host import memory
from recbole_opal.host.yaml_settings import check_foreign_values, foreign_kinds


@pytest.fixture
def refuse(data_path, tmp_path, monkeypatch):
    """Return a function that gives the line with which a run is refused."""
    monkeypatch.chdir(tmp_path)
    places = {"data_path": data_path, "checkpoint_dir": tmp_path / "saved"}
    plain = {"epochs": 1, "tensorboard": False, "show_progress": False, "use_gpu": False}

    def run(model, **settings):
        started = time.perf_counter()
        with pytest.raises(SettingsError) as caught:
            recbole_opal.run(model, "tiny", **places, **plain | settings)
        assert time.perf_counter() - started < 25
        assert not (tmp_path / "saved").exists()
        return str(caught.value)

    return run


@pytest.mark.parametrize(
    ("model", "name", "value"),
    [
        ("Caser", "train_batch_size", 2**31 - 1),
        ("NextItNet", "train_batch_size", 2**31 - 1),
        ("NextItNet", "eval_batch_size", 2**40),
        ("OPAL", "MAX_ITEM_LIST_LENGTH", 10**9),
        ("OPAL", "num_negatives", 10**9),
        ("OPAL", "num_interests", 10**9),
        ("OPAL", "future_window", 10**9),
        ("OPAL", "hidden_size", 10**9),
        ("OPAL", "item_block_size", 10**12),
        ("OPAL", "epochs", 10**12),
        ("Pop", "topk", [10**9]),
        ("BPR", "embedding_size", 10**9),
        ("SASRec", "n_layers", 10**7),
        ("SASRec", "inner_size", 10**15),
        ("MultiVAE", "mlp_hidden_size", [10**9]),
    ],
)
def test_an_absurd_size_is_refused_at_once(refuse, model, name, value):
    told = refuse(model, **{name: value})
    assert told.startswith(f"--{name}")
    assert "write" in told


@pytest.mark.parametrize(
    ("model", "settings", "told"),
    [
        (
            "Caser",
            {"MAX_ITEM_LIST_LENGTH": 65536, "embedding_size": 16384},
            "--MAX_ITEM_LIST_LENGTH",
        ),
        ("OPAL", {"MAX_ITEM_LIST_LENGTH": 65536, "hidden_size": 4096}, "--hidden_size"),
        ("BPR", {"embedding_size": 16384}, "--embedding_size"),
    ],
)
def test_sizes_that_are_too_large_together_are_refused(refuse, monkeypatch, model, settings, told):
    monkeypatch.setattr(memory, "_largest_memory", lambda: 2**26)
    message = refuse(model, **settings)
    assert "GiB at the least" in message
    assert told in message.partition("; lower ")[2]


def test_what_fits_is_not_refused(quick_settings, monkeypatch):
    monkeypatch.setattr(memory, "_largest_memory", lambda: 2**26)
    recbole_opal.run("OPAL", "tiny", **quick_settings | {"epochs": 1, "train_batch_size": 2**20})


def allocate():
    torch.empty(2**60, dtype=torch.uint8)


def exhaust():
    raise MemoryError


@pytest.mark.parametrize("fail", [allocate, exhaust])
def test_memory_that_runs_out_is_told(fail):
    with pytest.raises(TrainingError, match="lower --train_batch_size"), memory.telling_memory():
        fail()


def test_other_errors_stay_as_they_are():
    with pytest.raises(RuntimeError, match="bug"), memory.telling_memory():
        raise RuntimeError("bug")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [0.1, float("-inf")]])
def test_upstream_numbers_are_finite(value):
    with pytest.raises(SettingsError, match="not finite"):
        check_foreign_values({"dropout_prob": value}, foreign_kinds("GRU4Rec"))
