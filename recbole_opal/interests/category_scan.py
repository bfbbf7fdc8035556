"""The GRU of sub-sequences as one pass over padded histories, in the form that can be exported."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from recbole_opal.interests.padded_history import PaddedHistory

__all__ = ["scan_categories"]


def scan_categories(
    gru: nn.GRU, history: PaddedHistory, categories: Tensor, num_interests: int
) -> Tensor:
    """Return the last state of each category's items, (B, K, D), zero where there is none.

    K states a row are carried from place to place, and an item moves its own category's alone, so
    that nothing is sorted and no step is made K times. `torch.export` unrolls a GRU to the length
    of its example; a scan keeps the length open, and is ONNX's `Scan`.

    Args:
        gru: one layer without biases.
        history: of B rows of L places.
        categories: (B L,) int64, the category of each place.
        num_interests: K.
    """
    chosen = functional.one_hot(categories, num_interests).to(history.vectors.dtype)  # (B L, K)
    from torch._higher_order_ops.scan import scan  # here, as torch may still move it

    of_items, of_states = gru.all_weights[0]  # (3 D, D) each
    inputs = history.pad(history.vectors @ of_items.T).transpose(0, 1)  # (L, B, 3 D)
    moved = history.pad(chosen).transpose(0, 1)  # (L, B, K), zero at padding

    def step(states: Tensor, given: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        item, mine = given  # (B, 3 D), (B, K)
        mine = mine.unsqueeze(-1)
        old = (mine * states).sum(dim=1)  # (B, D)
        new = _gates(item, old @ of_states.T, old)
        # A scan gives what it passed on the way too; one number a step is the least.
        return torch.where(mine > 0, new.unsqueeze(1), states), states[:1, 0, :1].clone()

    start = history.vectors.new_zeros(history.num_rows, num_interests, gru.hidden_size)
    last: Tensor = scan(step, start, (inputs, moved), dim=0)[0]
    return last


def _gates(item: Tensor, state: Tensor, old: Tensor) -> Tensor:
    """Return the next state, (B, D), of the products of item and state, (B, 3 D) each."""
    item_reset, item_update, item_new = item.chunk(3, dim=-1)
    reset, update, new = state.chunk(3, dim=-1)
    kept = (item_update + update).sigmoid()
    fresh = (item_new + (item_reset + reset).sigmoid() * new).tanh()
    return (1 - kept) * fresh + kept * old
