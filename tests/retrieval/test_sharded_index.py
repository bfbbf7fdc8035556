"""The best of each part of the items, merged, are the lists of the exact search over all."""

import pytest
import torch

from recbole_opal.retrieval import MAXIMUM, ExactIndex, Scoring
from recbole_opal.retrieval.sharded_index import ShardedIndex, merged, search_shard

ITEMS, WIDTH, USERS = 61, 8, 9


def few_values(*shape, seed):
    """Return vectors of few values, so that many scores are equal."""
    draw = torch.Generator().manual_seed(seed)
    return torch.randint(-1, 2, shape, generator=draw).float()


def excluded_pairs(seed):
    draw = torch.Generator().manual_seed(seed)
    rows = torch.randint(0, USERS, (40,), generator=draw)
    return rows, torch.randint(1, ITEMS, (40,), generator=draw)


@pytest.mark.parametrize("interests", [1, 3])
@pytest.mark.parametrize("scoring", [MAXIMUM, Scoring(0.3)])
@pytest.mark.parametrize("edges", [(1, 61), (1, 20, 40, 61), (1, 2, 2, 7, 60, 61)])
@pytest.mark.parametrize("k", [1, 7, 80])
def test_merged_lists_are_those_of_all_items(interests, scoring, edges, k):
    """Parts of one item, and of none; lists longer than a part, and longer than the catalogue."""
    table, queries = few_values(ITEMS, WIDTH, seed=1), few_values(USERS, interests, WIDTH, seed=2)
    table[0] = 0
    for exclude in (None, excluded_pairs(3)):
        found = []
        for first, end in zip(edges, edges[1:], strict=False):
            part = torch.cat([table[:1], table[first:end]])
            index = ExactIndex(part, 16, scoring)
            found.append(search_shard(index, first, queries, k, exclude))
        expected = ExactIndex(table, 16, scoring).top_k(queries, k, exclude)
        lists = merged(found, k)
        assert torch.equal(lists.ids, expected.ids)
        assert torch.equal(lists.scores, expected.scores)


def test_a_part_without_queries_finds_nothing_for_nobody():
    index = ExactIndex(few_values(5, WIDTH, seed=1))
    none = torch.empty(0, dtype=torch.int64)
    found = search_shard(index, 7, torch.empty(0, 2, WIDTH), 3, (none, none))
    assert found.ids.shape == found.scores.shape == (0, 3)
    assert found.ids.dtype == torch.int64


def test_alone_a_process_searches_all_items():
    table, queries = few_values(ITEMS, WIDTH, seed=4), few_values(USERS, 2, WIDTH, seed=5)
    table[0] = 0
    found = ShardedIndex(table[1:], 1).top_k(queries, 5, excluded_pairs(6))
    assert torch.equal(found.ids, ExactIndex(table).top_k(queries, 5, excluded_pairs(6)).ids)
