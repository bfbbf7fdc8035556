"""A comparison is a tracked run too, with its table's numbers and its report."""

import json

import pytest

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row, Spread
from recbole_opal.side_by_side.tracked_comparison import track_comparison


def spread(value):
    return Spread(mean=value, sd=0.1, values=[value, value])


def test_it_is_told_whole_and_the_same_run_when_made_again(told, kind, tmp_path):
    row = Row(
        label="OPAL soft", variant="OPAL", model="OPAL", stage="soft", runs={},
        valid={"recall@50": spread(0.5)}, test={"recall@50": spread(0.25)}, settings={},
    )  # fmt: skip
    result = ComparisonResult(
        folder=tmp_path, dataset="tiny", command="run_opal.py ...", seeds=[1, 2],
        metric="recall@50", rows=[row],
    )  # fmt: skip
    for name in ("report.html", "comparison.md"):
        (tmp_path / name).write_text("x")
    for _ in range(2):
        track_comparison(kind, result)
        ((run_id, run),) = told.runs.items()
        assert json.loads((tmp_path / "tracking.json").read_text()) == {kind: run_id}
    assert run.results["final/OPAL soft/test/recall@50"] == 0.25
    assert run.results["final/OPAL soft/valid/recall@50"] == 0.5
    assert run.results["command"] == "run_opal.py ..."
    assert run.files[:2] == ["report.html", "comparison.md"]
    assert run.state == "FINISHED"


def test_another_tracker_keeps_its_run(told, kind, tmp_path):
    result = ComparisonResult(
        folder=tmp_path, dataset="tiny", command="", seeds=[1], metric="recall@50", rows=[]
    )
    (tmp_path / "tracking.json").write_text('{"other": "theirs", "odd": 1}')
    track_comparison(kind, result)
    (run_id,) = told.runs
    assert json.loads((tmp_path / "tracking.json").read_text()) == {"other": "theirs", kind: run_id}


@pytest.mark.parametrize("broken", ["begun", "files"])
def test_a_tracker_that_breaks_costs_one_warning(broken, told, kind, tmp_path, caplog, monkeypatch):
    result = ComparisonResult(
        folder=tmp_path, dataset="tiny", command="", seeds=[1], metric="recall@50", rows=[]
    )
    monkeypatch.setattr(told, broken, lambda *given: 1 / 0)
    (tmp_path / "report.html").write_text("x")
    track_comparison(kind, result)
    (record,) = caplog.records
    said = {"begun": f"--tracking={kind}: ", "files": f"{kind} stopped answering"}[broken]
    assert record.getMessage().startswith(said)
    assert "division by zero" in record.getMessage()
    assert record.getMessage().endswith("the comparison is whole without it")
