"""The winning interests of listed items."""

from itertools import combinations

import torch

from recbole_opal.retrieval import exact_top_k, scores
from recbole_opal.retrieval.winners import NO_INTEREST, pairwise_cosines, winning_interests


def test_by_hand():
    interests = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    items = torch.tensor([[0.0, 0.0], [2.0, 1.0], [1.0, 3.0], [1.0, 1.0]])
    found = winning_interests(interests, items, torch.tensor([[2, 1, 3, 0]]))
    assert found.dtype == torch.uint8
    assert found.tolist() == [[1, 0, 0, NO_INTEREST]]  # of equals the first


def test_the_winner_s_product_is_the_score_of_the_list(monkeypatch):
    monkeypatch.setattr(scores, "_CHUNK_ELEMENTS", 300)  # several chunks
    generator = torch.Generator().manual_seed(0)
    interests = torch.randn(17, 5, 6, generator=generator)
    items = torch.randn(80, 6, generator=generator)
    lists = exact_top_k(interests, items, 9)
    found = winning_interests(interests, items, lists.ids)
    for row in range(17):
        for place in range(9):
            products = interests[row].double() @ items[lists.ids[row, place]].double()
            assert products.argmax() == found[row, place]
            assert products.max().float() == lists.scores[row, place]


def test_copies_that_are_not_active_never_win(monkeypatch):
    """Six equal columns of a matrix product differ in their last bits, so some copy would win."""
    monkeypatch.setattr(scores, "_CHUNK_ELEMENTS", 64 * 50 * 7)  # several chunks
    generator = torch.Generator().manual_seed(0)
    interests = torch.randn(20, 1, 64, generator=generator).expand(20, 6, 64)
    items, ids = torch.randn(51, 64, generator=generator), torch.arange(1, 51).expand(20, 50)
    active = torch.arange(6).expand(20, 6) < 1
    assert winning_interests(interests, items, ids, active).eq(0).all()


def test_who_may_win_is_told_row_by_row():
    interests = torch.tensor([[[3.0], [2.0], [1.0]]]).expand(3, 3, 1)
    active = torch.tensor([[True, True, True], [False, True, True], [False, False, True]])
    found = winning_interests(interests, torch.ones(2, 1), torch.ones(3, 1).long(), active)
    assert found.tolist() == [[0], [1], [2]]


def test_cosines_of_active_interests_equal_a_loop_over_their_pairs():
    generator = torch.Generator().manual_seed(2)
    interests = torch.randn(7, 4, 3, generator=generator)
    active = torch.arange(4) < torch.tensor([1, 2, 3, 4, 2, 1, 3]).unsqueeze(1)
    found = pairwise_cosines(interests, active)
    for row, own, value in zip(interests, active, found, strict=True):
        kept = row[own]
        pairs = [torch.cosine_similarity(a, b, dim=0) for a, b in combinations(kept, 2)]
        expected = torch.stack(pairs).mean() if pairs else torch.tensor(torch.nan)
        torch.testing.assert_close(value.float(), expected, equal_nan=True)


def test_cosines_equal_a_loop_over_pairs():
    interests = torch.randn(6, 4, 3, generator=torch.Generator().manual_seed(1))
    for row, found in zip(interests, pairwise_cosines(interests), strict=True):
        pairs = [torch.cosine_similarity(row[i], row[j], dim=0) for i in range(4) for j in range(i)]
        torch.testing.assert_close(found.float(), torch.stack(pairs).mean())


def test_equal_interests_have_cosine_one_and_a_single_one_has_none():
    one = torch.randn(3, 1, 4)
    torch.testing.assert_close(
        pairwise_cosines(one.expand(3, 5, 4)), torch.ones(3, dtype=torch.float64)
    )
    assert pairwise_cosines(one).isnan().all()


def test_what_differs_by_rounding_is_one_interest():
    generator = torch.Generator().manual_seed(0)
    one = torch.randn(20, 1, 8, generator=generator)
    noise = 1 + 1e-7 * torch.randn(20, 4, 8, generator=generator)
    items = 100 * torch.randn(50, 8, generator=generator)
    ids = torch.arange(1, 50).expand(20, 49)
    assert not winning_interests(one * noise, items, ids).any()
