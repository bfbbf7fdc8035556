"""Looking inside the real runs of the made comparison."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from recbole_opal.report.contents import assignment_of_items, contents
from recbole_opal.report.files import RunFiles
from recbole_opal.report.journeys import journeys
from recbole_opal.report.parse import read_comparison
from recbole_opal.report.rebuild import Rebuilder


@pytest.fixture(scope="module")
def rebuilt(comparison_folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(comparison_folder.parents[1])
        comparison = read_comparison(comparison_folder)
        row = next(row for row in comparison.rows if row.label == "OPAL soft")
        rebuilder = Rebuilder(RunFiles())
        found = rebuilder.rebuild(row)
        assert rebuilder.problems == []
        assert rebuilder.rebuild(row) is found
        return found


def test_assignment_equals_a_loop(rebuilt):
    weights = rebuilt.model.state_dict()
    vectors = functional.normalize(weights["items.embedding.weight"], dim=-1)
    categories = functional.normalize(weights["encoder.categories"], dim=-1)
    found = assignment_of_items(rebuilt)
    for item in (1, 17, 100):
        scores = [float(vectors[item] @ category) / 0.1 for category in categories]
        expected = np.exp(scores) / np.exp(scores).sum()
        np.testing.assert_allclose(found[item], expected, rtol=1e-4)


def test_shares_add_up_and_items_belong_where_they_stand(rebuilt):
    found = contents(rebuilt)
    assert len(found) == 4
    assert sum(content.share_of_items for content in found) == pytest.approx(1)
    assert sum(content.share_of_interactions for content in found) == pytest.approx(1)
    own = assignment_of_items(rebuilt).argmax(axis=1)
    half = np.median(rebuilt.counts[1:])
    for number, content in enumerate(found):
        assert all(own[item] == number for item in content.items)
        assert all(rebuilt.counts[item] >= half for item in content.items)
        assert content.strengths == sorted(content.strengths, reverse=True)
        lifts = [tag.lift for tag in content.tags]
        assert lifts == sorted(lifts, reverse=True)


def test_lists_are_those_of_the_run(rebuilt, comparison_folder):
    """What is drawn for a user is what the run was measured by."""
    path = rebuilt.row.runs[rebuilt.seed]
    saved = RunFiles().arrays(path, "lists-soft-test.npz")
    found = journeys(rebuilt)
    assert len(found) == len(saved["items"])
    for journey, items, winners in zip(found, saved["items"], saved["interest"], strict=True):
        assert journey.listed == items[items > 0].tolist()
        assert journey.winners == winners[items > 0].tolist()


def test_histories_and_targets_never_share_an_item_of_the_list(rebuilt):
    for journey in journeys(rebuilt):
        assert not set(journey.listed) & set(journey.history)
        assert journey.targets
        assert len(journey.categories) == len(journey.history)


def test_scores_of_the_winner_are_the_largest(rebuilt):
    batch = next(iter(rebuilt.data.test))
    with torch.no_grad():
        interests = rebuilt.model.interests(batch.inputs)
        table = rebuilt.model.item_table()
    for row, journey in enumerate(journeys(rebuilt)[:5]):
        scores = interests[row] @ table[journey.listed].T  # (K, length)
        assert scores.argmax(dim=0).tolist() == journey.winners
        best = scores.amax(dim=0)
        assert (best[:-1] >= best[1:] - 1e-6).all()
