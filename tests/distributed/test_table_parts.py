"""Rows at a time: nothing is left out, and what is drawn so is what one draw gives."""

import pytest
import torch

from recbole_opal.distributed.table_parts import row_pieces


@pytest.mark.parametrize("width", [1, 3, 8, 20])
@pytest.mark.parametrize("rows", [1, 5, 15, 16, 17, 31, 33, 100, 128])
def test_numbers_drawn_piece_by_piece_are_those_of_one_draw(monkeypatch, rows, width):
    monkeypatch.setattr("recbole_opal.distributed.table_parts._PIECE", 32 * width)
    pieces = list(row_pieces(rows, width))
    covered = [row for piece in pieces for row in range(piece.start, piece.stop)]
    assert covered == list(range(rows))
    assert len(pieces) == 1 or max(each.stop - each.start for each in pieces) < 48
    torch.manual_seed(1)
    whole, after = torch.empty(rows, width).normal_(std=0.1), torch.rand(1)
    torch.manual_seed(1)
    drawn = [torch.empty(each.stop - each.start, width).normal_(std=0.1) for each in pieces]
    assert torch.equal(torch.cat(drawn), whole)
    assert torch.equal(torch.rand(1), after)
