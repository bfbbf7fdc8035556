"""A table that processes share trains, is saved and finds the same as one in one piece."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

import tables  # noqa: E402
from programs import run_together  # noqa: E402

pytestmark = pytest.mark.skipif(
    find_spec("torchrec") is None, reason="TorchRec is not installed: the extra `torchrec`"
)
TABLE = "items.embedding.weight"


def sums_of(state):
    return state["optimizer"]["optimizers"][0]["state"][0]["sum"]


def by_columns(groups):
    """Return row-wise Adagrad with a sum for each of some groups of columns, as parts have them."""

    def move(table, ids, rows, sums, rate):
        parts = rows.view(len(rows), groups, -1)
        if sums.shape[1] != groups:
            sums.resize_(len(table), groups).zero_()
        total = sums[ids] + parts.square().mean(dim=2)
        sums.index_copy_(0, ids, total)
        steps = parts / (total.sqrt() + 1e-8).unsqueeze(2)
        table.index_add_(0, ids, steps.reshape(rows.shape), alpha=-rate)

    return move


@pytest.mark.parametrize("number", [2, 3])
def test_a_shared_table_is_trained_saved_and_searched_as_a_whole_one(tmp_path, number, monkeypatch):
    """Rows 9, 7, 1 and 8 a batch: uneven parts, and processes without any."""
    alone = tables.train("row_wise")  # whole, since there is one process
    torch.save(alone["middle"], tmp_path / "begun.pt")
    run_together(number, tmp_path, FOLDER / "tables.py", tmp_path)
    for kind in tables.KINDS:
        expected = alone
        if kind == "column_wise":
            with monkeypatch.context() as patch:
                patch.setattr("recbole_opal.training.row_adagrad._move", by_columns(number))
                expected = tables.train("local")
        first, *others = (torch.load(tmp_path / f"{kind}-{n}.pt") for n in range(number))
        for each in ("at_vectors", "start"):
            assert torch.equal(first[each][TABLE], expected[each][TABLE]), (kind, each)
        assert torch.equal(first["draw"], expected["draw"])
        for own, joint in zip(expected["losses"], first["losses"], strict=True):
            assert joint == pytest.approx(own, rel=1e-5), kind
        for key, value in expected["end"]["model"].items():
            assert torch.allclose(first["end"]["model"][key], value, rtol=0, atol=1e-5), key
        assert torch.allclose(sums_of(first["end"]), sums_of(expected["end"]), rtol=1e-4), kind
        lists = zip(*(each["lists"] for each in (first, *others)), strict=True)
        found = [torch.cat(parts) for parts in lists]
        for own, joint in zip(expected["lists"], found, strict=True):
            assert torch.equal(own, joint), kind
        held = {other["end"]["model"][TABLE].shape for other in others}
        assert (tables.steps.ITEMS, tables.WIDTH) not in held, kind
    gone_on = torch.load(tmp_path / "gone on-0.pt")
    assert torch.allclose(gone_on["model"][TABLE], alone["end"]["model"][TABLE], rtol=0, atol=1e-5)
    assert torch.allclose(sums_of(gone_on), sums_of(alone["end"]), rtol=1e-4)


def test_one_process_goes_on_from_a_table_that_was_cut_by_columns():
    loop = tables.loop_of("column_wise")
    state = tables.state_of(loop)
    sums = torch.rand(tables.steps.ITEMS, 3)
    groups = state["optimizer"]["optimizers"][0]["param_groups"]
    loop.optimizer.optimizers[0].load_state_dict(
        {"state": {0: {"sum": sums}}, "param_groups": groups}
    )
    assert torch.equal(sums_of(tables.state_of(loop)), sums.mean(dim=1, keepdim=True))
    loop.step(tables.steps.own_rows(*next(tables.steps.batches((5,)))))
