"""A recommender gives, by raw ids, the lists that the run saved."""

import numpy as np
import pytest

import recbole_opal
from recbole_opal.runs import RunReader

CASES = [
    ("OPAL", "soft", {}),
    ("OPAL", "hard", {}),
    ("OPAL", "hard", {"interest_prior": 0.5}),
    ("OPAL", "hard", {"interest_prior": 1.0, "scoring": "logsumexp"}),
    ("OPAL", "soft", {"scoring": "logsumexp", "retrieval": "faiss"}),
    ("MIND", "train", {"scoring": "logsumexp", "dynamic_interests": True}),
    ("OPAL", "soft", {"recency": "place"}),
    ("OPAL", "hard", {"recency": "both"}),
    ("MIND", "train", {"dynamic_interests": True}),
    ("PIMI", "train", {}),
    ("YoutubeDNN", "train", {"mask_history": False}),
]


def raw_histories(run):
    """Return the items of each user of the test part, and their times, out of the run folder."""
    tokens, saved = run.load_json("ids.json"), run.load_arrays("histories-test.npz")
    names, cuts = np.array(tokens["item_id"], dtype=object), np.cumsum(saved["lengths"])[:-1]
    users = [tokens["user_id"][number] for number in saved["user_id"]]
    items = dict(zip(users, np.split(names[saved["items"]], cuts), strict=True))
    if "times" not in saved:
        return items, None
    return items, dict(zip(users, np.split(saved["times"], cuts), strict=True))


@pytest.mark.parametrize(("model", "stage", "settings"), CASES)
def test_lists_are_those_of_the_run(run_of, model, stage, settings):
    folder = run_of(model, **settings)
    run = RunReader.open(folder)
    histories, times = raw_histories(run)
    recommender = recbole_opal.load(folder, stage)
    frame = recommender.recommend(
        histories, k=10, times=times, exclude_seen=settings.get("mask_history", True)
    )
    saved = run.load_arrays(f"lists-{stage}-test.npz")
    names = np.array(run.load_json("ids.json")["item_id"], dtype=object)
    assert frame["item"].tolist() == names[saved["items"]].ravel().tolist()
    assert frame["interest"].tolist() == saved["interest"].ravel().tolist()
    assert frame["user"].unique().tolist() == list(histories)
    assert not frame["by_popularity"].any()
