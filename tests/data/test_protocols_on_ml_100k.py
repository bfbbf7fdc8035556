"""What the log says of each protocol on a real data set, beside a few lines of pandas."""

import numpy as np
import pandas as pd
import pytest

from recbole_opal.host import recbole_folder
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import prepare_data

USER, ITEM, TIME = "user_id:token", "item_id:token", "timestamp:float"


@pytest.fixture(scope="module")
def log():
    path = recbole_folder() / "dataset_example" / "ml-100k" / "ml-100k.inter"
    return pd.read_csv(path, sep="\t", dtype={USER: str, ITEM: str})


@pytest.fixture
def counts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # RecBole writes log folders where it stands

    def count(protocol):
        config = OpalConfig("OPAL", "ml-100k", {"eval_args": {"split": protocol}})
        return prepare_data(config, future_items=True).counts

    return count


def asked(part, before):
    """Interactions and users of a part who have a history, and interactions of the others."""
    known = part[USER].isin(before[USER])
    return int(known.sum()), part[USER][known].nunique(), int((~known).sum())


def test_one_cut_in_time(log, counts):
    times = np.sort(log[TIME])
    first, second = times[int(0.8 * len(log))], times[int(0.9 * len(log))]
    train, rest = log[log[TIME] < first], log[log[TIME] >= first]
    valid, test = rest[rest[TIME] < second], rest[rest[TIME] >= second]
    found = counts({"time": [8, 1, 1]})
    assert found["interactions"] == len(log)
    assert found["training_interactions"] == len(train)
    for name, part, before in (("valid", valid, train), ("test", test, pd.concat([train, valid]))):
        told = [found[f"{name}_interactions"], found[f"{name}_rows"]]
        told.append(found[f"{name}_interactions_without_history"])
        assert tuple(told) == asked(part, before)
        unseen = ~part[ITEM].isin(train[ITEM]) & part[USER].isin(before[USER])
        assert found[f"{name}_targets_unseen_in_training"] == int(unseen.sum())


def test_the_last_weeks(log, counts):
    week = 7 * 86_400
    weeks = np.floor(log[TIME] / week).astype(int)
    last = weeks.max()
    active = weeks[weeks < last - 1].groupby(log[USER]).nunique()
    kept = log[USER].isin(active[active >= 2].index)
    before = log[kept & (weeks < last - 1)]
    seen = kept & log[ITEM].isin(before[ITEM])
    found = counts({"last_day": {"day_length": week, "min_days": 2}})
    assert found["users"] == int((active >= 2).sum())
    assert found["training_interactions"] == len(before)
    for name, when in (("valid", last - 1), ("test", last)):
        part = log[seen & (weeks == when)]
        assert found[f"{name}_interactions"] == len(part) > 0
        assert found[f"{name}_rows"] == part[USER].nunique()
    assert found["read_interactions"] == len(log)
    assert found["dropped_users_few_days"] == log[USER].nunique() - found["users"]


def test_users_held_out(log, counts):
    found = counts({"user": [8, 1, 1]})
    users = log[USER].nunique()
    assert found["training_users"] == int(0.8 * users)
    assert found["valid_rows"] == int(0.9 * users) - int(0.8 * users)
    assert found["test_rows"] == users - int(0.9 * users)
    parts = ("training_interactions", "held_out_history_interactions")
    parts += ("valid_interactions", "test_interactions")
    assert sum(found[name] for name in parts) == len(log)
    held_out = len(log) - found["training_interactions"]
    targets = found["valid_interactions"] + found["test_interactions"]
    # The last fifth of each held-out user, rounded up.
    assert 0.2 * held_out <= targets < 0.2 * held_out + found["valid_rows"] + found["test_rows"]
