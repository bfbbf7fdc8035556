"""A run's lists, made again and re-ranked out of its folder alone."""

import numpy as np
import pytest

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.evaluation.ranking import NDCG, Recall
from recbole_opal.report.served_run import ServedRun
from recbole_opal.report.tradeoffs import LAMBDAS, PLACES, SHARES, tradeoff_curves
from recbole_opal.runs import RunReader


@pytest.fixture(scope="module")
def folder(comparison_folder):
    """Return the folder of a real run of OPAL with K = 4."""
    comparison = ComparisonResult.load(comparison_folder)
    row = next(row for row in comparison.rows if row.label == "OPAL soft")
    return RunReader.open(comparison.run_folders(row)["1"])


@pytest.fixture(scope="module")
def curves(folder):
    return tradeoff_curves(ServedRun.read(folder, "soft", 5000), Recall(), 20)


def test_without_re_ranking_they_are_the_runs_own_lists(folder, curves):
    saved = folder.load_arrays("per_user-soft-test.npz")
    names = folder.load_json("ids.json")["user_id"]
    for curve in curves.values():
        assert curve.tokens == [names[user] for user in saved["user_id"]]
        np.testing.assert_array_equal(curve.accuracy[0], saved["recall@20"])
        own = np.nanmean(saved["category_diversity@20"])
        assert curve.diversity["category_diversity@20"][0] == pytest.approx(own)
    measured = folder.load_json("metrics.json")["stages"]["soft"]["test"]
    coverage = curves["diversity"].diversity["coverage@20"][0]
    assert coverage == pytest.approx(measured["coverage@20"])


def test_each_knob_is_turned(curves):
    assert {knob: tuple(curve.settings) for knob, curve in curves.items()} == {
        "diversity": LAMBDAS,
        "by_share": SHARES,
        "per_interest": tuple(n for n in PLACES if 4 * n <= 20),
    }
    diversity = curves["diversity"].diversity["category_diversity@20"]
    assert np.diff(diversity).min() >= 0
    assert diversity[-1] > diversity[0] + 0.02


def test_users_are_drawn_by_their_names(folder):
    whole, some = (ServedRun.read(folder, "hard", most) for most in (5000, 7))
    assert len(some.tokens) == 7
    assert some.tokens == [token for token in whole.tokens if token in some.tokens]
    (every,), batches = whole.batches(5000), list(some.batches(3))
    assert [len(batch.users) for batch in batches] == [3, 3, 1]
    places = [whole.tokens.index(token) for token in some.tokens]
    assert every.users[places].tolist() == [u for b in batches for u in b.users.tolist()]
    lengths = [n for batch in batches for n in batch.inputs.lengths.tolist()]
    assert every.inputs.lengths[places].tolist() == lengths
    few = tradeoff_curves(some, NDCG(), 20, ["diversity"])
    assert list(few) == ["diversity"]
    few = few["diversity"].accuracy
    assert (
        few.tolist() == tradeoff_curves(whole, NDCG(), 20)["diversity"].accuracy[:, places].tolist()
    )
