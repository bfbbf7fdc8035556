"""A GRU over packed sequences that are short and many, as training on a processor meets them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from recbole_opal.interests.gate_inputs import OwnVectors, SharedVectors

__all__ = ["last_states"]

_CHUNK = 512
"""Items of a step that are computed together: what they need stays in a core's second cache."""
_tanh_backward = torch.ops.aten.tanh_backward.grad_input
_sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input


class _LastStates(torch.autograd.Function):
    """Keeps gates and states of every item; nothing else is made for all items at once.

    The state before a first item is zero: it multiplies nothing, and its reset gate is not needed.
    All views of chunks are made at once: one at a time they take as long as the arithmetic of the
    short ones.
    """

    @staticmethod
    def forward(
        context: Any,
        vectors: Tensor,
        places: Tensor | None,
        of_items: Tensor,
        of_states: Tensor,
        sizes: Sequence[int],
    ) -> Tensor:
        """Write reset gate, update gate and content of the new state side by side, (T, 3 D)."""
        width, chunks = vectors.shape[1], _chunks(sizes)
        incoming = _inputs(vectors, places, of_items, chunks)
        gates = vectors.new_empty(sum(sizes), 3 * width)
        states = vectors.new_empty(len(gates), width)  # after each item
        recalled = torch.empty_like(states)  # what the reset gate multiplies
        parts = gates, gates[:, : 2 * width], *torch.split(gates, width, dim=1), recalled, states
        views = [_split(part, chunks) for part in parts]
        to_both, to_content = of_states[: 2 * width].T, of_states[2 * width :].T
        for number, (size, _, before) in enumerate(chunks):
            whole, both, reset, update, content, seen, after = (view[number] for view in views)
            incoming.write(number, whole, first=before < 0)
            if before < 0:
                update.sigmoid_()
                torch.mul(_tanh(content), update, out=after).neg_().add_(content)
                continue
            state = views[-1][before][:size]
            both.addmm_(state, to_both).sigmoid_()
            torch.mm(state, to_content, out=seen)
            _tanh(content.addcmul_(reset, seen))
            torch.sub(state, content, out=after).mul_(update).add_(content)
        context.chunks = chunks
        context.save_for_backward(vectors, places, of_items, of_states, gates, states, recalled)
        return _newest(states, sizes)

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Go back from the last step; of a chunk all products follow while it is in the cache."""
        vectors, places, of_items, of_states, gates, states, recalled = context.saved_tensors
        width, chunks = vectors.shape[1], context.chunks
        incoming = _inputs(vectors, places, of_items, chunks)
        # Gradients of what goes into a gate, side by side: into the content as it comes from the
        # state, the reset gate, the update gate, and into the content as it comes from the item.
        scratch = vectors.new_empty(min(_CHUNK, len(gradient)), 4 * width)
        halves = scratch[:, : 3 * width], scratch[:, width:]
        spaces = (
            *torch.split(scratch, width, dim=1),
            *halves,
            vectors.new_empty(len(scratch), width),
        )
        turned = torch.cat([of_states[2 * width :], of_states[: 2 * width]])
        to_turned, to_states = torch.zeros_like(turned), gradient.clone()  # (S, D)
        parts = *torch.split(gates, width, dim=1), recalled, states
        views = [_split(part, chunks) for part in parts]
        for number in reversed(range(len(chunks))):
            size, first, before = chunks[number]
            reset, update, content, seen, _ = (view[number] for view in views)
            recalling, resetting, updating, adding, of_state, of_item, kept = (
                space[:size] for space in spaces
            )
            coming = to_states[first : first + size]
            torch.sub(1, update, out=kept).mul_(coming)
            _tanh_backward(kept, content, grad_input=adding)
            if before < 0:
                torch.mul(content, coming, out=kept).neg_()
                _sigmoid_backward(kept, update, grad_input=updating)
                incoming.take(number, of_item, first=True)
                continue
            state = views[-1][before][:size]
            torch.sub(state, content, out=kept).mul_(coming)
            _sigmoid_backward(kept, update, grad_input=updating)
            torch.mul(adding, seen, out=kept)
            _sigmoid_backward(kept, reset, grad_input=resetting)
            torch.mul(adding, reset, out=recalling)
            coming.mul_(update).addmm_(of_state, turned)
            to_turned.addmm_(of_state.T, state)
            incoming.take(number, of_item, first=False)
        to_vectors, to_of_items = incoming.gradients()
        to_of_states = torch.cat([to_turned[width:], to_turned[:width]])
        return to_vectors, None, to_of_items, to_of_states, None


class _Chunk(NamedTuple):
    """Some sequences at one step."""

    size: int
    first: int  # of its sequences
    before: int  # number of the chunk that these sequences were in a step ago; -1: nowhere


def _chunks(sizes: Sequence[int]) -> list[_Chunk]:
    """Return the parts of steps in order."""
    found: list[_Chunk] = []
    last = 0  # number of the first chunk of the step before
    for step, size in enumerate(sizes):
        start = len(found)
        for number, first in enumerate(range(0, size, _CHUNK)):
            before = last + number if step > 0 else -1
            found.append(_Chunk(min(_CHUNK, size - first), first, before))
        last = start
    return found


def _split(values: Tensor, chunks: Sequence[_Chunk]) -> tuple[Tensor, ...]:
    return torch.split(values, [chunk.size for chunk in chunks])


def _inputs(
    vectors: Tensor, places: Tensor | None, weights: Tensor, chunks: Sequence[_Chunk]
) -> OwnVectors | SharedVectors:
    sizes = [chunk.size for chunk in chunks]
    if places is None:
        return OwnVectors(vectors, weights, sizes)
    return SharedVectors(vectors, places, weights, sizes)


def _tanh(values: Tensor) -> Tensor:
    """Put the tanh of values in their place: by a sigmoid, which takes a sixth of torch's tanh."""
    return values.mul_(2).sigmoid_().mul_(2).sub_(1)


def _newest(states: Tensor, sizes: Sequence[int]) -> Tensor:
    """Return the state after the last item of each sequence, (S, D), the longest in front."""
    steps = torch.split(states, list(sizes))
    longer = [*sizes[1:], 0]
    return torch.cat([step[more:] for step, more in zip(steps[::-1], longer[::-1], strict=True)])


def last_states(
    vectors: Tensor,
    of_items: Tensor,
    of_states: Tensor,
    sizes: Sequence[int],
    places: Tensor | None = None,
) -> Tensor:
    """Return what a GRU without biases knows after each sequence, (S, D), as `torch.nn.GRU` does.

    Args:
        vectors: (T, D) float, packed: all first items, all second ones, the longest in front; with
            `places` (U, D), those that differ, in any order.
        of_items: (3 D, D) float, `weight_ih_l0` of the GRU.
        of_states: (3 D, D) float, `weight_hh_l0`.
        sizes: how many sequences have an r-th item, descending; they sum to T > 0.
        places: (T,) int64, the vector of each packed item; None: each has its own.
    """
    parts = (vectors, places, of_items, of_states, sizes)
    states: Tensor = _LastStates.apply(*parts)  # type: ignore[no-untyped-call]
    return states
