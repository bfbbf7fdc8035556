"""The four forms of the tables say the same, and each can be read again."""

import csv
import io
import json
import re

import pytest
from rich.console import Console

from recbole_opal.comparison.differences import add_differences
from recbole_opal.comparison.row import Diagnostics, Row, Spread
from recbole_opal.comparison.table_formats import (
    as_csv,
    as_latex,
    as_markdown,
    latex_escaped,
    on_screen,
    write_tables,
)
from recbole_opal.comparison.text_tables import once_noted
from recbole_opal.evaluation.direction import title_of

DIAGNOSTICS = {
    "num_interests": 4,
    "usage": [0.97, 0.01, 0.01, 0.01],
    "usage_entropy": 0.12,
    "hit_usage": None,
    "hit_entropy": None,
    "cosine": 0.99,
    "dead_users": 0.9,
    "collapsed": True,
}


@pytest.fixture
def result(row_maker, result_maker):
    rows = [
        row_maker("OPAL soft", "OPAL", 0.20, stage="soft"),
        row_maker("OPAL hard", "OPAL", 0.30, stage="hard"),
        row_maker("MIND num_interests=8", "MIND", 0.40),
        Row(
            label="SASRec",
            variant="SASRec",
            model="SASRec",
            settings={"epochs": 2},
            error="seed 1, 2: a_b & 50 % | {x}",
        ),
    ]
    rows[0].variant = rows[1].variant = "OPAL"
    rows[1].diagnostics = Diagnostics(**DIAGNOSTICS)
    tuning = {
        "trials": 5,
        "seconds": 60.0,
        "tried": {"OPAL": 5, "MIND num_interests=8": 1},
        "search": {
            "OPAL": {"learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}},
            "MIND num_interests=8": {},
        },
        "found": {"OPAL": {"learning_rate": 0.003}, "MIND num_interests=8": {}},
    }
    result = result_maker(rows, tuning=tuning)
    add_differences(result)
    return result


def printed(result, width=100):
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    for part in on_screen(result):
        console.print(part)
    return console.file.getvalue()


def test_markdown_has_every_row_and_its_numbers(result):
    text = as_markdown(result)
    (line,) = [line for line in text.splitlines() if line.startswith("| MIND num") and "±" in line
               and "0.2000" in line]  # fmt: skip
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells == [
        "MIND num_interests=8", "0.4005 ± 0.0007", "0.2000 ± 0.0000", "0.4005 ± 0.0007",
    ]  # fmt: skip
    assert result.command in text
    assert "Best on validation: MIND num_interests=8." in text
    for shown in (text, printed(result)):
        assert (
            "At most 5 settings a row, on validation only, each trained for at most 60 s" in shown
        )
        assert "OPAL: 5 tried of learning_rate; found --learning_rate=0.003" in shown
        assert "MIND num_interests=8: has no search space" in shown
    assert "a processor, 2 cores" in text


def test_markdown_tables_have_as_many_cells_in_every_line(result):
    blocks = re.findall(r"(?:^\|.*\n)+", as_markdown(result), re.MULTILINE)
    assert len(blocks) >= 5
    for block in blocks:
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(counts) == 1


def test_a_failure_and_a_collapse_are_told(result):
    for text in (as_markdown(result), printed(result)):
        assert "SASRec: seed 1, 2: a_b" in text
        assert re.search(r"OPAL hard:.*collapsed", text)
    assert "warning: SASRec" in printed(result)
    assert "| SASRec (failed: seed 1, 2: a_b & 50 % \\| {x}) | - |" in as_markdown(result)


def test_csv_is_read_back_unrounded(result):
    lines = list(csv.DictReader(io.StringIO(as_csv(result))))
    assert [line["label"] for line in lines] == [row.label for row in result.rows]
    assert float(lines[2]["test_recall@10_mean"]) == result.rows[2].test["recall@10"].mean
    assert float(lines[2]["valid_recall@10_sd"]) == result.rows[2].valid["recall@10"].sd
    assert lines[2]["test_seconds_mean"] == ""
    assert json.loads(lines[0]["settings"]) == {"epochs": 2, "topk": [5, 10]}
    assert lines[0]["against_best_recall@10_marked"] == "True"
    assert float(lines[0]["against_best_recall@10_low"]) < -0.19
    assert lines[2]["against_best_recall@10_low"] == ""
    assert lines[3]["error"] == "seed 1, 2: a_b & 50 % | {x}"
    assert lines[3]["test_recall@10_mean"] == ""


def test_json_has_the_agreed_shape(result, tmp_path):
    write_tables(result.model_copy(update={"folder": tmp_path}))
    plain = json.loads((tmp_path / "comparison.json").read_text())
    assert list(plain) == [
        "dataset", "command", "seeds", "metric", "versions", "hardware", "tuning", "rows",
    ]  # fmt: skip
    assert plain["tuning"]["found"]["OPAL"] == {"learning_rate": 0.003}
    found = plain["rows"][0]["against_best"]["recall@10"]
    assert set(found) == {
        "difference", "low", "high", "effect_size", "p", "p_adjusted", "marked",
    }  # fmt: skip
    assert plain["rows"][1]["diagnostics"]["collapsed"] is True
    assert plain["rows"][3]["runs"] == {}


def test_latex_escapes_and_closes_what_it_opens(result):
    result.rows[3].label = "a_b & 50 % #1 $x$ {y} ~z^2 \\w"
    text = as_latex(result)
    body = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    assert r"a\_b \& 50 \% \#1 \$x\$ \{y\} \textasciitilde{}z\textasciicircum{}2" in body
    opened = re.findall(r"\\begin\{(\w+)\}", body)
    assert opened.count("table") == opened.count("tabular") >= 5
    assert sorted(opened) == sorted(re.findall(r"\\end\{(\w+)\}", body))
    for table in re.findall(r"\\toprule\n(.*?)\\bottomrule", body, re.DOTALL):
        rows = [line for line in table.splitlines() if line.endswith(r"\\")]
        counts = {len(re.findall(r"(?<!\\)&", row)) for row in rows}
        assert len(counts) == 1
    assert not re.findall(r"(?<!\\)[%#]", body)


def test_each_special_letter_of_latex():
    assert latex_escaped("0.1 ± 0.2") == r"0.1 $\pm$ 0.2"
    assert latex_escaped("a\\b") == r"a\textbackslash{}b"
    assert latex_escaped("<>") == r"\textless{}\textgreater{}"


def test_the_screen_fits_100_columns_and_shows_one_list_length(result):
    text = printed(result)
    assert max(map(len, text.splitlines())) <= 100
    assert "Recall@10" in text
    assert "Recall@5" not in text
    assert "…" not in text
    assert "best on validation: MIND K=8" in text
    assert re.search(r"^MIND K=8 +0\.4", text, re.MULTILINE)
    assert "Recall@10 less that of OPAL hard" in text


def test_a_long_label_is_folded_not_cut(result):
    label = "OPAL num_interests=8 recipe=published learning_rate=0.001 soft"
    result.users[label] = result.users[result.rows[2].label]
    result.rows[2].label = label
    text = printed(result)
    assert max(map(len, text.splitlines())) <= 100
    assert "…" not in text
    assert "published" in text


def test_a_mark_stands_beside_an_effect_size(result):
    line, _ = [line for line in printed(result).splitlines()
               if line.startswith("OPAL soft") and "*" in line]  # fmt: skip
    assert re.search(r"-0\.\d+ \*\s+\[-0\.\d+, -0\.\d+\]\s+-\d+\.\d+\s+<0\.0001", line)


def test_costs_of_the_whole_run_are_told_where_a_run_has_several_rows(result):
    told = "Training and epochs of a later stage include the stages it started from; peak memory"
    for text in (as_markdown(result), as_latex(result), printed(result, width=200)):
        assert told + " and parameters are those of the whole run." in text
    result.rows[0].variant = "another"
    assert told not in as_markdown(result)


def test_the_wait_of_one_user_stands_in_files_where_it_was_measured(result):
    note = "One user: from a single user's history to the list"
    assert "one user ms" not in as_markdown(result) + as_latex(result)
    assert note not in as_markdown(result)
    result.rows[1].user_seconds = Spread(mean=0.0021, sd=0.0001, values=[0.002, 0.0022])
    text = as_markdown(result)
    (head,) = [line for line in text.splitlines() if "one user ms" in line]
    place = head.split(" | ").index("one user ms")
    costs = text[text.index(head) :].splitlines()[2:5]
    assert [line.split(" | ")[place] for line in costs] == ["-", "2.10 ± 0.10", "-"]
    assert text.count(note) == as_latex(result).count("One user: ") == 1
    assert "one user" not in printed(result).lower()


def test_what_was_not_measured_is_left_out(result):
    assert "Cat. div." not in as_markdown(result)
    assert "nan" not in as_markdown(result).lower()
    assert "Coverage@10" in as_markdown(result)


def test_only_failures_still_make_tables(result_maker):
    rows = [Row(label="MIND", variant="MIND", model="MIND", error="seed 1: killed")]
    result = result_maker(rows)
    assert "MIND: seed 1: killed" in as_markdown(result)
    assert "killed" in as_csv(result)
    assert r"\begin{table}" in as_latex(result)
    assert "MIND" in printed(result)
    assert [row.label for row in result.failed] == ["MIND"]


def test_titles_and_notes():
    assert title_of("ndcg@20", short=True) == "NDCG@20"
    assert title_of("category_diversity@10", short=True) == "Cat. div.@10"
    assert title_of("gauc", short=True) == "Gauc"
    assert once_noted([]) == []


def test_a_metric_without_a_list_length_is_shown_beside_the_longest_lists(row_maker, result_maker):
    rows = [row_maker("OPAL", "OPAL", 0.20), row_maker("MIND", "MIND", 0.40)]
    for each in rows:
        each.valid["gauc"] = each.test["gauc"] = each.test["recall@10"]
    result = result_maker(rows, metric="gauc")
    add_differences(result)
    assert "## Recall@10 less that of MIND" in as_markdown(result)
    assert "Recall@10" in printed(result)


def test_captions_have_one_full_stop_between_sentences(result):
    result.rows[0].cut_short = 1
    captions = [line for line in as_latex(result).splitlines() if line.startswith("\\caption")]
    assert captions
    assert not any(".." in caption for caption in captions)
