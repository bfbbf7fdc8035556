"""What general models know of a user when they are asked, without being trained on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from recbole.model.abstract_recommender import AutoEncoderMixin
from recbole.model.general_recommender import EASE

from recbole_opal.host.mended import ItemKNN

__all__ = ["known_history"]

_ROWS = ("history_item_id", "history_item_value", "interaction_matrix")
"""Attributes in which RecBole's models keep what the users met."""


@contextmanager
def known_history(model: Any, dataset: Any) -> Iterator[None]:
    """Let a general model serve, while the block runs, from all that is known of the users.

    A sequential model's test history holds the validation items, and the history of a held-out
    user holds what training never saw. So that a general model is asked with the same knowledge,
    its user rows are replaced where rows are its input and not its parameters: autoencoders and
    item-item models (ItemKNN, EASE). What was learnt - weights, similarities, counts - stays as
    training left it. Models that hold a learnt vector a user (BPR, LightGCN) and user-based
    ItemKNN know the training part only: to tell them more would be to train them on it. Where
    whole users are held out, they are refused: `upstream_models.why_not_for_unmet_users`.

    A row is the whole history, while a sequential model sees its last `MAX_ITEM_LIST_LENGTH` items.
    """
    before = {name: value for name, value in vars(model).items() if name in _ROWS}
    if isinstance(model, AutoEncoderMixin):
        # RecBole shuffles the interactions of a history matrix, by torch's generator.
        with torch.random.fork_rng(devices=[]):
            model.build_histroy_items(dataset)
    elif isinstance(model, EASE) or (isinstance(model, ItemKNN) and model.method == "item"):
        model.interaction_matrix = dataset.inter_matrix(form="csr").astype(np.float32)
    try:
        yield
    finally:
        vars(model).update(before)
