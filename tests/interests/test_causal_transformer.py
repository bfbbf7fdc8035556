"""Causal states: nothing later, padding included, reaches an item."""

import torch

from recbole_opal.interests.causal_transformer import CausalTransformer


def build(dropout=0.0):
    torch.manual_seed(0)
    module = CausalTransformer(8, 6, layers=2, heads=2, inner=8, dropout=dropout)
    return module.double(), torch.randn(3, 5, 8, dtype=torch.float64)


def test_later_items_change_no_earlier_state():
    module, vectors = build()
    states = module(vectors)
    assert states.shape == (3, 5, 8)
    changed = vectors.clone()
    changed[:, 3:] = 9.0
    after = module(changed)
    torch.testing.assert_close(after[:, :3], states[:, :3])
    assert not torch.allclose(after[:, 3:], states[:, 3:])


def test_earlier_items_change_later_states():
    module, vectors = build()
    changed = vectors.clone()
    changed[:, 0] = 9.0
    assert (module(changed) - module(vectors)).abs().amax(dim=-1).gt(1e-6).all()


def test_positions_count():
    module, vectors = build()
    same = vectors[:, :1].expand(3, 5, 8)
    states = module(same)
    assert not torch.allclose(states[:, 0], states[:, 1])


def test_serving_agrees_with_training_and_is_deterministic():
    module, vectors = build(dropout=0.3)
    module.eval()
    with torch.no_grad():
        fast = module(vectors)
        assert module(vectors).equal(fast)
    torch.testing.assert_close(module(vectors), fast)  # with gradients: the other code path
    module.train()
    assert not torch.allclose(module(vectors), fast)
