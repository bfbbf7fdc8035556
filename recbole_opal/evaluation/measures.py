"""All measures beside accuracy, taken from the lists after an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recbole_opal.data.categories import ItemCategories
from recbole_opal.evaluation.coverage import catalogue_use
from recbole_opal.evaluation.diversity import category_diversity
from recbole_opal.evaluation.lists import RankedLists
from recbole_opal.evaluation.similarity import AudienceSimilarity

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
        self._categories = categories.table(dataset.item_num) if categories else None
        training = dataset.inter_feat
        self._similarity = AudienceSimilarity(
            training[dataset.uid_field].numpy(),
            training[dataset.iid_field].numpy(),
            dataset.item_num,
        )

    def of_each_user(self, lists: RankedLists) -> dict[str, FloatArray]:
        """Return `name@k` to `(E,)` float64, NaN where a list is too short to be measured."""
        values = self._similarity.of_lists(lists.items, self._topk)
        if self._categories is None:
            return values
        return category_diversity(lists.items, self._categories, self._topk) | values

    def of_all(self, lists: RankedLists, per_user: dict[str, FloatArray]) -> dict[str, float]:
        """Return `name@k` to a number: means over users, and what only all lists together have.

        A measure that no list has (one of pairs at k = 1) is left out.

        Args:
            lists: the lists.
            per_user: what `of_each_user` gave for them.
        """
        defined = {name: values[~np.isnan(values)] for name, values in per_user.items()}
        means = {name: float(values.mean()) for name, values in defined.items() if len(values)}
        return catalogue_use(lists.items, self._num_items - 1, self._topk) | means
