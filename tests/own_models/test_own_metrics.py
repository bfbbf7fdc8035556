"""A metric of the user's stands in one place and is read everywhere, its direction too."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

import recbole_opal
from recbole_opal import ComparisonResult
from recbole_opal.comparison.table_formats import as_markdown
from recbole_opal.errors import SettingsError, TrainingError
from recbole_opal.evaluation import registry
from recbole_opal.evaluation.direction import better, bigger_is_better, title_of
from recbole_opal.evaluation.metric import Metric
from recbole_opal.own_models import class_at
from recbole_opal.report.write import write_report
from recbole_opal.runs import RunReader

METRICS = '''
import numpy as np

from recbole_opal import Metric


class Fame(Metric):
    """Mean rank by training counts of the items listed: less is better."""

    title = "Fame of the items"
    bigger_is_better = False

    def values(self, judged, k):
        return judged.training.counts[judged.items[:, :k]].mean(axis=1)


class Served(Metric):
    title, per_user, at_k, diversity = "Users served", False, False, True

    def values(self, judged, k):
        return judged.hits.any(axis=1).mean()


class Recall(Metric):
    def values(self, judged, k):
        return judged.hits.mean(axis=1)


class Empty(Metric):
    pass


class NoMetric:
    pass


class Deep(Served):
    def __init__(self, depth):
        self.depth = depth


class Text(Served):
    bigger_is_better = "no"


class Named(Served):
    name = "Bad name!"


class Raising(Metric):
    def values(self, judged, k):
        return np.ones(3)[judged.items]


class Endless(Metric):
    def values(self, judged, k):
        return np.full(len(judged.users), np.inf)


class Silent(Metric):
    def values(self, judged, k):
        return np.full(len(judged.users), np.nan)
'''


@pytest.fixture
def metrics_file(write_module):
    known = dict(registry._own)
    yield write_module("their_metrics.py", METRICS)
    registry._own.clear()
    registry._own.update(known)


@pytest.fixture
def settings(settings):
    return settings | {"epochs": 2, "topk": [5, 10], "valid_metric": "Recall@10"}


def test_a_run_measures_it_by_class_and_by_place(metrics_file, settings):
    fame, places = class_at("their_metrics.py:Fame"), "Recall,their_metrics.py:Fame"
    one = recbole_opal.run("Pop", "tiny", **settings, metrics=["Recall", fame])
    other = recbole_opal.run("Pop", "tiny", **settings, metrics=places)
    assert one.stages == other.stages
    folder = RunReader.open(one.folder)
    assert folder.load_yaml("config.yaml")["metrics"] == ["Recall", f"{metrics_file}:Fame"]
    counts = folder.load_arrays("item_counts.npz")["counts"]
    lists = folder.load_arrays("lists-train-test.npz")["items"]
    values = folder.load_arrays("per_user-train-test.npz")["fame@5"]
    assert values.tolist() == pytest.approx(counts[lists[:, :5]].mean(axis=1).tolist())
    assert one.stages["train"]["test"]["fame@5"] == pytest.approx(values.mean())
    assert folder.load_json("metrics.json")["own_metrics"]["fame"]["bigger_is_better"] is False
    origin = folder.load_json("origin.json")["versions"]
    assert "file of Fame" in origin


@pytest.mark.parametrize("bigger", [True, False])
def test_it_decides_when_to_stop_by_its_own_direction(metrics_file, settings, bigger):
    text = metrics_file.read_text().replace(
        "bigger_is_better = False", f"bigger_is_better = {bigger}"
    )
    metrics_file.write_text(text)
    asked = settings | {"metrics": ["their_metrics.py:Fame"], "valid_metric": "Fame@5", "epochs": 4}
    asked |= {"learning_rate_schedule": "constant", "stopping_step": 50}
    result = recbole_opal.run("SASRec", "tiny", **asked)
    lines = RunReader.open(result.folder).load_lines("training.jsonl")
    scores = [line["valid"]["fame@5"] for line in lines]
    assert len(set(scores)) > 1
    best = max(scores) if bigger else min(scores)
    assert result.stages["train"]["valid"]["fame@5"] == best
    assert bigger_is_better("Fame@5") is bigger


def test_a_comparison_tells_it_in_every_table_and_in_the_report(metrics_file, settings):
    """In other processes by its place, and later without its class, from the files alone."""
    metrics = [class_at("their_metrics.py:Fame"), "Recall", class_at("their_metrics.py:Served")]
    result = recbole_opal.compare(["Pop", "ItemKNN"], "tiny", **settings, metrics=metrics)
    assert not result.failed
    for row in result.rows:
        assert {"fame@5", "fame@10", "served"} <= set(row.test)
        assert {"fame@5", "fame@10"} <= set(result.user_values(row).metrics)
    tables = (result.folder / "comparison.md").read_text()
    accuracy, diversity = tables.split("Diversity on test")[:2]
    assert "Fame of the items@10" in accuracy
    assert "Lower is better: Fame of the items@" in accuracy
    assert "Users served" in diversity
    other = next(row for row in result.rows if row is not result.best)
    assert set(other.against_best) >= {"fame@5", "fame@10", "recall@5"}
    assert "fame@10" in (result.folder / "comparison.csv").read_text()
    plain = json.loads((result.folder / "comparison.json").read_text())
    assert set(plain["own_metrics"]) == {"fame", "served"}
    registry._own.clear()
    assert title_of("fame@10") == "Fame@10"
    page = write_report(result.folder).read_text()
    assert "Fame of the items@10" in page
    assert "Users served" in page
    assert "the lowest of Fame of the items@" in page
    assert title_of("fame@10") == "Fame@10"  # another result may say something else of it


def test_it_decides_two_comparisons_that_keep_their_directions(metrics_file, settings, monkeypatch):
    """In one process: a class was changed between them, and the second is loaded without it."""
    asked = settings | {"metrics": "their_metrics.py:Fame", "valid_metric": "fame@10"}
    less = recbole_opal.compare(["Pop", "ItemKNN"], "tiny", **asked)
    means = {row.model: row.valid["fame@10"].mean for row in less.rows}
    assert less.best.model == min(means, key=means.get)
    other = metrics_file.parent / "other" / "their_metrics.py"
    other.parent.mkdir()
    other.write_text(METRICS.replace("bigger_is_better = False", 'title = "Renown"'))
    monkeypatch.chdir(other.parent)
    more = recbole_opal.compare(["Pop", "ItemKNN"], "tiny", **asked)
    for result in (less, ComparisonResult.load(less.folder)):
        assert not result.bigger
        assert result.best.model == "ItemKNN"
        assert "Lower is better: Fame of the items@" in as_markdown(result)
    registry._own.clear()
    for result in (more, ComparisonResult.load(more.folder)):
        assert result.bigger
        assert result.best.model == "Pop"
        assert "Renown@10 on validation, where higher is better" in as_markdown(result)
        assert "Lower is better: Renown" not in as_markdown(result)


def test_a_run_resumes_with_it_and_not_with_another_file(metrics_file, settings, monkeypatch):
    asked = settings | {"metrics": ["Recall", "their_metrics.py:Fame"], "epochs": 1}
    asked |= {"learning_rate_schedule": "constant", "stopping_step": 50}
    result = recbole_opal.run("SASRec", "tiny", **asked)
    registry._own.clear()
    (metrics_file.parent / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    resumed = recbole_opal.resume(result.folder, epochs=2)
    assert "fame@10" in resumed.stages["train"]["test"]
    metrics_file.write_text(metrics_file.read_text() + "\n# changed\n")
    with pytest.raises(SettingsError, match="the file of Fame is not the one this run was begun"):
        recbole_opal.resume(result.folder, epochs=3)


def test_one_that_was_typed_into_a_session_stays_in_it(metrics_file, settings):
    class Typed(Metric):
        def values(self, judged, k):
            return judged.hits[:, :k].sum(axis=1)

    result = recbole_opal.run("Pop", "tiny", **settings, metrics=["Recall", Typed])
    assert "typed@10" in result.stages["train"]["test"]
    assert recbole_opal.resume(result.folder).stages == result.stages
    with pytest.raises(SettingsError, match=r"Typed is made inside a function.*my_metrics\.py"):
        recbole_opal.compare(["Pop"], "tiny", **settings, metrics=["Recall", Typed])
    registry._own.clear()
    with pytest.raises(SettingsError, match="metrics: typed is not a metric"):
        recbole_opal.resume(result.folder)


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ("their_metrics.py:NoMetric", "the class NoMetric is no metric; derive it from recbole_"),
        ("their_metrics.py:Recall", "the class Recall has the name of a metric that is here"),
        ("their_metrics.py:Empty", r"the class Empty has no method `values\(self, judged, k\)`"),
        ("their_metrics.py:Fome", r"--metrics=their_metrics\.py:Fome names no class there"),
        ("nowhere.py:Fame", r"--metrics=nowhere\.py:\.\.\.: there is no file"),
        ("their_metrics.py:Deep", "the class Deep cannot be made as Deep"),
        ("their_metrics.py:Text", "the class Text has bigger_is_better = 'no'; input should be a"),
        ("their_metrics.py:Named", "the class Named has the name 'Bad name!'; write small"),
        ([SimpleNamespace], "the class SimpleNamespace is no metric"),
        (["Recall", "coverage"], "coverage is not a metric"),
    ],
)
def test_what_is_no_metric_is_told_before_training(metrics_file, settings, metrics, message):
    with pytest.raises(SettingsError, match=message):
        recbole_opal.run("Pop", "tiny", **settings, metrics=metrics)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "Raising",
            r"Raising\.values failed in line \d+ of .*their_metrics\.py \(IndexError: ",
        ),
        ("Endless", r"Endless\.values gave an infinite value; give NaN"),
    ],
)
def test_what_fails_in_a_metric_is_told_in_a_line(metrics_file, settings, name, message):
    with pytest.raises(SettingsError, match=message):
        recbole_opal.run("Pop", "tiny", **settings, metrics=["Recall", f"their_metrics.py:{name}"])


def test_one_without_any_value_cannot_decide(metrics_file, settings):
    asked = settings | {"metrics": ["Recall", "their_metrics.py:Silent"]}
    result = recbole_opal.run("Pop", "tiny", **asked)
    assert np.isnan(result.stages["train"]["test"]["silent@10"])
    with pytest.raises(TrainingError, match=r"valid_metric=silent@10 has no value.*=Recall@10\."):
        recbole_opal.run("Pop", "tiny", **asked | {"valid_metric": "silent@10"})


def test_two_metrics_of_one_name_are_refused(metrics_file, settings):
    copy = metrics_file.with_name("their_copy.py")
    copy.write_text(metrics_file.read_text())
    both = ["their_metrics.py:Fame", "their_copy.py:Fame"]
    with pytest.raises(SettingsError, match="two metrics are called fame"):
        recbole_opal.run("Pop", "tiny", **settings, metrics=both)


def test_what_decides_must_be_measured(metrics_file, settings):
    asked = settings | {"metrics": "their_metrics.py:Fame", "valid_metric": "Recall@10"}
    with pytest.raises(SettingsError, match=r"not measured; choose one of fame@5, fame@10"):
        recbole_opal.run("Pop", "tiny", **asked)


def test_a_new_metric_of_ours_needs_one_class(monkeypatch, config_of):
    """A class in `ranking` alone: settings, direction, titles and results know it."""

    class Deepest(Metric):
        title, bigger_is_better = "Deepest hit", False

        def values(self, judged, k):
            places = np.arange(1, judged.hits.shape[1] + 1)
            return (judged.hits * places)[:, :k].max(axis=1)

    monkeypatch.setattr(registry.ranking, "Deepest", Deepest, raising=False)
    registry.built_in.cache_clear()
    try:
        asked = {"metrics": ["Deepest"], "valid_metric": "Deepest@10"}
        assert config_of(**asked)["valid_metric_bigger"] is False
        assert title_of("deepest@10") == "Deepest hit@10"
        assert better("Deepest@10") == "lower"
    finally:
        registry.built_in.cache_clear()


@pytest.fixture
def config_of(settings):
    from recbole_opal.host.config import OpalConfig

    return lambda **given: OpalConfig("Pop", "tiny", settings | given)
