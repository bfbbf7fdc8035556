"""Study 8: chance against brute force, planted gains are told, rows and refusals."""

import numpy as np
import pytest

from recbole_opal.comparison.row import Spread
from recbole_opal.errors import SettingsError
from recbole_opal.runs import RunFolder
from recbole_opal.studies.chance import recall_by_chance
from recbole_opal.studies.cold_start import ColdStart, ColdStartOptions, _choices
from recbole_opal.studies.page import page
from tests.studies.planted_runs import planted_outcome, planted_users

OPTIONS = ColdStartOptions(features=["tag"], interests=[1], boosts=[1.2])
ROWS = [variant.text for variant in ColdStart().parts(OPTIONS, (), {})[0].variants]
USERS, ITEMS = 240, 61
CONFIG = {
    "USER_ID_FIELD": "user_id",
    "mask_history": None,
    "eval_args": {"split": {"RS": [8, 1, 1]}},
}


@pytest.fixture
def outcome(tmp_path):
    """Features find 0.4 of the new items in place of none, chance about 10 in 50."""
    random = np.random.default_rng(3)
    without_new = random.random(USERS) < 0.5
    files = planted_users(random, [range(6)] * USERS, ITEMS, 6)

    def values(cold):
        found = random.random(USERS) < cold
        cold = np.where(without_new, np.nan, found.astype(float))
        return {"recall@10": random.random(USERS), "coldrecall@10": cold,
                "warmrecall@10": random.random(USERS)}  # fmt: skip

    shares = dict(zip(ROWS, (0.0, 0.4, 0.0), strict=True))
    found = planted_outcome(
        tmp_path, OPTIONS, {text: {"train": values(share)} for text, share in shares.items()}, files
    )
    for row in found.main.rows:
        for run in found.main.run_folders(row).values():
            RunFolder.open(run).save_yaml("config.yaml", CONFIG)
    return found


def test_chance_equals_lists_drawn_at_random(outcome):
    row = outcome.rows()[0]
    run = outcome.main.open_run(next(iter(outcome.main.run_folders(row).values())))
    by_chance = recall_by_chance(run, 10)
    histories = run.load_arrays("histories-test.npz")
    ends, draw = histories["lengths"].cumsum(), np.random.default_rng(0)
    for user in (0, 7):
        met = set(histories["items"][ends[user] - histories["lengths"][user] : ends[user]].tolist())
        left = [item for item in range(1, ITEMS) if item not in met]
        hits = [left[0] in draw.choice(left, size=10, replace=False) for _ in range(4000)]
        assert by_chance[f"u{user + 1}"] == pytest.approx(np.mean(hits), abs=0.03)
        assert by_chance[f"u{user + 1}"] == 10 / len(left)
    assert max(recall_by_chance(run, 1000).values()) == 1.0
    folder = RunFolder.open(run.path)
    folder.save_yaml("config.yaml", CONFIG | {"mask_history": False})
    assert set(recall_by_chance(RunFolder.open(run.path), 10).values()) == {10 / (ITEMS - 1)}


def test_the_page_tells_the_gain_over_the_same_without_and_over_chance(outcome):
    study = ColdStart()
    first, second = study.readings(outcome)
    assert "Recall of cold items@10 rises by" in first
    assert "lists at random find 0." in second
    text = page(study, outcome, "study", study.figures(outcome), "stem")
    row = next(line for line in text.splitlines() if line.startswith("| OPAL") and " * |" in line)
    assert row
    assert "New items against chance" in text
    assert len(study.figures(outcome)) == 1


def test_a_row_for_each_boost_and_one_without_features():
    options = ColdStartOptions(features=["tag", "author"], interests=[1, 4], boosts=[1, 1.15])
    (part,) = ColdStart().parts(options, (), {})
    assert [variant.text for variant in part.variants] == [
        "OPAL@num_interests=1",
        "OPAL@num_interests=1@item_features=[tag,author]@new_item_boost=1.0",
        "OPAL@num_interests=1@item_features=[tag,author]@new_item_boost=1.15",
        "OPAL@num_interests=4",
        "OPAL@num_interests=4@item_features=[tag,author]@new_item_boost=1.0",
        "OPAL@num_interests=4@item_features=[tag,author]@new_item_boost=1.15",
        "Pop",
    ]


def chosen(tmp_path, valid, **options):
    """Return which boost is chosen, and the page, by (cold, warm) on validation of each boost."""
    options = ColdStartOptions(features=["tag"], interests=[1], boosts=list(valid), **options)
    random = np.random.default_rng(1)
    texts = [variant.text for variant in ColdStart().parts(options, (), {})[0].variants]
    values = {}
    for text in texts:
        names = ("recall@10", "coldrecall@10", "warmrecall@10")
        values[text] = {"train": {name: random.random(USERS) for name in names}}
    files = planted_users(random, [range(6)] * USERS, ITEMS, 6)
    found = planted_outcome(tmp_path, options, values, files)
    for row in found.main.rows:
        boost = row.settings.get("new_item_boost")
        if boost is not None:
            cold, warm = valid[boost]
            row.valid |= {"coldrecall@10": Spread(mean=cold), "warmrecall@10": Spread(mean=warm)}
        for run in found.main.run_folders(row).values():
            RunFolder.open(run).save_yaml("config.yaml", CONFIG)
    study = ColdStart()
    text = page(study, found, "study", study.figures(found), "stem")
    (line,) = [line for line in text.splitlines() if line.endswith("| chosen |")]
    return float(line.partition("new_item_boost=")[2].split()[0]), text


@pytest.mark.parametrize(
    ("valid", "loss", "boost"),
    [
        ({1.0: (0.1, 0.5), 1.1: (0.2, 0.46), 1.2: (0.3, 0.44)}, 0.1, 1.1),
        ({1.0: (0.1, 0.5), 1.1: (0.2, 0.46), 1.2: (0.3, 0.44)}, 0.2, 1.2),
        ({1.0: (0.1, 0.5), 1.1: (0.2, 0.46), 1.2: (0.3, 0.44)}, 0.0, 1.0),
        ({1.0: (0.1, 0.5), 1.1: (0.1, 0.5), 1.2: (0.05, 0.5)}, 0.1, 1.0),
    ],
)
def test_validation_chooses_the_boost_within_the_loss(tmp_path, valid, loss, boost):
    found, text = chosen(tmp_path, valid, warm_loss=loss)
    assert found == boost
    test = text.partition("On the test part")[2]
    others = [other for other in valid if other not in (1.0, boost)]
    assert f"new_item_boost={boost}" in test
    assert not any(f"new_item_boost={other}" in test for other in others)


def test_the_test_part_has_no_say_in_the_choice(outcome):
    for row in outcome.main.rows:  # as good on test as can be
        row.test["coldrecall@10"] = Spread(mean=1.0)
    (choice,) = _choices(outcome)
    assert choice.boost == 1.2
    assert choice.bound == pytest.approx(0.9 * choice.row.valid["warmrecall@10"].mean)


@pytest.mark.parametrize(
    ("options", "settings", "told"),
    [
        ({}, {}, "--features is missing"),
        ({"features": ["tag"]}, {"metrics": ["Recall"]}, "--metrics lacks ColdRecall"),
    ],
)
def test_what_is_missing_is_told(options, settings, told):
    with pytest.raises(SettingsError, match=told):
        ColdStart().parts(ColdStartOptions(**options), (), settings)
