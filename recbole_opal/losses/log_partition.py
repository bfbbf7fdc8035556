"""The log of a sum over many candidates, computed block by block so that it stays in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from recbole_opal.precision import full_precision

__all__ = ["log_sum_of_best"]

_BLOCK = 2**17
"""Logits of a block, 512 KiB in float32: several such buffers stay in a core's second cache."""
_FEWEST_ROWS = 32
"""However many candidates there are: fewer rows would read all of them too often."""


class _LogSumOfBest(torch.autograd.Function):
    """Keeps the terms of the sums, (B, M), and in a byte each, which interest they are from."""

    @staticmethod
    def forward(
        context: Any, interests: Tensor, candidates: Tensor, weights: Tensor, left_out: Tensor
    ) -> Tensor:
        """Products, maximum, exponential and sum of a block follow each other without a pause."""
        floor = torch.finfo(interests.dtype).min
        # Behind the M candidates stands one that counts nothing: what rows name that leave out none
        padded = torch.cat([candidates, candidates.new_zeros(1, candidates.shape[1])])
        lifted = torch.cat([weights, weights.new_full((1,), floor)])
        terms = interests.new_empty(len(interests), len(padded))
        winners = torch.empty(
            terms.shape if interests.shape[1] > 1 else 0, dtype=torch.uint8, device=terms.device
        )
        highest, sums = (interests.new_empty(len(interests), 1) for _ in range(2))
        scratch = terms.new_empty(3, _rows_of_a_block(terms), len(padded))
        for rows in _blocks(terms):
            block = terms[rows]
            others = scratch[:, : len(block)]
            if len(winners) > 0:
                winners[rows] = _best_of(interests[rows], padded, block, others)
            else:
                torch.mm(interests[rows, 0], padded.T, out=block)
            block.add_(lifted).scatter_(1, left_out[rows], floor)
            torch.amax(block, dim=1, keepdim=True, out=highest[rows])
            block.sub_(highest[rows]).exp_()
            torch.sum(block, dim=1, keepdim=True, out=sums[rows])
        context.save_for_backward(interests, padded, terms, winners, sums)
        return (highest + sums.log()).squeeze(1)

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Send each term's share of the gradient to the interest that it is from."""
        interests, padded, terms, winners, sums = context.saved_tensors
        scale = gradient.unsqueeze(1) / sums  # (B, 1)
        to_interests, to_padded = torch.empty_like(interests), torch.zeros_like(padded)
        scratch = terms.new_empty(3, _rows_of_a_block(terms), len(padded))
        for rows in _blocks(terms):
            shares, winner, own = scratch[:, : terms[rows].shape[0]]
            torch.mul(terms[rows], scale[rows], out=shares)
            several = len(winners) > 0
            if several:
                winner.copy_(winners[rows])
            for number in range(interests.shape[1]):
                if several:
                    torch.eq(winner, number, out=own).mul_(shares)
                mine = own if several else shares
                torch.mm(mine, padded, out=to_interests[rows, number])
                to_padded.addmm_(mine.T, interests[rows, number])
        return to_interests, to_padded[:-1], None, None


def _best_of(interests: Tensor, candidates: Tensor, best: Tensor, scratch: Tensor) -> Tensor:
    """Write `max_j <u_j, x_m>` into `best`, (R, M); return the first j that has it, as floats.

    Numbers of one type throughout: a mask of bytes would be converted each time it meets a float.
    """
    scores, beaten, winner = scratch.unbind()
    torch.mm(interests[:, 0], candidates.T, out=best)
    winner.zero_()
    for number in range(1, interests.shape[1]):
        torch.mm(interests[:, number], candidates.T, out=scores)
        torch.gt(scores, best, out=beaten).mul_(number)
        torch.maximum(winner, beaten, out=winner)  # a later winner has the greater number
        torch.maximum(best, scores, out=best)
    return winner


def _rows_of_a_block(terms: Tensor) -> int:
    """Return how many rows are computed together: all of them where launching is what costs."""
    if terms.device.type != "cpu":
        return len(terms)
    return min(len(terms), max(_FEWEST_ROWS, _BLOCK // terms.shape[1]))


def _blocks(terms: Tensor) -> Iterator[slice]:
    """Yield the rows of each block."""
    step = max(1, _rows_of_a_block(terms))
    return (slice(start, start + step) for start in range(0, len(terms), step))


@full_precision  # the backward pass needs the dtypes of the forward pass
def log_sum_of_best(
    interests: Tensor, candidates: Tensor, weights: Tensor, left_out: Tensor
) -> Tensor:
    """Return `log sum_m e^(w_m + max_j <u_j, x_m>)`, (B,), over the candidates of each row.

    It is `best_inner_products` and the log of the sum in one, with the same rule for gradients (the
    first of equal interests has it); no gradient goes to the weights. A row that leaves out all
    candidates gives the lowest number.

    Args:
        interests: (B, K, D) float, 1 <= K <= 255.
        candidates: (M, D) float.
        weights: (M,) float.
        left_out: (B, W) int64, columns of candidates that do not count in a row; M: none.
    """
    parts = (interests, candidates, weights, left_out)
    logs: Tensor = _LogSumOfBest.apply(*parts)  # type: ignore[no-untyped-call]
    return logs
