"""Damaged comparisons and run folders: a page, or one line that names the file; nothing else."""

import copy
import json
import random

import numpy as np
import pytest

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.report.report_command import main
from recbole_opal.runs import RunFolder

ODD = [
    None, True, False, "x", "", "a\nb", "\x00", "\ud800", "</script><b>\"'&", "recall@", "recall@x",
    "é" * 300, -1, 0, 1, 0.5, 1e308, -1e99, 1e-320, 10**30, [], [1], ["x", None], {}, {"a": 1},
    {"mean": "x"}, {"mean": 1.0, "sd": -1.0}, "../" * 40, "deep",
]  # fmt: skip
USERS, ITEMS, K = 8, 30, 5


def value(mean, sd=0.01):
    return {"mean": mean, "sd": sd, "values": [mean, mean + 0.01]}


def row(label, model, mean, interests=None, **more):
    metrics = {"recall@5": value(mean), "coverage@5": value(0.3), "gini@5": value(0.7)}
    difference = {"difference": -0.1, "low": -0.2, "high": 0.1, "p": 0.2, "effect_size": -0.2,
                  "p_adjusted": 0.4, "marked": True}  # fmt: skip
    diagnostics = {"num_interests": interests, "usage": [0.5, 0.5], "usage_entropy": 0.5,
                   "hit_entropy": None, "cosine": 0.1, "dead_users": 0.0,
                   "collapsed": False}  # fmt: skip
    return {
        "label": label, "variant": label, "model": model, "stage": "train", "settings": {"a": [1]},
        "num_interests": interests, "runs": {"1": "../run"}, "error": None, "valid": metrics,
        "test": metrics, "train_seconds": value(9.0), "epochs": value(3), "test_seconds": None,
        "peak_memory": value(2.0**30), "parameters": value(1e5), "cut_short": 1,
        "diagnostics": diagnostics if interests else None, "against_best": {"recall@5": difference},
        "against_opal": {"recall@5": difference}, **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def plain():
    tree = {
        "dataset": "made", "command": "python run_opal.py", "seeds": [1, 2], "metric": "recall@5",
        "versions": {"torch": "2.13.0"}, "hardware": "2 cores",
        "tuning": {"trials": 3, "seconds": None, "tried": {"MIND": 3},
                   "search": {"MIND": {"learning_rate": {"low": 0.1, "high": 1.0, "log": True}}},
                   "found": {"MIND": {"learning_rate": 0.1}, "Pop": {}}},
        "rows": [row("MIND", "MIND", 0.3, 4), row("MIND num_interests=8", "MIND", 0.4, 8),
                 row("OPAL", "OPAL", 0.5, against_best={}, against_opal={}),
                 row("Pop", "Pop", 0.1, runs={}), row("SASRec", "SASRec", 0.2, test={}, error="e")],
    }  # fmt: skip
    return json.loads(json.dumps(tree))  # no part of it twice


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return a folder with a run `run` and an empty comparison folder `comparison`."""
    root = tmp_path_factory.mktemp("fuzz")
    made = RunFolder.create(root, "made")
    made.path.rename(root / "run")
    (root / "comparison").mkdir()
    save(root, arrays(), lines())
    return root


def arrays():
    users = np.arange(1, USERS + 1)
    return {
        "per_user-train-test.npz": {
            "user_id": users, "recall@5": np.linspace(0, 1, USERS), "history_length": users * 2,
        },
        "lists-train-test.npz": {
            "user_id": users, "items": np.arange(USERS * K).reshape(USERS, K) % ITEMS,
        },
        "targets-test.npz": {"user_id": users, "item": users * 2},
        "item_counts.npz": {"counts": np.arange(ITEMS)},
    }  # fmt: skip


def lines():
    return [{"stage": "train", "epoch": e, "loss": {"loss": 1.0 / (e + 1)},
             "valid": {"recall@5": 0.1 * e}} for e in range(4)]  # fmt: skip


def save(root, files, log):
    folder = RunFolder.open(root / "run")
    with folder.update():
        for name, content in files.items():
            folder.save_arrays(name, content)
        folder.save_lines("training.jsonl", log)


def places(tree, at=()):
    """Yield the path of every value of a tree."""
    if at:
        yield at
    steps = tree.items() if isinstance(tree, dict) else ()
    for step, inner in enumerate(tree) if isinstance(tree, list) else steps:
        yield from places(inner, (*at, step))


def mutated(tree, draw):
    """Return a copy with one value replaced, left out or doubled, and which."""
    tree = copy.deepcopy(tree)
    *way, last = draw.choice(list(places(tree)))
    inner = tree
    for step in way:
        inner = inner[step]
    if draw.random() < 0.1:
        del inner[last]
        return tree, (*way, last, "left out")
    odd = draw.choice(ODD)
    inner[last] = json.loads("[" * 150 + "]" * 150) if odd == "deep" else odd
    return tree, (*way, last, odd)


def draw_report(place, text):
    """Draw the report; return the exit code."""
    (place / "comparison" / "comparison.json").write_text(text, encoding="utf-8")
    return main([str(place / "comparison")])


def check(place, capsys, code, what):
    out, err = capsys.readouterr()
    assert code in (0, 2), what
    if code == 2:
        assert err.startswith("error: "), what
        assert "comparison.json" in err, what
        assert err.count("\n") == 1, what
        assert len(err) < 600, what
        return
    assert err == "", what
    page = (place / "comparison" / "report.html").read_text(encoding="utf-8")
    assert page.count("<script>") == page.count("</script>") == 1, what
    assert "</script><b>" not in page, what


def fuzz_comparisons(place, plain, capsys, seed, count):
    codes = []
    for number in range(count):
        draw = random.Random(f"{seed} {number}")  # noqa: S311
        tree, what = mutated(plain, draw)
        code = draw_report(place, json.dumps(tree))
        check(place, capsys, code, what)
        codes.append(code)
    return codes


def test_the_undamaged_comparison_is_drawn_whole(place, plain, capsys):
    assert draw_report(place, json.dumps(plain)) == 0
    page = (place / "comparison" / "report.html").read_text(encoding="utf-8")
    assert "could not be read" not in page
    for heading in ("Who and what is served", "Training", "How many interests"):
        assert heading in page


def test_200_damaged_comparisons_are_drawn_or_refused_in_one_line(place, plain, capsys):
    codes = fuzz_comparisons(place, plain, capsys, 0, 200)
    assert 40 < sum(code == 2 for code in codes) < 180


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_thousands_of_damaged_comparisons(place, plain, capsys, seed):
    fuzz_comparisons(place, plain, capsys, seed, 500)


@pytest.mark.parametrize(
    ("way", "odd", "told"),
    [
        (["tuning"], "x", "tuning: Input should be"),
        (["rows", 1, "valid", "recall@5", "sd"], "x", "rows[1].valid.recall@5.sd: Input should be"),
        (["rows", 0, "num_interests"], "8", "rows[0].num_interests: "),
        (["rows", 0, "runs", "1"], 3, "rows[0].runs.1: "),
        (["rows", 2, "cut_short"], True, "rows[2].cut_short: "),
        (["metric"], "recall@x", "metric: "),
        (["rows"], {}, "rows: "),
        (["rows", 0, "test", "recall@5", "mean"], 1e308, "rows[0].test.recall@5.mean: "),
    ],
)
def test_the_place_is_named(place, plain, capsys, way, odd, told):
    tree = copy.deepcopy(plain)
    inner = tree
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = odd
    assert draw_report(place, json.dumps(tree)) == 2
    path = place / "comparison" / "comparison.json"
    assert f"error: {path} is no comparison ({told}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "\x00", "[" * 100000, '{"a": NaN}', "\ufeff"]
)
def test_what_is_no_json_is_told(place, capsys, text):
    check(place, capsys, draw_report(place, text), text[:9])


def odd_arrays(draw, values):
    return draw.choice([
        np.array(3), np.empty(0), np.empty((0, 3), dtype=np.int64), values[:-1], values[:, None],
        values.astype("U8"), values.astype(complex), -values, values + 2.0**40, values * np.nan,
        values.astype(bool), values * 10**6, np.zeros((2, 2, 2)),
    ])  # fmt: skip


def test_arrays_of_other_shapes_and_types_are_told_and_passed_over(place, plain, capsys):
    told = 0
    for number in range(60):
        draw = random.Random(f"arrays {number}")  # noqa: S311
        files = arrays()
        name = draw.choice(list(files))
        array = draw.choice(list(files[name]))
        if draw.random() < 0.1:
            del files[name][array]
        else:
            files[name][array] = odd_arrays(draw, files[name][array])
        save(place, files, lines())
        assert draw_report(place, json.dumps(plain)) == 0
        page = (place / "comparison" / "report.html").read_text(encoding="utf-8")
        told += name in page
    save(place, arrays(), lines())
    assert told > 30


def test_logs_of_other_lines_are_told_and_passed_over(place, plain, capsys):
    for number in range(40):
        log, what = mutated(lines(), random.Random(f"lines {number}"))  # noqa: S311
        if "\ud800" in what:
            continue  # no file holds it
        save(place, arrays(), log)
        check(place, capsys, draw_report(place, json.dumps(plain)), what)
    save(place, arrays(), lines())


def test_rows_of_the_file_are_rows_of_the_comparison(place, plain):
    (place / "comparison" / "comparison.json").write_text(json.dumps(plain))
    found = ComparisonResult.load(place / "comparison")
    assert [row.label for row in found.rows] == [row["label"] for row in plain["rows"]]
    assert found.tuning.found == plain["tuning"]["found"]
    assert found.rows[0].diagnostics.usage_entropy == 0.5
