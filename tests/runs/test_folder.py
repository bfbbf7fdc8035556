"""The run folder: what goes in comes out, under the promised names."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from recbole_opal.errors import CheckpointError
from recbole_opal.runs import RunFolder


def test_created_folders_never_collide(tmp_path: Path) -> None:
    parent = tmp_path / "saved" / "deep"
    paths = [RunFolder.create(parent, "OPAL-ml-100k").path for _ in range(50)]
    assert len(set(paths)) == 50
    assert all(path.parent == parent and path.name.startswith("OPAL-ml-100k-2") for path in paths)


def test_creation_draws_again_when_the_name_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = iter(["aaaaaa", "aaaaaa", "aaaaaa", "bbbbbb", "cccccc", "dddddd"])
    monkeypatch.setattr("recbole_opal.runs.folder.secrets.token_hex", lambda size: next(tokens))
    monkeypatch.setattr("recbole_opal.runs.folder._now", lambda: "20260101-000000")
    # The manifest's temporary name draws too: a folder takes two numbers, a collision one.
    first = RunFolder.create(tmp_path, "x").path.name
    second = RunFolder.create(tmp_path, "x").path.name
    assert (first, second) == ("x-20260101-000000-aaaaaa", "x-20260101-000000-bbbbbb")


@pytest.mark.parametrize(
    ("label", "start"),
    [
        ("a/../b c", "a-..-b-c-"),
        ("../..", "run-"),
        ("", "run-"),
        ("é" * 9, "run-"),
        ("x" * 300, "x"),
    ],
)
def test_labels_become_plain_names(tmp_path: Path, label: str, start: str) -> None:
    folder = RunFolder.create(tmp_path, label)
    assert folder.path.parent == tmp_path
    assert folder.path.name.startswith(start)
    assert RunFolder.open(folder.path).names == []


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "saved").write_text("x")
    with pytest.raises(CheckpointError, match="cannot write .*saved"):
        RunFolder.create(tmp_path / "saved", "OPAL")


def test_everything_comes_back_after_opening(full_run: RunFolder) -> None:
    folder = RunFolder.open(full_run.path)
    assert folder.names == [
        "config.yaml",
        "ids.json",
        "per_user-soft-test.npz",
        "state-1.safetensors",
        "training.jsonl",
        "weights-soft.safetensors",
    ]
    assert folder.stages == ["soft"]
    assert folder.load_yaml("config.yaml") == {"model": "OPAL", "num_interests": 4}
    assert folder.load_json("ids.json")["item_id"] == ["[PAD]", "ü2"]
    assert folder.load_lines("training.jsonl") == [{"epoch": 0, "loss": 1.5}]
    arrays = folder.load_arrays("per_user-soft-test.npz")
    assert np.array_equal(arrays["recall@50"], np.arange(5.0))
    state = folder.load_state()
    assert state["best"] == -math.inf
    weights = folder.load_weights("soft")
    assert torch.equal(state["model"]["item_embedding.weight"], weights["item_embedding.weight"])
    folder.verify()


def test_files_are_readable_without_this_library(full_run: RunFolder) -> None:
    path = full_run.path
    assert list(load_file(path / "weights-soft.safetensors")) == ["item_embedding.weight"]
    assert json.loads((path / "ids.json").read_text(encoding="utf-8"))["user_id"] == ["[PAD]", "u1"]
    with np.load(path / "per_user-soft-test.npz") as arrays:
        assert arrays.files == ["recall@50"]
    assert set(json.loads((path / "manifest.json").read_text())["files"]) == set(full_run.names)


def test_one_state_at_a_time(full_run: RunFolder) -> None:
    for epoch in range(1, 12):
        full_run.save_state({"epoch": epoch})
        states = sorted(path.name for path in full_run.path.glob("state-*"))
        assert states == [f"state-{epoch + 1}.safetensors"]
    assert RunFolder.open(full_run.path).load_state() == {"epoch": 11}


def test_the_last_of_two_states_of_a_block_counts(full_run: RunFolder) -> None:
    with full_run.update():
        full_run.save_state({"epoch": 1})
        full_run.save_state({"epoch": 2})
    assert full_run.load_state() == {"epoch": 2}
    assert len(list(full_run.path.glob("state-*"))) == 1


def test_without_state_or_weights(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "OPAL")
    assert not folder.has_state()
    with pytest.raises(CheckpointError, match="holds no training state; start the run again"):
        folder.load_state()
    with pytest.raises(CheckpointError, match="holds no weights-hard.safetensors"):
        folder.load_weights("hard")
    with pytest.raises(CheckpointError, match="not a plain file name"):
        folder.save_weights("../../x", {})


def test_opening_sweeps_leftovers_and_nothing_else(full_run: RunFolder) -> None:
    kept = ["events.out.tfevents.1", "notes.md", "state-x.safetensors", "state-1.safetensors"]
    stale = [".weights-soft.safetensors.0123.tmp", "state-0.safetensors", "state-9.safetensors"]
    for name in [*kept[:3], *stale]:
        (full_run.path / name).write_bytes(b"x")
    RunFolder.open(full_run.path).verify()
    names = {path.name for path in full_run.path.iterdir()}
    assert names >= set(kept)
    assert not names & set(stale)


def test_a_refused_state_leaves_the_former_one(full_run: RunFolder) -> None:
    with pytest.raises(CheckpointError, match="has type object"):
        full_run.save_state({"x": object()})
    assert full_run.load_state()["epoch"] == 0


def test_opening_something_else_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone"):
        with pytest.raises(CheckpointError, match=r"is not a run folder"):
            RunFolder.open(path)


def test_a_finished_run_opens_from_a_folder_that_cannot_be_written(
    full_run: RunFolder, faults: object
) -> None:
    faults.arm(0, PermissionError, once=False)  # type: ignore[attr-defined]
    folder = RunFolder.open(full_run.path)
    folder.verify()
    faults.disarm()  # type: ignore[attr-defined]
