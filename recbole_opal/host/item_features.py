"""The features of items, from columns of the data set's item file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from recbole.utils import FeatureType

from recbole_opal.errors import DataError
from recbole_opal.host.dataset import FutureItemDataset
from recbole_opal.interests.feature_table import FeatureTable

__all__ = ["item_features"]

_TOKENS = (FeatureType.TOKEN, FeatureType.TOKEN_SEQ)


def item_features(dataset: FutureItemDataset, columns: Sequence[str]) -> FeatureTable | None:
    """Return what columns of the item file say of all items; None: no column is asked for.

    Raises:
        DataError: a column is the items' own id, holds lists of numbers, or no value at all.
    """
    if not columns:
        return None
    features, kinds = dataset.item_feat, dataset.field2type
    for name in columns:
        if name == dataset.iid_field:
            raise DataError(f"--item_features: {name} is the id of the items; leave it away.")
        if kinds[name] not in (*_TOKENS, FeatureType.FLOAT):
            raise DataError(
                f"--item_features: {name} holds lists of numbers; name a column of type token, "
                "token_seq or float."
            )
    of_tokens = [name for name in columns if kinds[name] in _TOKENS]
    of_numbers = [name for name in columns if kinds[name] == FeatureType.FLOAT]
    sizes = [len(dataset.field2id_token[name]) for name in of_tokens]
    pairs = [np.empty((2, 0), dtype=np.int64)]
    for start, name in zip(np.cumsum([0, *sizes]), of_tokens, strict=False):
        values = features[name].numpy().reshape(dataset.item_num, -1)  # (N, most tokens)
        items, places = np.nonzero(values > 0)
        _check_some(name, len(items))
        pairs.append(np.stack([items, start + values[items, places]]))
    items, tokens = np.unique(np.concatenate(pairs, axis=1), axis=1)
    counts = np.bincount(items, minlength=dataset.item_num)
    numbers = np.full((dataset.item_num, len(of_numbers)), np.nan, dtype=np.float32)
    for place, name in enumerate(of_numbers):
        numbers[1:, place] = dataset.item_numbers[name][1:]
        _check_some(name, int(np.isfinite(numbers[:, place]).sum()))
    return FeatureTable(
        tuple(of_tokens),
        tuple(sizes),
        np.concatenate([[0], counts.cumsum()]).astype(np.int64),
        tokens.astype(np.int64),
        tuple(of_numbers),
        numbers,
    )


def _check_some(name: str, count: int) -> None:
    if not count:
        raise DataError(
            f"--item_features: no item of the data set has a value in the column {name}; leave it "
            "away, or correct the .item file."
        )
