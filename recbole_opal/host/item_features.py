"""The features of items, from columns of the data set's item file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from recbole.utils import FeatureType

from recbole_opal.errors import DataError
from recbole_opal.host.dataset import FutureItemDataset
from recbole_opal.host.stored_dataset import StoredDataset
from recbole_opal.interests.feature_table import FeatureTable, TokenColumn

__all__ = ["item_features"]

_TOKENS = (FeatureType.TOKEN, FeatureType.TOKEN_SEQ)


def item_features(
    dataset: FutureItemDataset | StoredDataset, columns: Sequence[str] | None
) -> FeatureTable | None:
    """Return what columns of the item file say of all items; None: no column is asked for.

    Raises:
        DataError: a column is the items' own id, holds lists of numbers, or no value at all.
    """
    if not columns:
        return None
    if isinstance(dataset, StoredDataset):  # `check_stored` tells it to users
        raise TypeError("Stored histories come without the columns of items.")
    features, kinds = dataset.item_feat, dataset.field2type
    for name in columns:
        if name == dataset.iid_field:
            raise DataError(f"--item_features: {name} is the id of the items; leave it away.")
        if features is None or name not in features:
            raise DataError(
                f"--item_features: {name} is not among the item columns that were read; name a "
                "column of the .item file and read it with --load_col."
            )
        if kinds[name] not in (*_TOKENS, FeatureType.FLOAT):
            raise DataError(
                f"--item_features: {name} holds lists of numbers; name a column of type token, "
                "token_seq or float."
            )
    numbers = {}
    for name in columns:
        if kinds[name] == FeatureType.FLOAT:
            numbers[name] = dataset.item_numbers[name].copy()
            numbers[name][0] = np.nan  # the padding's
            _check_some(name, int(np.isfinite(numbers[name]).sum()))
    tokens = [_tokens(dataset, name) for name in columns if name not in numbers]
    return FeatureTable.of_columns(dataset.item_num, tokens, numbers)


def _tokens(dataset: FutureItemDataset, name: str) -> TokenColumn:
    values = dataset.item_feat[name].numpy().reshape(dataset.item_num, -1)  # (N, most tokens)
    items, places = np.nonzero(values > 0)
    _check_some(name, len(items))
    several = dataset.field2type[name] == FeatureType.TOKEN_SEQ
    size = len(dataset.field2id_token[name])
    tokens = values[items, places].astype(np.int64)
    return TokenColumn(name, several, size, items.astype(np.int64), tokens)


def _check_some(name: str, count: int) -> None:
    if not count:
        raise DataError(
            f"--item_features: no item of the data set has a value in the column {name}; leave it "
            "away, or correct the .item file."
        )
