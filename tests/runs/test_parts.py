"""Tensors of a state that lie beside it: put together bit by bit, refused where they do not fit."""

import pytest
import torch

from recbole_opal.errors import CheckpointError
from recbole_opal.runs import RunFolder
from recbole_opal.runs.parts import Assembled, Place, Rows

FIRST, SECOND = "part-1.safetensors", "part-2.safetensors"
TABLE = torch.arange(12.0).view(4, 3)
MOVED = {"ids": torch.tensor([2, 0]), "rows": torch.tensor([[-1.0, -2, -3], [-4, -5, -6]])}
CHANGED = Assembled(Place(FIRST, "w"), (Rows(Place(SECOND, "ids"), Place(SECOND, "rows")),))


@pytest.fixture
def folder(tmp_path):
    return RunFolder.create(tmp_path, "run")


def test_a_tensor_is_its_base_and_the_rows_that_changed(folder):
    zero = Assembled(CHANGED.base, CHANGED.changes, zero=True)
    state = {"model": CHANGED, "moments": [zero], "before": Assembled(Place(FIRST, "w"))}
    folder.save_state(state, {FIRST: {"w": TABLE}, SECOND: MOVED})
    read = RunFolder.open(folder.path).load_state()
    expected = TABLE.clone()
    expected[[2, 0]] = MOVED["rows"]
    assert torch.equal(read["model"], expected)
    assert torch.equal(read["before"], TABLE)
    assert read["moments"][0].tolist() == [[-4, -5, -6], [0, 0, 0], [-1, -2, -3], [0, 0, 0]]
    assert read["model"].data_ptr() != read["before"].data_ptr()


def test_parts_stay_as_long_as_the_state_is_made_of_them(folder):
    assert folder.next_part == 1
    folder.save_state({"a": CHANGED}, {FIRST: {"w": TABLE}, SECOND: MOVED})
    assert folder.next_part == 3
    folder.save_state({"a": Assembled(Place(FIRST, "w"))})
    assert [name for name in folder.names if "part" in name] == [FIRST]
    folder.save_state({"a": 1})
    assert list(folder.path.glob("part*")) == []


def test_a_part_that_a_kill_left_is_swept(folder):
    (folder.path / "part-7.safetensors").write_bytes(b"x")
    RunFolder.open(folder.path)
    assert not (folder.path / "part-7.safetensors").exists()


@pytest.mark.parametrize(
    "moved",
    [
        {**MOVED, "ids": torch.tensor([0, 4])},
        {**MOVED, "ids": torch.tensor([0.0, 1.0])},
        {**MOVED, "rows": MOVED["rows"].double()},
        {**MOVED, "rows": MOVED["rows"][:, :2]},
        {"ids": MOVED["ids"]},
    ],
)
def test_rows_that_do_not_fit_are_refused(folder, moved):
    folder.save_state({"a": CHANGED}, {FIRST: {"w": TABLE}, SECOND: moved})
    with pytest.raises(CheckpointError, match="holds no training state"):
        folder.load_state()


def test_a_state_without_its_part_is_refused(folder):
    folder.save_state({"a": CHANGED}, {FIRST: {"w": TABLE}})
    with pytest.raises(CheckpointError, match=SECOND):
        folder.load_state()


def test_a_damaged_part_is_refused(folder):
    folder.save_state({"a": Assembled(Place(FIRST, "w"))}, {FIRST: {"w": TABLE}})
    path = folder.path / FIRST
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=f"{FIRST} is damaged"):
        folder.load_state()


def test_a_small_file_does_not_unfold_to_a_large_state(folder):
    whole = Assembled(Place(FIRST, "w"))
    folder.save_state([whole] * 16, {FIRST: {"w": TABLE}})
    assert len(folder.load_state()) == 16
    folder.save_state([whole] * 17)
    with pytest.raises(CheckpointError, match="more than a run writes"):
        folder.load_state()


@pytest.mark.parametrize(
    "plain",
    [None, [], [["../weights", "w", False]], [[FIRST, 3, False]], [[FIRST, "w", False], ["x"]]],
)
def test_other_descriptions_are_refused(plain):
    with pytest.raises((TypeError, ValueError)):
        Assembled.of(plain)
    assert Assembled.of(CHANGED.as_plain()) == CHANGED
