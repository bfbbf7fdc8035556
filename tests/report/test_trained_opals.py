"""Looking inside the real runs of the made comparison."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.errors import SettingsError
from recbole_opal.interests.history import History
from recbole_opal.models.rebuild import rebuild
from recbole_opal.report import user_journeys
from recbole_opal.report.run_files import RunFiles
from recbole_opal.report.sections.categories import hyper_categories
from recbole_opal.report.trained_opals import trained_opals
from recbole_opal.report.user_journeys import journeys, pick
from recbole_opal.report.write import write_report
from recbole_opal.runs import RunFolder


@pytest.fixture(scope="module")
def trained(comparison_folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(comparison_folder.parents[1])
        comparison = ComparisonResult.load(comparison_folder)
        rows = [row for row in comparison.rows if row.label == "OPAL soft"]
        comparison = comparison.model_copy(update={"rows": rows})
        (found,), problems = trained_opals(comparison, RunFiles(comparison))
        assert problems == []
        assert found.row is rows[0]
        assert found.seed == "1"
        yield found


@pytest.fixture(scope="module")
def served(trained):
    return journeys(trained)


def test_assignment_equals_a_loop(trained):
    weights = trained.folder.load_weights("soft")
    vectors = functional.normalize(weights["items.embedding.weight"], dim=-1)
    categories = functional.normalize(weights["encoder.categories"], dim=-1)
    temperature = trained.folder.load_yaml("config.yaml")["temperature"]
    for item in (1, 17, 100):
        scores = [float(vectors[item] @ category) / temperature for category in categories]
        expected = np.exp(scores) / np.exp(scores).sum()
        np.testing.assert_allclose(trained.assignment[item], expected, rtol=1e-4)


@pytest.mark.parametrize(
    "changed", [{}, {"assignment_temperature": 0.3}, {"similarity": "inner_product"}]
)
def test_assignment_is_that_of_the_network(comparison_folder, tmp_path, monkeypatch, changed):
    root = tmp_path / "copy"
    shutil.copytree(comparison_folder.parents[1], root)
    monkeypatch.chdir(root)
    comparison = ComparisonResult.load(root / "saved" / comparison_folder.name)
    rows = [row for row in comparison.rows if row.label == "OPAL soft"]
    run = RunFolder.open(comparison.run_folders(rows[0])["1"])
    with run.update():
        run.save_yaml("config.yaml", run.load_yaml("config.yaml") | changed)
    comparison = comparison.model_copy(update={"rows": rows})
    (found,), _ = trained_opals(comparison, RunFiles(comparison))
    network = rebuild(run.path, "soft")
    with torch.no_grad():
        every = History(network.items.all(), torch.tensor([len(found.counts)]))
        assignment = network.encode(every).assignment
    np.testing.assert_allclose(found.assignment, assignment, atol=1e-6)


def test_shares_add_up_and_items_belong_where_they_stand(trained):
    found = hyper_categories(trained)
    assert len(found) == 4
    assert sum(category.share_of_items for category in found) == pytest.approx(1)
    assert sum(category.share_of_interactions for category in found) == pytest.approx(1)
    own = trained.assignment.argmax(axis=1)
    half = np.median(trained.counts[1:])
    for number, category in enumerate(found):
        assert all(own[item] == number for item in category.items)
        assert all(trained.counts[item] >= half for item in category.items)
        assert category.strengths == sorted(category.strengths, reverse=True)
        lifts = [tag.lift for tag in category.tags]
        assert lifts == sorted(lifts, reverse=True)


def test_the_whole_test_part_is_told_with_the_lists_that_were_measured(trained, served):
    saved = trained.folder.load_arrays("lists-soft-test.npz")
    assert len(served) == len(saved["items"])
    for journey, items, winners in zip(served, saved["items"], saved["interest"], strict=True):
        assert journey.listed == items[items > 0].tolist()
        assert journey.winners == winners[items > 0].tolist()


def test_histories_end_where_the_targets_begin(trained, served, comparison_folder):
    """What the data set's own file says of each user, in the order of time."""
    with (comparison_folder.parents[1] / "data" / "made" / "made.inter").open() as file:
        lines = [[cell for cell in line.values()] for line in csv.DictReader(file, delimiter="\t")]
    items = trained.folder.load_json("ids.json")["item_id"]
    met = {}
    for user, item, _ in sorted(lines, key=lambda line: float(line[2])):
        met.setdefault(user, []).append(item)
    for journey in served:
        history = [items[item] for item in journey.history]
        before = met[journey.user][: -len(journey.targets)]
        assert history
        assert any(before[end - len(history) : end] == history
                   for end in range(len(history), len(before) + 1))  # fmt: skip
        assert {items[item] for item in journey.targets} <= set(met[journey.user])


def test_histories_and_targets_never_share_an_item_of_the_list(served):
    for journey in served:
        assert not set(journey.listed) & set(journey.history)
        assert journey.targets
        assert len(journey.categories) == len(journey.history)


def test_interests_win_what_is_close_to_the_items_of_their_category(trained, served):
    """Most of what an interest lists is of its category: else the colours would say nothing."""
    own = trained.assignment.argmax(axis=1)
    pairs = [(own[item], winner) for journey in served
             for item, winner in zip(journey.listed, journey.winners, strict=True)]  # fmt: skip
    assert np.mean([category == winner for category, winner in pairs]) > 0.5


def test_without_the_data_set_categories_and_users_are_told_all_the_same(
    comparison_folder, tmp_path, monkeypatch
):
    root = comparison_folder.parents[1]
    monkeypatch.chdir(root)
    (root / "data").rename(tmp_path / "away")
    try:
        page = write_report(comparison_folder).read_text(encoding="utf-8")
    finally:
        (tmp_path / "away").rename(root / "data")
    assert "Clearest items" in page
    assert "A few users" in page
    assert "The trained models could not be rebuilt" not in page
    assert "What could not be read" not in page


def test_without_its_histories_an_older_run_tells_the_categories_and_why_not_the_users(
    comparison_folder, tmp_path, monkeypatch
):
    root = tmp_path / "copy"
    shutil.copytree(comparison_folder.parents[1], root)
    monkeypatch.chdir(root)
    for path in root.rglob("histories-test.npz"):
        RunFolder.open(path.parent).drop("histories-test.npz")
    page = write_report(root / "saved" / comparison_folder.name).read_text(encoding="utf-8")
    assert "Clearest items" in page
    assert "The trained models could not be rebuilt" in page
    assert "What could not be read" in page
    assert "kept no histories" in page


def test_users_of_ones_choice_are_told_and_an_unknown_one_is_refused(trained, served):
    wanted = [served[3].user, served[1].user]
    found = journeys(trained, wanted)
    assert [journey.user for _, journey in pick(found, wanted, Path("here"))] == wanted
    with pytest.raises(SettingsError, match="'nobody' is not in the test part of here"):
        pick(found, ["nobody"], Path("here"))


def test_a_user_beyond_those_that_are_looked_at_is_told_when_asked_for(trained, monkeypatch):
    monkeypatch.setattr(user_journeys, "MOST_USERS", 2)
    every = trained.folder.load_arrays("lists-soft-test.npz")["user_id"]
    last = trained.folder.load_json("ids.json")["user_id"][every[-1]]
    assert len(journeys(trained)) == 2
    assert [journey.user for journey in journeys(trained, [last])][2:] == [last]
