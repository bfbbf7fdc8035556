"""The code of docs/vector-stores.md, taken from the page and run on a real store."""

import json
import re

import numpy as np
import pytest

import recbole_opal

HISTORIES = {"ann": ["i1", "i2", "i30"], "bob": ["i13"], "eve": ["i40", "i3", "i25", "i3"]}


@pytest.fixture(scope="module")
def page(root):
    return (root / "docs" / "vector-stores.md").read_text(encoding="utf-8")


@pytest.fixture
def code(page):
    found = {
        name: text
        for name, text in re.findall(
            r"^```python title=\"(merge|qdrant)\"\n(.*?)^```$", page, re.DOTALL | re.MULTILINE
        )
    }
    return compile(found["merge"] + found["qdrant"], "docs/vector-stores.md", "exec")


def merged_list(code, bundle, history, k=6):
    queries = recbole_opal.load(bundle).user_vectors([history]).vectors[0]
    names = {
        "vectors": np.load(bundle / "items.npy"),
        "tokens": json.loads((bundle / "ids.json").read_text())["item_id"][1:],
        "queries": queries,
        "temperature": json.loads((bundle / "bundle.json").read_text())["temperature"],
        "seen": [*history, "unheard of"],
        "k": k,
    }
    exec(code, names)  # noqa: S102, the page's own code
    return names["merged"]


@pytest.mark.parametrize("kind", ["bundle", "prior_bundle"])
@pytest.mark.parametrize("user", HISTORIES)
def test_qdrant_gives_the_exact_list(code, request, user, kind):
    bundle = request.getfixturevalue(kind)
    assert np.load(bundle / "items.npy").shape[1] == 9  # with the coordinate of the prior
    merged = merged_list(code, bundle, HISTORIES[user])
    exact = recbole_opal.load(bundle, retrieval="torch").recommend([HISTORIES[user]], k=6)
    assert [item for item, _ in merged] == exact["item"].tolist()
    np.testing.assert_allclose([score for _, score in merged], exact["score"], atol=1e-5)


def test_the_sum_that_multi_vector_search_takes_is_another_rule(code, bundle):
    history = HISTORIES["ann"]
    queries = recbole_opal.load(bundle).user_vectors([history]).vectors[0]
    by_sum = np.load(bundle / "items.npy") @ queries.sum(axis=0)
    tokens = json.loads((bundle / "ids.json").read_text())["item_id"][1:]
    ranked = [tokens[row] for row in np.argsort(-by_sum) if tokens[row] not in history][:6]
    assert ranked != [item for item, _ in merged_list(code, bundle, history)]


def test_the_page_says_what_has_not_been_run(page):
    parts = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    names = ["The merge", "Qdrant", "Milvus", "Vespa"]
    assert [part.split("\n")[0] for part in parts] == names
    for part in parts[2:]:
        assert "**Not run by a test.**" in part
        for block in re.findall(r"^```python\n(.*?)^```$", part, re.DOTALL | re.MULTILINE):
            compile(block, "docs/vector-stores.md", "exec")
