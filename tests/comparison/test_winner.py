"""One winner: the tables, each of their files and the report agree, whichever side is better."""

import csv
import io
import json
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from recbole_opal.comparison.differences import add_differences
from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row, spread
from recbole_opal.comparison.run_files import UserValues
from recbole_opal.comparison.table_formats import on_screen, write_tables
from recbole_opal.evaluation.direction import bigger_is_better
from recbole_opal.report.write import write_report

METRICS = ["averagepopularity@10", "giniindex@10", "intra_list_similarity@10", "shannonentropy@10",
           "recall@10"]  # fmt: skip
LABELS = ["OPAL", "MIND", "SASRec", "Pop"]


def made(result_maker, folder, metric, valid, test):
    """Return the comparison of models with these values of a metric."""
    users = [f"u{number}" for number in range(30)]
    noise = np.random.default_rng(0).normal(0, 0.01, (1, len(users)))
    rows = [
        Row(label=label, variant=label, model=label, stage="train", valid={metric: spread([one])},
            test={metric: spread([other]), "coverage@10": spread([0.5])})
        for label, one, other in zip(LABELS, valid, test, strict=True)
    ]  # fmt: skip
    values = {
        label: UserValues(users, {metric: other + noise * (1 + number)})
        for number, (label, other) in enumerate(zip(LABELS, test, strict=True))
    }
    result = result_maker(rows, folder, metric=metric, seeds=[1], users=values)
    add_differences(result)
    write_tables(result)
    write_report(folder)
    return result


def winners(result):
    """Return the winner as each output names it."""
    folder = result.folder
    console = Console(width=100, file=io.StringIO())
    for part in on_screen(result):
        console.print(part)
    (screen,) = re.findall(r"best on validation: (.+)", console.file.getvalue())
    (markdown,) = re.findall(
        r"Best on validation: (.+)\.", (folder / "comparison.md").read_text(encoding="utf-8")
    )
    lines = list(csv.DictReader(io.StringIO((folder / "comparison.csv").read_text())))
    against = f"against_best_{result.metric}_difference"
    plain = json.loads((folder / "comparison.json").read_text())
    page = (folder / "report.html").read_text(encoding="utf-8")
    (lead,) = re.findall(r'<p class="reading">(\w+) is best on validation', page)
    (latex,) = re.findall(
        r"less that of (\w+)\. Paired", (folder / "comparison.tex").read_text(encoding="utf-8")
    )[:1]
    return {
        "result": result.best.label,
        "screen": screen,
        "markdown": markdown,
        "latex": latex,
        "csv": [line["label"] for line in lines if line[against] == ""],
        "json": [row["label"] for row in plain["rows"] if not row["against_best"]],
        "loaded": ComparisonResult.load(folder).best.label,
        "lead": lead,
    }


values = st.lists(st.integers(1, 9).map(lambda n: n / 10), min_size=4, max_size=4)


@pytest.mark.parametrize("metric", METRICS)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(valid=values, test=values)
def test_every_output_names_the_same_winner(result_maker, tmp_path_factory, metric, valid, test):
    folder = tmp_path_factory.mktemp("comparison")
    result = made(result_maker, folder, metric, valid, test)
    best = (max if bigger_is_better(metric) else min)(valid)
    wanted = LABELS[valid.index(best)]
    assert winners(result) == {
        name: [wanted] if name in ("csv", "json") else wanted
        for name in ("result", "screen", "markdown", "latex", "csv", "json", "loaded", "lead")
    }
    shown = ComparisonResult.load(folder).done
    on_test = [row.test[metric].mean for row in shown]
    assert on_test == sorted(on_test, reverse=bigger_is_better(metric))


@pytest.mark.parametrize("metric", METRICS)
def test_the_side_is_told_wherever_the_metric_is_read(result_maker, tmp_path, metric):
    made(result_maker, tmp_path, metric, [0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1])
    lower = not bigger_is_better(metric)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for name in ("comparison.md", "comparison.tex"):
        assert ("Lower is better: " in (tmp_path / name).read_text(encoding="utf-8")) is lower
    assert ("lower is better" in page) is lower
    assert ("data-lower" in page.partition("<tbody>")[0]) is lower
    best, worst = ("0.1000", "0.4000") if lower else ("0.4000", "0.1000")
    assert f"<b>{best}</b>" in page
    assert f"<b>{worst}</b>" not in page
    assert ("The lowest on test" in page) is lower
