"""The categories of items, from a column of the data set's item file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from recbole.utils import FeatureType

from recbole_opal.data.user_sequences import IntArray
from recbole_opal.errors import DataError
from recbole_opal.evaluation.category_table import category_table
from recbole_opal.host.dataset import FutureItemDataset

__all__ = ["ItemCategories", "item_categories"]


@dataclass(frozen=True)
class ItemCategories:
    """Which item has which categories, as distinct pairs ordered by item.

    Attributes:
        items: `(P,)` int64 internal item ids, at least 1.
        categories: `(P,)` int64 internal category ids, at least 1.
        names: token of each category id; 0 is "[PAD]".
    """

    items: IntArray
    categories: IntArray
    names: list[str]

    def table(self, num_items: int) -> IntArray:
        """Return the categories of all N items with the padding, `(N, most of one)`, 0: none."""
        return category_table(self.items, self.categories, num_items)


def item_categories(dataset: FutureItemDataset, field: str | None) -> ItemCategories | None:
    """Return the categories of all items, from a `token` or `token_seq` column; None: no field.

    Raises:
        DataError: the item file has no such column, it was not read, or it holds numbers.
    """
    if field is None:
        return None
    features = dataset.item_feat
    if features is None or field not in features:
        raise DataError(
            f"category_field '{field}' is not among the item columns that were read; name a column "
            f"of the .item file and read it with --load_col, or set --category_field=None."
        )
    if dataset.field2type[field] not in (FeatureType.TOKEN, FeatureType.TOKEN_SEQ):
        kind = dataset.field2type[field].value.replace("float", "token")
        raise DataError(
            f"category_field '{field}' holds numbers; write it as {field}:{kind} in the first line "
            "of the .item file, or set --category_field=None."
        )
    values = features[field].numpy().reshape(dataset.item_num, -1)  # (N, most categories)
    items = features[dataset.iid_field].numpy()
    rows, places = np.nonzero(values > 0)
    pairs = np.unique(np.stack([items[rows], values[rows, places]], axis=1), axis=0)
    names = [str(token) for token in dataset.field2id_token[field]]
    return ItemCategories(pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64), names)
