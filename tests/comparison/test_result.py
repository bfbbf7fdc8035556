"""A comparison is read again from its folder, whole or with one line of what is wrong."""

import ast
import copy
import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest

import recbole_opal.comparison
from recbole_opal.comparison.differences import add_differences
from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row
from recbole_opal.comparison.run_files import load_arrays, load_training_log
from recbole_opal.comparison.table_formats import write_tables
from recbole_opal.errors import CheckpointError
from recbole_opal.runs import RunFolder
from recbole_opal.side_by_side.collecting import rows_of
from recbole_opal.side_by_side.execution import Ending
from recbole_opal.side_by_side.variants import Variant

ODD = [
    None, True, False, "x", "", "a\nb", "\x00", "\ud800", "recall@", "recall@x", "é" * 300, -1, 0,
    1, 0.5, 1e308, -1e99, 1e-320, 10**30, [], [1], ["x", None], {}, {"a": 1}, {"mean": "x"},
    {"mean": 1.0, "sd": -1.0}, "../" * 40, json.loads("[" * 150 + "]" * 150),
]  # fmt: skip
OLD = {
    "label": "OPAL num_interests=8 hard", "variant": "OPAL@num_interests=8", "model": "OPAL",
    "stage": "hard", "settings": {"num_interests": 8}, "num_interests": 8, "runs": {"1": "../a"},
    "error": None, "valid": {"recall@50": {"mean": 0.2, "sd": None, "values": [0.2]}},
    "test": {"recall@50": {"mean": 0.1, "sd": None, "values": [0.1]}, "ndcg@50": None},
    "train_seconds": None, "test_seconds": {"mean": 3.0, "sd": None, "values": [3.0]},
    "diagnostics": None, "against_opal": None,
    "against_best": {"recall@50": {"difference": -0.1, "low": -0.2, "high": -0.05, "p": 0.01,
                                   "effect_size": -0.3, "p_adjusted": 0.02, "marked": True}},
}  # fmt: skip


@pytest.fixture
def made(tmp_path, run_maker, origin, result_maker):
    """Return a comparison of two finished variants and a failed one, written to its folder."""
    folder = tmp_path / "comparison-tiny-0"
    folder.mkdir()
    rows = []
    for name, recall, stages in (("OPAL", 0.2, ("soft", "hard")), ("MIND", 0.3, ("train",))):
        runs = {seed: run_maker(tmp_path, origin, seed=seed, recall=recall + seed / 100,
                                stages=stages) for seed in (1, 2)}  # fmt: skip
        endings = {seed: Ending(path) for seed, path in runs.items()}
        rows += rows_of(Variant(name), {"epochs": 2}, endings, folder)
    rows += rows_of(Variant("Pop"), {}, {1: Ending(None, "killed")}, folder)
    tuning = {"trials": 2, "tried": {"OPAL": 2}, "search": {"OPAL": {"learning_rate": {}}},
              "found": {"OPAL": {"learning_rate": 0.1}}}  # fmt: skip
    result = result_maker(rows, folder, users={"": None}, tuning=tuning)
    add_differences(result)
    write_tables(result)
    return result


def write(folder, rows, **changes):
    plain = {"dataset": "d", "command": "c", "metric": "Recall@50", "seeds": [1], "rows": rows}
    (folder / "comparison.json").write_text(json.dumps(plain | changes))


def test_what_is_loaded_is_what_was_made(made):
    loaded = ComparisonResult.load(made.folder)
    assert loaded.model_dump() == made.model_dump()
    assert loaded.rows == made.rows
    assert (loaded.bigger, loaded.metric) == (True, "recall@10")
    assert loaded.best.label == made.best.label == "MIND"
    assert loaded.opal.label == "OPAL soft"
    assert loaded.warnings == made.warnings
    assert loaded.tuned == made.tuned
    assert [row.label for row in loaded.done] == ["MIND", "OPAL hard", "OPAL soft"]
    before = {path: path.read_bytes() for path in made.folder.iterdir()}
    write_tables(loaded)
    assert {path: path.read_bytes() for path in made.folder.iterdir()} == before


def test_users_and_runs_are_read_when_they_are_asked_for(made):
    loaded = ComparisonResult.load(made.folder)
    assert loaded.users == {}
    values = loaded.user_values(loaded.rows[0])
    assert values.users == ["ann", "bob", "cy"]
    np.testing.assert_array_equal(
        values.metrics["recall@10"], made.user_values(made.rows[0]).metrics["recall@10"]
    )
    assert loaded.user_values(loaded.rows[0]) is values
    assert loaded.user_values(loaded.rows[3]).users == []
    folders = loaded.run_folders(loaded.rows[0])
    run = loaded.open_run(folders["1"])
    assert load_training_log(run) == []
    assert set(load_arrays(run, "per_user-soft-test.npz")) >= {"user_id", "recall@10"}


def test_a_run_that_was_continued_since_is_not_mixed_in(made, origin):
    (made.folder / "plan.yaml").write_text("runs: {OPAL seed=1: " + origin.settings + "}\n")
    loaded = ComparisonResult.load(made.folder)
    assert loaded.unreadable == []
    path = loaded.run_folders(loaded.rows[0])["1"]
    RunFolder.open(path).save_json("origin.json", origin.as_plain() | {"settings": "0" * 64})
    with pytest.raises(CheckpointError, match="has been continued with other settings since"):
        loaded.user_values(loaded.rows[0])
    (made.folder / "plan.yaml").write_text("[")  # it says nothing then
    assert ComparisonResult.load(made.folder).unreadable == []


def test_a_damaged_folder_and_failed_rows_load_and_are_told(made):
    text = repr(made)
    assert "\n" not in text
    assert "4 rows on tiny; best on validation: MIND, recall@10 0.1575 on test" in text
    assert "failed: Pop" in text
    assert "cannot be read" not in text
    shutil.rmtree(made.run_folders(made.rows[0])["2"])
    loaded = ComparisonResult.load(made.folder)
    assert "1 run folders cannot be read" in repr(loaded)
    assert str(loaded) == repr(loaded)
    assert any("is no run folder" in line or "manifest" in line for line in loaded.warnings)
    assert loaded.tables()
    with pytest.raises(CheckpointError):
        loaded.user_values(loaded.rows[0])


def test_a_run_of_the_best_row_that_is_gone_is_told_of_that_row_alone(made):
    assert made.best is made.rows[2]
    shutil.rmtree(made.run_folders(made.best)["1"])
    lines = [line for line in ComparisonResult.load(made.folder).warnings if "no run folder" in line
             or "not a run folder" in line]  # fmt: skip
    assert [line.partition(":")[0] for line in lines] == ["MIND"]


def test_a_data_frame_and_html(made):
    made.rows[0].label = "<OPAL>"
    frame = made.to_frame()
    assert list(frame["label"]) == [row.label for row in made.rows]
    assert frame["test_recall@10_mean"][2] == made.rows[2].test["recall@10"].mean
    assert frame["error"][3] == "seed 1: killed"
    page = made._repr_html_()
    assert "<caption>Accuracy on test</caption>" in page
    assert "&lt;OPAL&gt;" in page
    assert page.count("<table>") == page.count("</table>") >= 3


def test_pandas_is_imported_for_a_data_frame_only_and_no_higher_room_at_all():
    for path in Path(recbole_opal.comparison.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text())
        top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        assert "pandas" not in " ".join(map(ast.unparse, top))
        everywhere = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
        named = " ".join(map(ast.unparse, everywhere))
        assert not any(f"recbole_opal.{room}" in named for room in ("side_by_side", "report"))


@pytest.mark.parametrize(
    ("model", "label", "interests", "named"),
    [("OPAL", "OPAL hard", 4, "OPAL K=4 hard"), ("OPAL", "OPAL", 1, "OPAL K=1"),
     ("OPAL", "OPAL num_interests=8 fusion=learned soft", 8, "OPAL K=8 fusion=learned soft"),
     ("OPAL", "OPAL fusion=learned soft", 4, "OPAL K=4 fusion=learned soft"),
     ("MIND", "MIND", 4, "MIND K=4"), ("YouTubeDNN", "YouTubeDNN", 1, "YouTubeDNN"),
     ("SASRec", "SASRec", None, "SASRec"), ("OPAL", "all losses", 4, "all losses")],
)  # fmt: skip
def test_k_is_in_every_name(model, label, interests, named):
    row = Row(label=label, variant=label, model=model, num_interests=interests)
    assert row.named == named


def test_a_row_of_an_older_version(tmp_path):
    write(tmp_path, [OLD])
    found = ComparisonResult.load(tmp_path)
    assert (found.metric, found.k, found.seeds) == ("recall@50", 50, [1])
    (row,) = found.rows
    assert (row.short, row.family, row.interests) == ("OPAL K=8 hard", "opal", 8)
    assert found.run_folders(row) == {"1": tmp_path / "../a"}
    assert set(row.test) == {"recall@50"}
    assert set(row.costs) == {"test_seconds"}
    assert row.against_best["recall@50"].excludes_zero
    assert row.against_best["recall@50"].marked
    assert row.against_opal is None
    assert found.done == [row]
    assert found.best is row
    assert found.opal is row
    assert found.by_validation(row) == 0.2
    assert found.tables(briefly=True)


def test_families(tmp_path):
    cases = [("MIND", 4, None), ("SASRec", None, None), ("ComiRecSA", 1, None),
             ("SINE", None, {"cosine": 1, "num_interests": 2}),
             ("YouTubeDNN", None, {"usage": [1.0], "num_interests": 1})]  # fmt: skip
    rows = [OLD | {"model": model, "num_interests": k, "diagnostics": diagnostics}
            for model, k, diagnostics in cases]  # fmt: skip
    write(tmp_path, rows)
    families = [row.family for row in ComparisonResult.load(tmp_path).rows]
    assert families == ["multi", "single", "single", "multi", "single"]


def test_a_row_with_an_error_and_values_is_done_and_failed(tmp_path):
    write(tmp_path, [OLD | {"error": "seed 2 died"}, OLD | {"error": "all died", "test": {}}])
    found = ComparisonResult.load(tmp_path)
    assert [row.error for row in found.done] == ["seed 2 died"]
    assert len(found.failed) == len(found.incomplete) == 2


def test_the_side_is_that_of_the_metric(tmp_path, result_maker, row_maker):
    rows = [row_maker("OPAL", "OPAL", 0.2), row_maker("MIND", "MIND", 0.4)]
    for row in rows:
        row.valid["gini@10"] = row.valid["recall@10"]
    write_tables(result_maker(rows, tmp_path, metric="gini@10"))
    loaded = ComparisonResult.load(tmp_path)
    assert loaded.bigger is False
    assert loaded.best.label == "OPAL"
    assert loaded.by_validation(loaded.rows[0]) > loaded.by_validation(loaded.rows[1])


def test_no_comparison_is_a_one_line_error(tmp_path):
    with pytest.raises(CheckpointError, match=r"comparison\.json.*finished comparison\.$"):
        ComparisonResult.load(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "\x00", "[" * 100000, '{"a": NaN}', "\ufeff", '{"rows": 3}',
             '{"dataset": 1}', '{"a": [}'],
)  # fmt: skip
def test_what_is_no_comparison_is_one_line(tmp_path, text):
    (tmp_path / "comparison.json").write_text(text, encoding="utf-8")
    with pytest.raises(CheckpointError, match="is no comparison") as caught:
        ComparisonResult.load(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("way", "odd", "told"),
    [
        (["tuning"], "x", "tuning: Input should be"),
        (["rows", 1, "valid", "recall@10", "sd"], "x", "rows[1].valid.recall@10.sd: Input should"),
        (["rows", 0, "num_interests"], "8", "rows[0].num_interests: "),
        (["rows", 0, "runs", "1"], 3, "rows[0].runs.1: "),
        (["rows", 2, "cut_short"], True, "rows[2].cut_short: "),
        (["metric"], "recall@x", "metric: "),
        (["rows"], {}, "rows: "),
        (["rows", 0, "test", "recall@10", "mean"], 1e308, "rows[0].test.recall@10.mean: "),
    ],
)
def test_the_place_is_named(made, way, odd, told):
    tree = json.loads((made.folder / "comparison.json").read_text())
    inner = tree
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = odd
    (made.folder / "comparison.json").write_text(json.dumps(tree))
    with pytest.raises(CheckpointError) as caught:
        ComparisonResult.load(made.folder)
    assert f"comparison.json is no comparison ({told}" in str(caught.value)


def places(tree, at=()):
    """Yield the path of every value of a tree."""
    if at:
        yield at
    steps = tree.items() if isinstance(tree, dict) else ()
    for step, inner in enumerate(tree) if isinstance(tree, list) else steps:
        yield from places(inner, (*at, step))


def mutated(tree, draw):
    """Return a copy with one value replaced or left out."""
    tree = copy.deepcopy(tree)
    *way, last = draw.choice(list(places(tree)))
    inner = tree
    for step in way:
        inner = inner[step]
    if draw.random() < 0.1:
        del inner[last]
    else:
        inner[last] = draw.choice(ODD)
    return tree


def tried(folder):
    """Return the comparison of a folder and no error, or none and what it says."""
    try:
        return ComparisonResult.load(folder), ""
    except CheckpointError as error:
        return None, str(error)


def test_200_damaged_comparisons_are_shown_or_refused_in_one_line(made):
    tree = json.loads((made.folder / "comparison.json").read_text())
    refused = 0
    for number in range(200):
        text = json.dumps(mutated(tree, random.Random(number)))  # noqa: S311
        (made.folder / "comparison.json").write_text(text)
        loaded, told = tried(made.folder)
        if loaded is None:
            assert "comparison.json is no comparison (" in told
            assert len(told.splitlines()) == 1
            assert len(told) < 600
            refused += 1
        else:
            assert repr(loaded)
            assert "<table>" in loaded._repr_html_() or not loaded.rows
            write_tables(loaded)
    assert 40 < refused < 180


def test_a_row_of_a_failed_variant_has_no_users(result_maker):
    result = result_maker([Row(label="A", variant="A", model="A", error="killed")])
    assert result.best is None
    assert repr(result).startswith("ComparisonResult(1 rows on tiny; failed: A")
