"""Excluded pairs: sorted once, sliced by block, renumbered for some rows."""

import pytest
import torch

from recbole_opal.errors import RetrievalError
from recbole_opal.retrieval.pairs import ExcludedPairs, check_pairs

CPU = torch.device("cpu")


def _excluded() -> ExcludedPairs:
    rows = torch.tensor([2, 0, 1, 0, 2, 2])
    ids = torch.tensor([5, 3, 0, 9, 5, 1])
    return ExcludedPairs.of((rows, ids), num_rows=3, num_items=10, device=CPU)


def test_sorted_by_id_and_repeats_collapse() -> None:
    excluded = _excluded()
    assert excluded.ids.tolist() == [0, 0, 0, 1, 3, 5, 9]  # the padding in each row
    assert excluded.rows.tolist() == [0, 1, 2, 2, 0, 2, 0]


def test_the_padding_counts_once() -> None:
    assert _excluded().counts().tolist() == [3, 1, 3]


def test_blocks_hold_every_pair_once_with_its_column() -> None:
    table = torch.arange(20.0).view(10, 2)
    blocks = list(_excluded().blocks(table, 4))
    assert [start for start, _, _ in blocks] == [0, 4, 8]
    assert torch.equal(torch.cat([vectors for _, vectors, _ in blocks]), table)
    found = [(rows.tolist(), columns.tolist()) for _, _, (rows, columns) in blocks]
    assert found == [([0, 1, 2, 2, 0], [0, 0, 0, 1, 3]), ([2], [1]), ([0], [1])]


def test_which_pairs_are_held() -> None:
    rows, ids = torch.tensor([0, 0, 2, 1]), torch.tensor([3, 1, 5, 5])
    assert _excluded().holds(rows, ids).tolist() == [True, False, True, False]


def test_for_rows_renumbers() -> None:
    part = _excluded().for_rows(torch.tensor([2, 1]))
    found = list(zip(part.rows.tolist(), part.ids.tolist(), strict=True))
    assert found == [(1, 0), (0, 0), (0, 1), (0, 5)]
    assert part.num_rows == 2


def test_no_pairs() -> None:
    excluded = ExcludedPairs.of(None, num_rows=2, num_items=4, device=CPU)
    assert [len(rows) for _, _, (rows, _) in excluded.blocks(torch.ones(4, 1), 2)] == [2, 0]
    assert excluded.counts().tolist() == [1, 1]


@pytest.mark.parametrize(
    ("rows", "ids", "message"),
    [
        ([0, 3], [1, 1], "row 0..3 of a pair lies outside 0..2"),
        ([0, 1], [1, 10], "item id 1..10 of a pair lies outside 0..9"),
        ([0], [-1], "item id"),
        ([0, 1], [1], "one length"),
    ],
)
def test_bad_pairs_are_refused(rows: list[int], ids: list[int], message: str) -> None:
    with pytest.raises(RetrievalError, match=message):
        check_pairs((torch.tensor(rows), torch.tensor(ids)), 3, 10, CPU)
