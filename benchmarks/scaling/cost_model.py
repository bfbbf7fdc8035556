"""A cost as a sum of named terms, fitted on some sizes and checked on one that was held back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

Terms = Mapping[str, float]
"""What a cost is proportional to at some size, by name, as `{"constant": 1, "items": 1e6}`."""


@dataclass(frozen=True)
class CostModel:
    """`sum of coefficient * term`; no coefficient is negative, since no work costs less than none.

    Attributes:
        coefficients: by the term's name.
    """

    coefficients: Mapping[str, float]

    @classmethod
    def fit(cls, sizes: Sequence[Terms], measured: Sequence[float]) -> CostModel:
        """Return the model whose relative errors have the least sum of squares.

        Relative, since a size ten times as large would else count a hundred times as much.

        Args:
            sizes: the terms at each size, all with the same names.
            measured: the positive cost at each size; no fewer than there are terms.
        """
        names = list(sizes[0])
        if any(list(terms) != names for terms in sizes) or len(sizes) != len(measured):
            raise ValueError("every size needs one cost and the same terms.")
        if len(measured) < len(names):
            raise ValueError(f"{len(names)} terms cannot be told apart by {len(measured)} sizes.")
        costs = np.asarray(measured, dtype=np.float64)
        if not (costs > 0).all():
            raise ValueError("a measured cost must be positive.")
        table = np.array([[terms[name] for name in names] for terms in sizes], dtype=np.float64)
        table /= costs[:, None]
        largest = np.maximum(table.max(axis=0), np.finfo(np.float64).tiny)  # terms differ by 1e9
        found, _ = nnls(table / largest, np.ones(len(costs)))
        return cls(dict(zip(names, (found / largest).tolist(), strict=True)))

    def cost(self, terms: Terms) -> float:
        """Return the cost at a size."""
        if set(terms) != set(self.coefficients):
            raise ValueError(f"the terms are {sorted(self.coefficients)}, not {sorted(terms)}.")
        return float(sum(self.coefficients[name] * value for name, value in terms.items()))

    def error(self, terms: Terms, measured: float) -> float:
        """Return by which share of the measured cost the model is off: -0.1 is 10 % too low."""
        return self.cost(terms) / measured - 1
