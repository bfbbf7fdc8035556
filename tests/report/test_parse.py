import json

import pytest

from recbole_opal.errors import CheckpointError
from recbole_opal.report.parse import read_comparison
from recbole_opal.report.rows import done, family, list_length, short, without_result

ROW = {
    "label": "OPAL num_interests=8 hard", "variant": "OPAL@num_interests=8", "model": "OPAL",
    "stage": "hard", "settings": {"num_interests": 8}, "num_interests": 8, "runs": {"1": "../a"},
    "error": None, "valid": {"recall@50": {"mean": 0.2, "sd": None, "values": [0.2]}},
    "test": {"recall@50": {"mean": 0.1, "sd": None, "values": [0.1]}, "ndcg@50": None},
    "train_seconds": None, "test_seconds": {"mean": 3.0, "sd": None, "values": [3.0]},
    "diagnostics": None, "against_opal": None,
    "against_best": {"recall@50": {"difference": -0.1, "low": -0.2, "high": -0.05, "p": 0.01,
                                   "effect_size": -0.3, "p_adjusted": 0.02, "marked": True}},
}  # fmt: skip


def write(folder, rows, **changes):
    plain = {"dataset": "d", "command": "c", "metric": "Recall@50", "seeds": [1], "rows": rows}
    (folder / "comparison.json").write_text(json.dumps(plain | changes))


def test_a_row(tmp_path):
    write(tmp_path, [ROW])
    found = read_comparison(tmp_path)
    assert (found.metric, list_length(found), found.seeds) == ("recall@50", 50, ("1",))
    (row,) = found.rows
    assert (short(row), family(row)) == ("OPAL K=8 hard", "opal")
    assert row.runs == {"1": tmp_path / "../a"}
    assert set(row.test) == {"recall@50"}
    assert set(row.costs) == {"test_seconds"}
    difference = row.against_best["recall@50"]
    assert difference.excludes_zero
    assert difference.marked
    assert row.against_opal == {}
    assert done(found) == [row]
    assert found.best is row
    assert found.opal is row


def test_families(tmp_path):
    cases = [("MIND", 4, None), ("SASRec", None, None), ("ComiRecSA", 1, None),
             ("SINE", None, {"cosine": 1, "num_interests": 2}),
             ("YouTubeDNN", None, {"usage": [1.0], "num_interests": 1})]  # fmt: skip
    rows = [ROW | {"model": model, "num_interests": k, "diagnostics": diagnostics}
            for model, k, diagnostics in cases]  # fmt: skip
    write(tmp_path, rows)
    families = [family(row) for row in read_comparison(tmp_path).rows]
    assert families == ["multi", "single", "single", "multi", "single"]


def test_a_row_with_an_error_and_values_is_done_and_failed(tmp_path):
    write(tmp_path, [ROW | {"error": "seed 2 died"}, ROW | {"error": "all died", "test": {}}])
    found = read_comparison(tmp_path)
    assert [row.error for row in done(found)] == ["seed 2 died"]
    assert len(without_result(found)) == 2


def test_no_comparison_is_a_one_line_error(tmp_path):
    with pytest.raises(CheckpointError, match=r"comparison\.json.*finished comparison\.$"):
        read_comparison(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", '{"rows": 3}', '{"dataset": 1}', '{"a": [}'])
def test_a_damaged_comparison_is_a_one_line_error(tmp_path, text):
    (tmp_path / "comparison.json").write_text(text)
    with pytest.raises(CheckpointError, match="is no comparison") as caught:
        read_comparison(tmp_path)
    assert "\n" not in str(caught.value)
