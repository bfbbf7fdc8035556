"""Re4's encoder and decoder against naive loops, their invariances."""

import pytest
import torch

from recbole_opal.interests.decoder import InterestDecoder
from recbole_opal.interests.history import History
from recbole_opal.models.re4 import AttentiveHistories, AttentiveInterests, Re4Settings


def random_history(lengths, width=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    rows = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    vectors = torch.randn(len(rows), width, generator=generator, dtype=torch.float64)
    return History(vectors, torch.as_tensor(lengths))


def test_interests_equal_a_naive_loop():
    torch.manual_seed(0)
    encoder = AttentiveInterests(
        Re4Settings(num_interests=3, hidden_size=4, attention_size=5)
    ).double()
    history = random_history([4, 1, 2])
    encoded = encoder(history)
    for row in range(3):
        items = history.vectors[history.rows == row]
        for k in range(3):
            scores = [
                (encoder.logits.weight[k] @ (encoder.hidden.weight @ item).tanh()).exp().item()
                for item in items
            ]
            weights = [score / sum(scores) for score in scores]
            total = sum(
                w * (encoder.transform.weight @ x) for w, x in zip(weights, items, strict=True)
            )
            torch.testing.assert_close(encoded.interests[row, k], total)
            torch.testing.assert_close(
                encoded.log_attention[row, k, : len(items)].exp(),
                torch.tensor(weights, dtype=torch.float64),
            )
            assert encoded.log_attention[row, k, len(items) :].exp().eq(0).all()


def test_the_authors_readout_is_an_option():
    torch.manual_seed(0)
    encoder = AttentiveInterests(
        Re4Settings(num_interests=2, hidden_size=4, attention_size=5, interest_output="tanh")
    ).double()
    history = random_history([3])
    with_output = encoder(history).interests
    encoder.output, output = None, encoder.output
    torch.testing.assert_close(with_output, output(encoder(history).interests).tanh())


def test_an_item_is_representative_above_even_attention_of_its_own_row():
    weights = torch.tensor([[[0.5, 0.3, 0.2, 0.0]], [[0.5, 0.5, 0.0, 0.0]], [[1.0, 0, 0, 0]]])
    mask = weights.squeeze(1) > 0
    encoded = AttentiveHistories(torch.zeros(3, 1, 2), weights.log(), torch.zeros(3, 4, 2), mask)
    assert encoded.representative().squeeze(1).tolist() == [
        [True, False, False, False],  # 0.5 > 1/3 only
        [False] * 4,  # even
        [False] * 4,  # one item is even too
    ]


def naive_decode(decoder, interest, position, length):
    unfolded = [decoder.unfold[j] @ interest for j in range(length)]
    logits = [decoder.positions[position] @ (decoder.hidden.weight @ c).tanh() for c in unfolded]
    weights = torch.stack(logits).softmax(dim=0)
    return sum(w * (decoder.values.weight @ c) for w, c in zip(weights, unfolded, strict=True))


@pytest.mark.parametrize("rows", [1, 5, 20])
def test_decoding_equals_a_naive_loop(rows):
    torch.manual_seed(0)
    decoder = InterestDecoder(4, max_length=6).double()
    lengths = torch.randint(1, 6, (rows,))
    interests = torch.randn(rows, 2, 4, dtype=torch.float64)
    inside = torch.arange(5) < lengths.unsqueeze(1)
    wanted = (torch.rand(rows, 2, 5) < 0.5) & inside.unsqueeze(1)
    decoded, places = decoder(interests, wanted, lengths)
    assert len(decoded) == len(places) == int(wanted.sum())
    seen = torch.zeros(rows, 5, dtype=torch.long)
    for vector, (row, position) in zip(decoded, places.tolist(), strict=True):
        seen[row, position] += 1
        candidates = [
            naive_decode(decoder, interests[row, k], position, int(lengths[row]))
            for k in range(2)
            if wanted[row, k, position]
        ]
        assert any(torch.allclose(vector, candidate) for candidate in candidates)
    assert seen.equal(wanted.sum(dim=1))


def test_nothing_wanted_decodes_nothing():
    decoder = InterestDecoder(4, max_length=6)
    decoded, places = decoder(
        torch.randn(3, 2, 4), torch.zeros(3, 2, 5, dtype=torch.bool), torch.tensor([5, 1, 2])
    )
    assert decoded.shape == (0, 4)
    assert places.shape == (0, 2)
