"""The protocol and the filters of a run, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["filters_in_words", "protocol_in_words"]

_FILTERS = {
    "val_interval": "rows kept by value: {}",
    "rm_dup_inter": "of a user's repeats of an item the {} is kept",
    "user_inter_num_interval": "users kept by their number of rows: {}",
    "item_inter_num_interval": "items kept by their number of rows: {}",
    "drop_duplicates": "of rows with the same user, item and time one is kept",
    "cold_items": "share of the items that are new to validation or to test: {}",
    "threshold": "labels by threshold: {}",
}
_EVERYTHING: tuple[Any, ...] = (None, False, {}, "", "[0,inf)")


def protocol_in_words(settings: Mapping[str, Any]) -> str:
    """Return how the data were split into training, validation and test, as one sentence.

    Args:
        settings: of the run, with `eval_args` in its full form.
    """
    ((kind, options),) = settings["eval_args"]["split"].items()
    if kind == "LS":
        return "Of each user's sequence the last item is the test, the one before the validation."
    if kind == "RS":
        ratios = " : ".join(f"{share:g}" for share in options)
        return (
            f"Each user's sequence, in order of time, is cut by {ratios} into training, "
            "validation and test."
        )
    if kind == "last_day":
        return (
            "The last day of the log is the test, the day before the validation; users have at "
            f"least {options['min_days']} active days before."
        )
    if kind == "user":
        ratios = " : ".join(f"{share:g}" for share in options["ratios"])
        return (
            f"Whole users are held out, {ratios} for training, validation and test; of a held-out "
            f"user the first {options['history']:.0%} of the sequence is the history."
        )
    if options.get("cuts"):
        cuts = " and ".join(f"{cut:g}" for cut in options["cuts"])
        return f"The log is cut in time, at {cuts}: what comes later is validation and test."
    ratios = " : ".join(f"{share:g}" for share in options["ratios"])
    return f"The log is cut in time, by {ratios} of its rows: training, then validation and test."


def filters_in_words(settings: Mapping[str, Any]) -> list[str]:
    """Return what was left out of the data, a phrase a filter; empty: nothing by settings."""
    return [
        words.format(settings[name])
        for name, words in _FILTERS.items()
        if settings.get(name) not in _EVERYTHING
    ]
