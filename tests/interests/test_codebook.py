"""A codebook: nearest codes, moving means, dead codes, and going on bit by bit."""

import pytest
import torch

from recbole_opal.interests.codebook import Codebook, nearest_codes


def make(num_codes=6, width=3, unit=False, decay=0.9, least_usage=0.1):
    torch.manual_seed(0)
    return Codebook(num_codes, width, unit=unit, decay=decay, least_usage=least_usage)


def test_the_nearest_code_equals_brute_force():
    torch.manual_seed(1)
    vectors, codes = (
        torch.randn(50, 3),
        torch.randn(7, 3) * torch.tensor([1, 2, 3, 1, 1, 1, 5])[:, None],
    )
    assert nearest_codes(vectors, codes).equal(torch.cdist(vectors, codes).argmin(dim=1))


def test_moving_means_are_what_the_paper_says():
    book, decay = make(num_codes=2), 0.9
    batches = [(torch.randn(5, 3), torch.tensor([0, 1, 0, 0, 1])) for _ in range(4)]
    number, total = torch.zeros(2), torch.zeros(2, 3)
    for items, chosen in batches:
        book.count(items, chosen)
        for code in (0, 1):
            mine = items[chosen == code]
            number[code] = decay * number[code] + (1 - decay) * len(mine)
            total[code] = decay * total[code] + (1 - decay) * mine.sum(dim=0)
    torch.testing.assert_close(book.codes, total / number.unsqueeze(1))


def test_a_code_without_items_stays_while_others_move():
    book = make(least_usage=0.0)
    before = book.codes.clone()
    book.count(torch.randn(4, 3), torch.tensor([0, 0, 2, 2]))
    moved = (book.codes != before).any(dim=1)
    assert moved.tolist() == [True, False, True, False, False, False]
    assert book.codes.isfinite().all()


@pytest.mark.parametrize("decay", [0.9, None])
def test_dead_codes_are_put_where_items_are_and_live_ones_stay(decay):
    book, items = make(decay=decay), torch.randn(20, 3)
    book.usage.copy_(torch.tensor([5.0, 0.0, 4.0, 0.01, 6.0, 5.0]))
    before = book.codes.detach().clone()
    book.replace_dead(items)
    kept = (book.codes.detach() == before).all(dim=1)
    assert kept.tolist() == [True, False, True, False, True, True]
    for code in (1, 3):
        assert (items == book.codes[code]).all(dim=1).any()
    before = book.codes.detach().clone()
    book.replace_dead(items)
    assert book.codes.equal(before)  # they have their share now


def test_at_first_all_codes_are_items_and_no_items_change_nothing():
    book = make()
    before = book.codes.clone()
    book.replace_dead(torch.zeros(0, 3))
    assert book.codes.equal(before)
    items = torch.randn(20, 3)
    book.replace_dead(items)
    assert (torch.cdist(book.codes, items).amin(dim=1) == 0).all()


def trained(steps, book):
    for _ in range(steps):
        items = torch.randn(30, 3)
        book.replace_dead(items)
        book.count(items, nearest_codes(items, book.vectors()))
    return book


def test_what_is_saved_goes_on_bit_by_bit():
    torch.manual_seed(3)
    book = trained(5, make())
    torch.manual_seed(4)
    other = Codebook(6, 3, unit=False, decay=0.9, least_usage=0.1)
    other.load_state_dict(book.state_dict())
    ends = []
    for each in (book, other):
        torch.manual_seed(5)
        ends.append(trained(5, each).state_dict())
    assert all(ends[0][name].equal(ends[1][name]) for name in ends[0])
    assert set(ends[0]) == {"codes", "usage", "sums"}


def test_planted_groups_are_all_found_and_no_code_stays_unused():
    torch.manual_seed(0)
    centres = torch.eye(8) * 4
    book = Codebook(16, 8, unit=False, decay=0.9, least_usage=0.1)
    for _ in range(60):
        items = centres[torch.randint(8, (200,))] + 0.1 * torch.randn(200, 8)
        book.replace_dead(items)
        book.count(items, nearest_codes(items, book.vectors()))
    nearest = torch.cdist(centres, book.codes).amin(dim=1)
    assert nearest.max() < 0.3
    assert torch.cdist(centres, book.codes).amin(dim=0).max() < 0.5
    assert 8 < book.perplexity() <= 16


def test_perplexity_counts_the_codes_in_use():
    book = make(num_codes=4)
    assert book.perplexity() == 0.0
    book.usage.copy_(torch.tensor([1.0, 1.0, 0.0, 0.0]))
    assert book.perplexity() == pytest.approx(2.0)
    book.usage.fill_(3.0)
    assert book.perplexity() == pytest.approx(4.0)


def test_unit_codes_are_compared_at_unit_length():
    torch.testing.assert_close(make(unit=True).vectors().norm(dim=1), torch.ones(6))
