"""All measures beside accuracy, taken from the lists after an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recbole_opal.data.categories import ItemCategories
from recbole_opal.evaluation.coverage import catalogue_use
from recbole_opal.evaluation.lists import RankedLists

__all__ = ["ListMeasures"]

FloatArray = npt.NDArray[np.float64]


class ListMeasures:
    """Coverage, Gini, category diversity and intra-list similarity at every cut-off.

    Args:
        dataset: the training dataset.
        categories: the items' categories; None leaves the category diversity out.
        topk: the cut-offs.
    """

    def __init__(
        self, dataset: Any, categories: ItemCategories | None, topk: Sequence[int]
    ) -> None:
        self._num_items = dataset.item_num
        self._topk = topk

    def of_each_user(self, lists: RankedLists) -> dict[str, FloatArray]:
        """Return `name@k` to `(E,)` float64, NaN where a list is too short to be measured."""
        return {}

    def of_all(self, lists: RankedLists, per_user: dict[str, FloatArray]) -> dict[str, float]:
        """Return `name@k` to a number: means over users, and what only all lists together have.

        Args:
            lists: the lists.
            per_user: what `of_each_user` gave for them.
        """
        means = {name: _mean(values) for name, values in per_user.items()}
        return catalogue_use(lists.items, self._num_items - 1, self._topk) | means


def _mean(values: FloatArray) -> float:
    """Return the mean of the values that are defined, NaN if none is."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else float("nan")
