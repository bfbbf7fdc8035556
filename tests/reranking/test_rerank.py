"""Lists by ComiRec's greedy rule, against the rule written out for one user."""

import numpy as np
import pytest
import torch

from recbole_opal.errors import SettingsError
from recbole_opal.evaluation.diversity import category_diversity
from recbole_opal.reranking import Candidates, Reranking, rerank

INF = float("inf")


def written_out(values, sets, k, weight):
    """Return the columns chosen for one user, by the objective's definition."""
    chosen = []
    while len(chosen) < k and len(chosen) < len(values):
        gains = [
            -INF
            if i in chosen
            else values[i] - weight * sum(bool(sets[i] & sets[j]) for j in chosen)
            for i in range(len(values))
        ]
        chosen.append(int(np.argmax(gains)))
    return chosen


def made(rows=40, count=60, width=3, tags=9, seed=0):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(rows, count, generator=generator).sort(dim=1, descending=True).values
    ids = torch.stack([torch.randperm(200, generator=generator)[:count] + 1 for _ in range(rows)])
    categories = torch.randint(0, tags + 1, (201, width), generator=generator)
    categories[0] = 0
    shares = torch.ones(rows, 1)
    candidates = Candidates(
        ids, scores, torch.zeros_like(ids), torch.randn(201, 8, generator=generator), shares,
        shares > 0,
    )  # fmt: skip
    return candidates, categories


@pytest.mark.parametrize(("width", "tags"), [(1, 5), (1, 100), (2, 400), (3, 9), (4, 150)])
@pytest.mark.parametrize("weight", [0.05, 0.4])
def test_the_greedy_rule(width, tags, weight):
    candidates, categories = made(width=width, tags=tags)
    found = rerank(candidates, 12, Reranking(diversity=weight), categories)
    for row, (ids, scores) in enumerate(zip(candidates.ids, candidates.scores, strict=True)):
        values = ((scores - scores[11]) / (scores[0] - scores[11])).tolist()
        sets = [set(categories[i].tolist()) - {0} for i in ids]
        chosen = written_out(values, sets, 12, weight)
        assert found.ids[row].tolist() == ids[chosen].tolist()
        assert found.scores[row].tolist() == scores[chosen].tolist()  # the candidates' own


def test_without_diversity_it_is_the_plain_list():
    candidates, categories = made()
    found = rerank(candidates, 12, Reranking(), categories)
    assert found.ids.equal(candidates.ids[:, :12])
    assert found.scores.equal(candidates.scores[:, :12])


def test_category_diversity_grows_with_lambda():
    candidates, categories = made(rows=200, width=1, tags=5)
    reached = []
    for weight in (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 100.0):
        ids = rerank(candidates, 10, Reranking(diversity=weight), categories).ids.numpy()
        found = category_diversity(ids.astype(np.int32), categories.numpy(), [10])
        reached.append(float(np.nanmean(found["category_diversity@10"])))
    assert np.diff(reached).min() >= 0
    assert reached[-1] > reached[0] + 0.05


def test_lambda_does_not_depend_on_the_scores_unit():
    candidates, categories = made()
    scaled = Candidates(
        candidates.ids, candidates.scores * 64 - 32, candidates.interests, candidates.items,
        candidates.shares, candidates.active,
    )  # fmt: skip
    how = Reranking(diversity=0.1)
    assert rerank(candidates, 12, how, categories).ids.equal(
        rerank(scaled, 12, how, categories).ids
    )


def test_equal_scores_go_by_id_and_fills_stand_at_the_end(make_candidates):
    candidates = make_candidates([[1.0, 1.0, 1.0, -INF], [-INF] * 4])
    categories = torch.tensor([[0], [1], [1], [2], [2]])
    found = rerank(candidates, 5, Reranking(diversity=0.1), categories)
    assert found.ids.tolist() == [[1, 3, 2, 0, 0], [0] * 5]
    assert found.scores.tolist() == [[1.0, 1.0, 1.0, -INF, -INF], [-INF] * 5]


def test_an_item_without_a_category_is_like_no_other(make_candidates):
    candidates = make_candidates([[4.0, 3.0, 2.0, 1.0]])
    categories = torch.tensor([[0], [1], [1], [0], [0]])
    found = rerank(candidates, 3, Reranking(diversity=5.0), categories)
    assert found.ids.tolist() == [[1, 3, 4]]


@pytest.mark.parametrize("categories", [None, torch.zeros(5, 1, dtype=torch.int64)])
def test_without_categories_the_other_rules_are_named(make_candidates, categories):
    with pytest.raises(SettingsError, match="use rule=mmr"):
        rerank(make_candidates([[2.0, 1.0]]), 1, Reranking(diversity=0.1), categories)
