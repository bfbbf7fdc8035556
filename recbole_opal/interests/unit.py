"""Vectors at unit length."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from recbole_opal.precision import full_precision

__all__ = ["unit_length"]


@full_precision
def unit_length(vectors: Tensor) -> Tensor:
    """Return vectors divided by their lengths over the last axis; a zero vector stays zero.

    In half precision the bound that keeps from a division by 0 would itself be rounded to 0.

    Args:
        vectors: (*, D) float; half precision becomes float32.
    """
    return functional.normalize(vectors, dim=-1)
