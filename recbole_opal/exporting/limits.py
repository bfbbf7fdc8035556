"""What a bundle cannot do, told from the numbers of its run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["limits_in_words"]


def limits_in_words(
    about: Mapping[str, Any], settings: Mapping[str, Any], metrics: Mapping[str, Any]
) -> list[str]:
    """Return the limits of a model as sentences.

    Args:
        about: `bundle.json`.
        settings: of the run.
        metrics: `metrics.json`.
    """
    cold = metrics.get("data", {}).get("items_not_in_training")
    told = [
        f"It knows the {about['items']} items of its data set and no other: a new item is ignored "
        "in a history and never recommended until the model is trained again.",
        f"It sees the newest {about['longest_history']} items of a history.",
        "A history without a known item says nothing: `recbole_opal` answers it with the items "
        "most met in training and marks it so; `query.py` refuses it.",
        "`exclude_seen` leaves out of a list the items of the history that was given; what a user "
        "met and the caller did not tell may be recommended.",
        "The weights were trained on the training part alone; validation chose the epoch and the "
        "stage. They were not trained again on all data.",
        f"One run with seed {settings.get('seed')}: what another seed would give is not known.",
        "Metrics are of logged interactions; what users would do with the lists is not measured.",
    ]
    if cold:
        told.insert(
            1,
            f"{cold} of its items were not met in training: their vectors were moved as negatives "
            "at most, and their places in lists mean little.",
        )
    if about["reads_times"]:
        told.append("It reads when each item was met: histories need times.")
    return told
