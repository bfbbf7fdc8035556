"""Scores that do not depend on how they were blocked, and how far a fast score may be off.

A matrix product in float32 differs in its last bits with the block size, the threads, the device.
So it only finds candidates; they are scored again in float64 and rounded to float32, where all ways
to sum agree unless the exact value lies within about 1e-16 of the middle between two floats.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from recbole_opal.errors import RetrievalError
from recbole_opal.precision import product_precision
from recbole_opal.retrieval.scoring import MAXIMUM, Scoring

__all__ = [
    "ItemVectors",
    "block_scores",
    "candidate_products",
    "candidate_scores",
    "check_interests",
]

_CHUNK_ELEMENTS = 2**19
"""Float64 elements of gathered item vectors at a time: 4 MiB, which caches hold."""

_NORM_CHUNK = 2**16
_INPUT_ROUNDING = {
    **dict.fromkeys(("none", "ieee", "highest"), 0.0),
    **dict.fromkeys(("tf32", "high"), 2.0**-10),
    **dict.fromkeys(("bf16", "medium"), 2.0**-7),
}
"""Relative rounding of the inputs of a float32 product, by what torch's settings call its
precision: one unit of the last of 10 or 7 bits, since hardware may cut off and not round."""


@dataclass(frozen=True)
class ItemVectors:
    """An item table that was checked once, and the largest Euclidean length of a row."""

    table: Tensor
    largest_norm: float

    @classmethod
    def of(cls, items: Tensor) -> "ItemVectors":
        """Check shape and finiteness; half precision becomes float32, which changes no value."""
        if items.ndim != 2 or len(items) < 1:
            raise RetrievalError(
                f"the item table has shape {tuple(items.shape)}; it must be (items, width) with "
                "the padding item in row 0"
            )
        table = items.detach().to(torch.promote_types(items.dtype, torch.float32))
        return cls(table, _largest_norm(table, "the item table"))

    def error_bound(self, interests: Tensor, scoring: Scoring = MAXIMUM) -> Tensor:
        """Return how far a fast score may lie from the final score, `(B,)` float64.

        Any order of summing `D` products has an error of at most `D * 2^-24 * |u| * |v|` (Higham,
        Accuracy and Stability of Numerical Algorithms, 2002, section 3.1); four more roundings
        cover the final one, and `D` smallest normal numbers cover underflow.
        """
        width = interests.shape[2]
        precision = product_precision(self.table.device.type)
        # Of both factors; the coarsest where the precision is unknown.
        rounding = _INPUT_ROUNDING.get(precision, max(_INPUT_ROUNDING.values()))
        relative = (width + 4) * 2.0**-24 + rounding * (2 + rounding)
        norms = torch.linalg.vector_norm(interests, dim=2, dtype=torch.float64).amax(dim=1)  # (B,)
        underflow = width * torch.finfo(torch.float32).tiny
        largest = norms * self.largest_norm
        bound: Tensor = relative * largest + underflow
        return bound + scoring.rounding(interests.shape[1], largest)


def check_interests(interests: Tensor, items: ItemVectors, k: int) -> Tensor:
    """Return `(B, K, D)` interests in the item table's dtype and device after checking them."""
    if k < 1:
        raise RetrievalError(f"top-k was asked for k={k}; use k of at least 1")
    width = items.table.shape[1]
    if interests.ndim != 3 or interests.shape[1] < 1 or interests.shape[2] != width:
        raise RetrievalError(
            f"interests have shape {tuple(interests.shape)} but the items have width {width}; "
            "pass (users, interests, width) with at least one interest"
        )
    queries = interests.detach().to(device=items.table.device, dtype=items.table.dtype)
    if queries.numel():
        _largest_norm(queries, "the interests")
    return queries


def candidate_products(
    interests: Tensor, items: Tensor, ids: Tensor
) -> Iterator[tuple[slice, Tensor]]:
    """Yield some rows at a time and `(R, C, K)` float64 products of their own `(B, C)` ids."""
    step = max(1, _CHUNK_ELEMENTS // max(1, ids.shape[1] * items.shape[1]))
    for start in range(0, len(ids), step):
        rows = slice(start, start + step)
        vectors = items[ids[rows]].double()  # (R, C, D)
        yield rows, torch.bmm(vectors, interests[rows].double().transpose(1, 2))


def candidate_scores(
    interests: Tensor, items: Tensor, ids: Tensor, scoring: Scoring = MAXIMUM
) -> Tensor:
    """Score each row's own `(B, C)` candidates in float64, rounded to float32."""
    scores = torch.empty_like(ids, dtype=torch.float32)
    for rows, products in candidate_products(interests, items, ids):
        scores[rows] = scoring.of_last(products).float()
    return scores


def block_scores(interests: Tensor, block: Tensor, scoring: Scoring = MAXIMUM) -> Tensor:
    """Score all rows against `(n, D)` items in float64, rounded to `(B, n)` float32."""
    columns = block.double().T  # (D, n)
    products = (interest.double() @ columns for interest in interests.unbind(dim=1))  # (B, n)
    return scoring.of(products).float()


def _largest_norm(vectors: Tensor, name: str) -> float:
    """Return the largest length of a row; refuse what could overflow float32 products."""
    norms = [
        torch.linalg.vector_norm(part, dim=-1, dtype=torch.float64).max()
        for part in torch.split(vectors, _NORM_CHUNK)
    ]
    largest = torch.stack(norms).max().item()
    # 1.8e19 squared is the largest float32: below it no product of two vectors overflows.
    if not largest < 1.8e19:
        raise RetrievalError(
            f"{name} holds a value that is NaN, infinite or too large for float32; lower the "
            "learning rate or check the model's weights"
        )
    return float(largest)
