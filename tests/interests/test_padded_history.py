"""A padded history answers as the history laid end to end does, and its scan as the packed GRU."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.interests.history import History
from recbole_opal.interests.padded_history import PaddedHistory
from recbole_opal.interests.subsequences import SubsequenceGRU

LENGTHS = st.lists(st.integers(0, 6), min_size=1, max_size=5)


def both(lengths, more=0, width=3):
    """Return the same history in both forms, and the (T,) places of its items in the padded one."""
    torch.manual_seed(len(lengths))
    counts = torch.tensor(lengths)
    flat = History(torch.randn(int(counts.sum()), width, dtype=torch.float64), counts)
    padded, mask = flat.padded()
    padded = torch.nn.functional.pad(padded, (0, 0, 0, more))
    mask = torch.nn.functional.pad(mask, (0, more))
    places = mask.flatten().nonzero().squeeze(1)
    return flat, PaddedHistory(padded.flatten(0, 1), counts, width=padded.shape[1]), places


@given(LENGTHS, st.integers(1, 3))
def test_what_encoders_ask_is_the_same(lengths, more):
    flat, padded, places = both(lengths, more)
    assert padded.rows[places].equal(flat.rows)
    assert padded.columns()[places].equal(flat.columns())
    for ends, wanted in zip(padded.ends(), flat.ends(), strict=True):
        assert ends[places].equal(wanted)
    assert padded.sum_by_row(padded.vectors + 1).allclose(flat.sum_by_row(flat.vectors + 1))
    (vectors, mask), (wanted, wanted_mask) = padded.padded(), flat.padded()
    width = wanted.shape[1]
    assert vectors[:, :width].equal(wanted)
    assert mask[:, :width].equal(wanted_mask)
    assert not mask[:, width:].any()
    logits = padded.hide_padding(padded.vectors)
    assert logits[places].equal(flat.hide_padding(flat.vectors))
    assert padded.pad(padded.vectors, -1.0)[:, :width].equal(flat.pad(flat.vectors, -1.0))


@pytest.mark.parametrize(("lengths", "interests"), [([4, 0, 1, 6], 3), ([2], 1)])
def test_a_scan_ends_where_the_packed_gru_ends(lengths, interests):
    flat, padded, places = both(lengths, more=1)
    module = SubsequenceGRU(3).double()
    categories = torch.randint(interests, (len(padded.vectors),))
    with torch.no_grad():
        wanted = module(flat, categories[places], interests)
        torch.testing.assert_close(module(padded, categories, interests), wanted)
