"""Similar items, vectors and explanations, by hand."""

import numpy as np
import pytest
import torch

from recbole_opal.errors import DataError, SettingsError

HISTORY = ["i1", "i2", "i3", "i1", "i9"]


@pytest.mark.parametrize(
    ("model", "settings", "kind"),
    [
        ("OPAL", {}, "cosine"),
        ("OPAL", {"interest_prior": 1.0}, "cosine"),
        ("MIND", {"similarity": "inner_product"}, "inner product"),
    ],
)
def test_similar_items(make_recommender, model, settings, kind):
    recommender = make_recommender(model, **settings)
    frame = recommender.similar_items(["i2", "i1", "i2"], k=3)
    assert list(frame.columns) == ["item", "rank", "similar_item", "score"]
    assert frame["item"].tolist() == ["i2"] * 3 + ["i1"] * 3 + ["i2"] * 3
    assert frame["rank"].tolist() == [1, 2, 3] * 3
    assert frame.attrs["similarity"] == kind
    vectors = recommender.network.items.all().detach().double().numpy()  # without a prior
    for item in (1, 2):
        scores = vectors @ vectors[item]
        scores[[0, item]] = -np.inf
        best = np.argsort(-scores)[:3]
        own = frame[frame["item"] == f"i{item}"][:3]
        assert own["similar_item"].tolist() == [f"i{number}" for number in best]
        np.testing.assert_allclose(own["score"], scores[best], rtol=1e-6)
    assert len(recommender.similar_items("i1", k=100)) == 11  # all but itself and the padding
    assert len(recommender.similar_items([])) == 0
    with pytest.raises(DataError, match="1 unknown item, 'x'"):
        recommender.similar_items(["i1", "x"])
    with pytest.raises(SettingsError, match="k=0"):
        recommender.similar_items(["i1"], k=0)


@pytest.mark.parametrize("scoring", ["logsumexp", "maximum"])
def test_vectors_give_the_scores(make_recommender, scoring):
    recommender = make_recommender(interest_prior=0.5, scoring=scoring)
    users = recommender.user_vectors({"ann": HISTORY, 5: [], "bob": ["i4"]})
    items = recommender.item_vectors()
    assert users.users == ["ann", 5, "bob"]
    assert users.vectors.shape == (3, 3, 9)
    assert items.vectors.shape == (12, 9)
    assert users.vectors.dtype == items.vectors.dtype == np.float32
    assert items.items == [f"i{number}" for number in range(1, 13)]
    assert not users.vectors[1].any()
    assert not users.active[1].any()
    np.testing.assert_allclose(users.shares.sum(axis=1), [1, 0, 1], rtol=1e-6)
    frame = recommender.recommend({"ann": HISTORY}, k=3, exclude_seen=False)
    products = users.vectors[0].astype(float) @ items.vectors.T.astype(float)  # (K, N - 1)
    scores = products.max(axis=0)
    assert users.temperature == (0.1 if scoring == "logsumexp" else 0)
    if users.temperature:
        scores = users.temperature * np.log(np.exp(products / users.temperature).sum(axis=0))
    best = np.argsort(-scores)[:3]
    assert frame["item"].tolist() == [items.items[number] for number in best]
    np.testing.assert_allclose(frame["score"], scores[best], rtol=1e-5)
    items.vectors[:] = 0  # a copy
    assert recommender.retriever.items.table[1:].any()
    assert len(recommender.user_vectors({})) == 0


@pytest.mark.parametrize("model", ["OPAL", "MIND", "ComiRecSA"])
def test_an_explanation_agrees_with_the_list(make_recommender, model):
    settings = {"dynamic_interests": True} if model == "MIND" else {"scoring": "maximum"}
    recommender = make_recommender(model, **settings)
    frame = recommender.recommend({"ann": HISTORY}, k=12)
    users = recommender.user_vectors({"ann": HISTORY})
    for row in frame.itertuples():
        told = recommender.explain(HISTORY, row.item)
        assert (told.item, told.rank, told.interest) == (row.item, row.rank, row.interest)
        assert told.score == row.score == np.nanmax(told.interest_scores)
        assert np.isnan(told.interest_scores).tolist() == (~users.active[0]).tolist()
        assert told.interest_shares == pytest.approx(users.shares[0].tolist())
        assert told.share == told.interest_shares[row.interest]
        assert (told.part, np.nansum(told.interest_parts)) == (1, 1)
        assert np.isnan(told.interest_parts).tolist() == (~users.active[0]).tolist()
        assert f"retrieved by interest {told.interest}, which" in repr(told)
    seen = recommender.explain(HISTORY, "i1", nearest=2)
    assert seen.rank is None
    assert len(seen.nearest) == 2
    if model != "MIND":
        assert (seen.nearest[0].item, seen.nearest[0].ago) == ("i1", 1)
        assert seen.nearest[0].similarity == pytest.approx(1.0)


@pytest.mark.parametrize(("model", "settings"), [
    ("OPAL", {"interest_prior": 1.0}), ("MIND", {"dynamic_interests": True}),
])  # fmt: skip
def test_an_explanation_agrees_with_the_list_of_a_soft_maximum(make_recommender, model, settings):
    recommender = make_recommender(model, scoring="logsumexp", temperature=0.5, **settings)
    frame = recommender.recommend({"ann": HISTORY}, k=12)
    vectors, items = recommender.user_vectors({"ann": HISTORY}), recommender.item_vectors()
    products = vectors.vectors[0] @ items.vectors.T  # (K, N - 1)
    scores = 0.5 * np.logaddexp.reduce(products / 0.5, axis=0)
    of_item = dict(zip(items.items, scores, strict=True))
    np.testing.assert_allclose(frame["score"], frame["item"].map(of_item), atol=1e-6)
    for row in frame.itertuples():
        told = recommender.explain(HISTORY, row.item)
        assert (told.item, told.rank, told.interest) == (row.item, row.rank, row.interest)
        assert told.score == row.score
        assert told.interest == np.nanargmax(told.interest_scores)
        assert told.score > np.nanmax(told.interest_scores)
        used = np.exp(np.array(told.interest_scores) / 0.5)[vectors.active[0]]
        parts = np.array(told.interest_parts)
        np.testing.assert_allclose(parts[vectors.active[0]], used / used.sum(), rtol=1e-5)
        assert np.isnan(parts).tolist() == (~vectors.active[0]).tolist()
        assert told.part == np.nanmax(parts)
        assert f"retrieved by interest {told.interest} ({told.part:.0%} of its score)" in repr(told)


def test_an_explanation_reads_well(recommender):
    told = recommender.explain(HISTORY, "i5", nearest=10)
    assert [each.item for each in sorted(told.nearest, key=lambda each: -each.ago)] == [
        "i2",
        "i3",
        "i1",
        "i9",
    ]
    similarities = [each.similarity for each in told.nearest]
    assert similarities == sorted(similarities, reverse=True)
    similar = recommender.similar_items("i5", k=12).set_index("similar_item")["score"]
    for each in told.nearest:
        assert each.similarity == pytest.approx(similar[each.item], rel=1e-5)
    text = repr(told)
    assert text.startswith("item i5: score ")
    assert f"rank {told.rank}; retrieved by interest {told.interest}" in text
    assert "the newest" in text
    frame = told.to_frame()
    assert frame["history_item"].tolist() == [each.item for each in told.nearest]
    assert set(frame["item"]) == {"i5"}


def test_what_cannot_be_explained(recommender):
    with pytest.raises(DataError, match="its list is by popularity"):
        recommender.explain(["unknown"], "i1")
    with pytest.raises(DataError, match="the items to explain hold 1 unknown item, 'x'"):
        recommender.explain(["i1"], "x")


def test_threads_share_a_recommender(recommender):
    from concurrent.futures import ThreadPoolExecutor

    histories = [[f"i{1 + (user + step) % 12}" for step in range(user % 6)] for user in range(40)]
    expected = [recommender.recommend({"u": each}, k=5) for each in histories]
    state = torch.get_rng_state()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda each: recommender.recommend({"u": each}, k=5), histories))
    assert all(one.equals(other) for one, other in zip(found, expected, strict=True))
    assert torch.get_rng_state().equal(state)
