"""Self-attentive interests against a naive computation."""

import torch

from recbole_opal.interests.history import History
from recbole_opal.interests.self_attention import SelfAttentionSettings, SelfAttentiveInterests


def case():
    torch.manual_seed(0)
    settings = SelfAttentionSettings(num_interests=3, hidden_size=4, attention_size=5)
    module = SelfAttentiveInterests(settings, 6).double()
    return module, History(torch.randn(6, 4, dtype=torch.float64), torch.tensor([4, 0, 2]))


def test_equals_a_loop_over_rows():
    module, history = case()
    actual = module(history).interests
    for row in (0, 2):
        vectors = history.vectors[history.rows == row]
        hidden = torch.tanh(module.hidden(vectors + module.positions[: len(vectors)]))
        logits = hidden @ module.output.weight.T + module.output.bias  # (L, K)
        for interest in range(3):
            weights = logits[:, interest].exp() / logits[:, interest].exp().sum()
            torch.testing.assert_close(actual[row, interest], weights @ vectors)


def test_an_empty_history_gives_zeros():
    module, history = case()
    assert module(history).interests[1].eq(0).all()


def test_values_hold_no_positions():
    """With one item its weight is 1, so the interest is the item's vector itself."""
    module, _ = case()
    vector = torch.randn(1, 4, dtype=torch.float64)
    interests = module(History(vector, torch.tensor([1]))).interests
    torch.testing.assert_close(interests[0], vector.expand(3, 4))


def test_values_can_hold_their_positions():
    torch.manual_seed(0)
    settings = SelfAttentionSettings(num_interests=2, hidden_size=4, attention_size=5)
    module = SelfAttentiveInterests(settings, 6, placed_values=True)
    vector = torch.randn(1, 4)
    interests = module(History(vector, torch.tensor([1]))).interests
    torch.testing.assert_close(interests[0], (vector + module.positions[0]).expand(2, 4))


def test_attention_sums_to_one_over_the_items_of_a_row_and_leaves_padding_out():
    module, history = case()
    attended = module(history)
    sums = attended.attention.sum(dim=1)
    torch.testing.assert_close(sums[0], torch.ones(3, dtype=torch.float64))
    torch.testing.assert_close(sums[2], torch.ones(3, dtype=torch.float64))
    assert attended.attention[~attended.mask].eq(0).all()
    assert attended.attention[1].eq(0).all()  # an empty row
