"""The winning interests of listed items."""

import torch

from recbole_opal.retrieval import exact_top_k, winners
from recbole_opal.retrieval.winners import NO_INTEREST, pairwise_cosines, winning_interests


def test_by_hand():
    interests = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    items = torch.tensor([[0.0, 0.0], [2.0, 1.0], [1.0, 3.0], [1.0, 1.0]])
    found = winning_interests(interests, items, torch.tensor([[2, 1, 3, 0]]))
    assert found.dtype == torch.uint8
    assert found.tolist() == [[1, 0, 0, NO_INTEREST]]  # of equals the first


def test_the_winner_s_product_is_the_score_of_the_list(monkeypatch):
    monkeypatch.setattr(winners, "_CHUNK_ELEMENTS", 300)  # several chunks
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
