"""What lists drawn at random would find."""

from __future__ import annotations

import numpy as np

from recbole_opal.comparison.run_files import load_arrays
from recbole_opal.runs.file_names import HISTORIES_NAME
from recbole_opal.runs.reader import RunReader
from recbole_opal.settings.protocol import masks_history

__all__ = ["recall_by_chance"]


def recall_by_chance(run: RunReader, length: int) -> dict[str, float]:
    """Return the recall that each user may expect of a list drawn at random, by its token.

    Each item that may be listed is as likely, so that of any targets the share is `length` over the
    number of items that the list is drawn from, at most 1.

    Args:
        run: whose test part it is.
        length: of the lists.
    """
    settings, histories = run.load_yaml("config.yaml"), load_arrays(run, HISTORIES_NAME)
    users, lengths = histories["user_id"], histories["lengths"]
    items = np.full(len(users), len(load_arrays(run, "item_counts.npz")["counts"]) - 1)
    if masks_history(settings):  # what a user has met is left out
        rows = np.repeat(np.arange(len(users)), lengths)
        pairs = np.unique(np.stack([rows, histories["items"]]), axis=1)
        items -= np.bincount(pairs[0], minlength=len(users))
    tokens = run.load_json("ids.json")[settings["USER_ID_FIELD"]]
    expected = np.minimum(1.0, length / np.maximum(items, 1))
    return {str(tokens[user]): share for user, share in zip(users, expected.tolist(), strict=True)}
