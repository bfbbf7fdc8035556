"""A GRU over packed sequences that are short and many, as training on a processor meets them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

__all__ = ["last_states"]

_CHUNK = 512
"""Items of a step that are computed together: what they need stays in a core's second cache."""
_tanh_backward = torch.ops.aten.tanh_backward.grad_input
_sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input


class _LastStates(torch.autograd.Function):
    """Keeps gates and states of every item; nothing else is made for all items at once.

    The state before a first item is zero: it multiplies nothing, and its reset gate is not needed.
    """

    @staticmethod
    def forward(
        context: Any, items: Tensor, of_items: Tensor, of_states: Tensor, sizes: Sequence[int]
    ) -> Tensor:
        """Write reset gate, update gate and content of the new state side by side, (T, 3 D)."""
        width = items.shape[1]
        gates = items.new_empty(len(items), 3 * width)
        states = torch.empty_like(items)  # after each item
        recalled = torch.empty_like(items)  # what the reset gate multiplies
        scratch = items.new_empty(_CHUNK, 3 * width)
        for now, before, _ in _chunks(sizes):
            _, update, content = torch.split(gates[now], width, dim=1)
            if before is None:
                torch.mm(items[now], of_items[width:].T, out=gates[now, width:])
                update.sigmoid_()
                torch.mul(content.tanh_(), update, out=states[now]).neg_().add_(content)
                continue
            torch.mm(items[now], of_items.T, out=gates[now])
            seen = scratch[: len(content)]
            torch.mm(states[before], of_states.T, out=seen)
            both = gates[now, : 2 * width].add_(seen[:, : 2 * width]).sigmoid_()
            recalled[now] = seen[:, 2 * width :]
            content.addcmul_(both[:, :width], recalled[now]).tanh_()
            torch.sub(states[before], content, out=states[now]).mul_(update).add_(content)
        context.sizes = sizes
        context.save_for_backward(items, of_items, of_states, gates, states, recalled)
        return _newest(states, sizes)

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Go back from the last step; of a chunk all products follow while it is in the cache."""
        items, of_items, of_states, gates, states, recalled = context.saved_tensors
        width = items.shape[1]
        # Gradients of what goes into a gate, side by side: into the content as it comes from the
        # state, the reset gate, the update gate, and into the content as it comes from the item.
        scratch, spare = items.new_empty(_CHUNK, 4 * width), items.new_empty(_CHUNK, width)
        turned = torch.cat([of_states[2 * width :], of_states[: 2 * width]])
        to_items, to_of_items = torch.empty_like(items), torch.zeros_like(of_items)
        to_turned, to_states = torch.zeros_like(turned), gradient.clone()  # (S, D)
        for now, before, sequences in reversed(list(_chunks(context.sizes))):
            reset, update, content = torch.split(gates[now], width, dim=1)
            inner, kept = scratch[: len(content)], spare[: len(content)]
            recalling, resetting, updating, adding = torch.split(inner, width, dim=1)
            coming = to_states[sequences]
            torch.sub(1, update, out=kept).mul_(coming)
            _tanh_backward(kept, content, grad_input=adding)
            if before is None:
                _sigmoid_backward(
                    torch.mul(content, coming, out=kept).neg_(), update, grad_input=updating
                )
                torch.mm(inner[:, 2 * width :], of_items[width:], out=to_items[now])
                to_of_items[width:].addmm_(inner[:, 2 * width :].T, items[now])
                continue
            torch.sub(states[before], content, out=kept).mul_(coming)
            _sigmoid_backward(kept, update, grad_input=updating)
            torch.mul(adding, recalled[now], out=kept)
            _sigmoid_backward(kept, reset, grad_input=resetting)
            torch.mul(adding, reset, out=recalling)
            coming.mul_(update).addmm_(inner[:, : 3 * width], turned)
            to_turned.addmm_(inner[:, : 3 * width].T, states[before])
            torch.mm(inner[:, width:], of_items, out=to_items[now])
            to_of_items.addmm_(inner[:, width:].T, items[now])
        return to_items, to_of_items, torch.cat([to_turned[width:], to_turned[:width]]), None


def _chunks(sizes: Sequence[int]) -> Iterator[tuple[slice, slice | None, slice]]:
    """Yield parts of steps in order: their items, the items before these, and the sequences."""
    start, last = 0, 0
    for number, size in enumerate(sizes):
        for first in range(0, size, _CHUNK):
            end = min(first + _CHUNK, size)
            before = slice(last + first, last + end) if number > 0 else None
            yield slice(start + first, start + end), before, slice(first, end)
        start, last = start + size, start


def _newest(states: Tensor, sizes: Sequence[int]) -> Tensor:
    """Return the state after the last item of each sequence, (S, D), the longest in front."""
    steps = torch.split(states, list(sizes))
    longer = [*sizes[1:], 0]
    return torch.cat([step[more:] for step, more in zip(steps[::-1], longer[::-1], strict=True)])


def last_states(items: Tensor, of_items: Tensor, of_states: Tensor, sizes: Sequence[int]) -> Tensor:
    """Return what a GRU without biases knows after each sequence, (S, D), as `torch.nn.GRU` does.

    Args:
        items: (T, D) float, packed: all first items, all second ones, the longest in front.
        of_items: (3 D, D) float, `weight_ih_l0` of the GRU.
        of_states: (3 D, D) float, `weight_hh_l0`.
        sizes: how many sequences have an r-th item, descending; they sum to T > 0.
    """
    parts = (items, of_items, of_states, sizes)
    states: Tensor = _LastStates.apply(*parts)  # type: ignore[no-untyped-call]
    return states
