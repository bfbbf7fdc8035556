"""What packed items put into the gates of a GRU, and what gradients these send back to them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor

__all__ = ["OwnVectors", "SharedVectors"]


class OwnVectors:
    """Every item has a vector: of each chunk of items there is a product.

    Args:
        vectors: (T, D) float.
        weights: (3 D, D) float, of the reset gate, the update gate and the content.
        chunks: how many items each chunk has; they sum to T.
    """

    def __init__(self, vectors: Tensor, weights: Tensor, chunks: Sequence[int]) -> None:
        self._vectors, self._weights, self._sizes = vectors, weights, list(chunks)
        self._of_chunks = torch.split(vectors, self._sizes)

    def write(self, number: int, gates: Tensor, *, first: bool) -> None:
        """Write what a chunk puts into its (n, 3 D) gates; first items need no reset gate."""
        skipped = self._weights.shape[1] if first else 0
        weights, found = self._weights[skipped:].T, gates[:, skipped:]
        torch.mm(self._of_chunks[number], weights, out=found)

    def take(self, number: int, gradient: Tensor, *, first: bool) -> None:
        """Take the (n, 3 D) gradient of what a chunk has put in."""
        skipped = self._weights.shape[1] if first else 0
        gradient = gradient[:, skipped:]
        torch.mm(gradient, self._weights[skipped:], out=self._to_chunks[number])
        self._to_weights[skipped:].addmm_(gradient.T, self._of_chunks[number])

    def gradients(self) -> tuple[Tensor, Tensor]:
        """Return the gradients of vectors and weights, once each chunk has sent its own."""
        return self._to_vectors, self._to_weights

    @cached_property
    def _to_vectors(self) -> Tensor:
        return torch.empty_like(self._vectors)

    @cached_property
    def _to_weights(self) -> Tensor:
        return torch.zeros_like(self._weights)

    @cached_property
    def _to_chunks(self) -> Sequence[Tensor]:
        return torch.split(self._to_vectors, self._sizes)


class SharedVectors:
    """Items have vectors in common: there is one product for all that differ, however often met.

    Args:
        vectors: (U, D) float.
        places: (T,) int64, the vector of each item.
        weights: see `OwnVectors`, as the rest.
    """

    def __init__(
        self, vectors: Tensor, places: Tensor, weights: Tensor, chunks: Sequence[int]
    ) -> None:
        self._vectors, self._weights = vectors, weights
        self._of_chunks = torch.split(places, list(chunks))

    def write(self, number: int, gates: Tensor, *, first: bool) -> None:
        """Write what a chunk puts into its gates."""
        torch.index_select(self._products, 0, self._of_chunks[number], out=gates)

    def take(self, number: int, gradient: Tensor, *, first: bool) -> None:
        """Take the gradient of what a chunk has put in."""
        packed = self._scratch[: len(gradient)].copy_(gradient)  # adds up four times as fast
        if first:
            packed[:, : self._weights.shape[1]] = 0
        self._to_products.index_add_(0, self._of_chunks[number], packed)

    def gradients(self) -> tuple[Tensor, Tensor]:
        """Return the gradients of vectors and weights."""
        return self._to_products @ self._weights, self._to_products.T @ self._vectors

    @cached_property
    def _products(self) -> Tensor:
        return self._vectors @ self._weights.T

    @cached_property
    def _to_products(self) -> Tensor:
        return self._vectors.new_zeros(len(self._vectors), len(self._weights))

    @cached_property
    def _scratch(self) -> Tensor:
        longest = max(map(len, self._of_chunks))
        return self._vectors.new_empty(longest, len(self._weights))
