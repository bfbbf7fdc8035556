"""What a run is computed on is part of what it is, and a resumed run keeps its threads."""

import dataclasses
import json
import logging

import pytest
import torch

import recbole_opal
from recbole_opal.experiment.resumption import as_begun
from recbole_opal.runs import RunFolder, machine
from recbole_opal.runs.machine import machine_of
from recbole_opal.runs.origin import Origin


def config(device="cpu", seconds=None):
    return {"device": torch.device(device), "max_train_seconds": seconds}


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a GPU")


def test_a_cpu_and_a_gpu_are_two_machines(gpu):
    assert machine_of(config())["device"] == "cpu"
    assert machine_of(config("cuda"))["device"] == "cuda a GPU"
    assert Origin.of({}, {}, machine_of(config())) != Origin.of({}, {}, machine_of(config("cuda")))


def test_the_processor_counts_where_time_bounds_the_training(monkeypatch):
    assert "processor" not in machine_of(config())
    monkeypatch.setattr(machine, "processor_name", lambda: "a fast one")
    assert machine_of(config(seconds=3.0))["processor"] == "a fast one"


def test_threads_and_switches_count(monkeypatch):
    assert machine_of(config())["threads"] == str(torch.get_num_threads())
    assert machine_of(config(), 7)["threads"] == "7"
    plain = machine_of(config())
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    assert machine_of(config()) == plain | {"MKL_CBWR": "COMPATIBLE"}
    monkeypatch.delenv("MKL_CBWR")
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        assert machine_of(config()) != plain
        assert machine_of(config(), torch.get_num_threads()) == plain  # a new process has none
    finally:
        torch.set_float32_matmul_precision(before)
    assert machine_of(config()) == plain


def test_an_older_origin_is_read_and_equals_none_of_today():
    new = Origin.of({"seed": 1}, {"tiny.inter": "0"}, machine_of(config()))
    assert Origin.from_plain(new.as_plain()) == new
    plain = new.as_plain()
    del plain["machine"]
    old = Origin.from_bytes(json.dumps(plain).encode())
    assert old.machine == {}
    assert old != new
    assert old.on(new.machine) == new


@pytest.fixture
def folder(tmp_path):
    def make(**changes):
        origin = Origin.of({}, {}, machine_of(config()))
        origin = origin.on({**origin.machine, **changes})
        made = RunFolder.create(tmp_path, "run")
        with made.update():
            made.save_json("origin.json", origin.as_plain())
        return made

    return make


def test_a_run_goes_on_with_the_threads_it_began_with(folder, caplog):
    before = torch.get_num_threads()
    made = folder(threads="3")
    with caplog.at_level(logging.WARNING, "recbole_opal"):
        with as_begun(made, machine_of(config())):
            assert torch.get_num_threads() == 3
        assert torch.get_num_threads() == before
    assert caplog.records == []


def test_a_run_that_goes_on_elsewhere_says_so_once_and_stands_for_no_other(folder, gpu, caplog):
    made = folder()
    begun = Origin.from_plain(made.load_json("origin.json"))
    with (
        caplog.at_level(logging.WARNING, "recbole_opal"),
        as_begun(made, machine_of(config("cuda"))),
    ):
        pass
    (record,) = caplog.records
    assert "device cpu, now cuda a GPU" in record.getMessage()
    now = Origin.from_plain(made.load_json("origin.json"))
    assert now.machine["device"] == "cpu, then cuda a GPU"
    assert dataclasses.replace(now, machine=begun.machine) == begun


@pytest.mark.parametrize("content", [None, {"settings": "a", "data": {}, "versions": {}}])
def test_an_older_run_goes_on_as_it_always_did(tmp_path, content):
    made = RunFolder.create(tmp_path, "run")
    with made.update():
        made.save_json("other.json" if content is None else "origin.json", content)
    before = torch.get_num_threads()
    with as_begun(made, machine_of(config())):
        assert torch.get_num_threads() == before
    assert made.load_json(made.names[0]) == content


def test_a_run_notes_its_machine_and_resume_keeps_it(quick_settings):
    torch.set_num_threads(2)
    try:
        # At a constant rate more epochs may follow.
        quick_settings["learning_rate_schedule"] = "constant"
        result = recbole_opal.run("MIND", "tiny", **quick_settings)
    finally:
        torch.set_num_threads(1)
    plain = RunFolder.open(result.folder).load_json("origin.json")
    assert plain["machine"]["threads"] == "2"
    assert plain["machine"]["device"] == "cpu"
    recbole_opal.resume(result.folder, epochs=3)
    folder = RunFolder.open(result.folder)
    assert folder.load_json("metrics.json")["versions"]["threads"] == "2"
    assert folder.load_json("origin.json")["machine"] == plain["machine"]
    assert torch.get_num_threads() == 1
