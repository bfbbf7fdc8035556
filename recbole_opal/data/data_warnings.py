"""What a user must be told of the data before training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from recbole_opal.data.counts import SplitData
from recbole_opal.data.protocols import Part
from recbole_opal.data.rows import EvalRows
from recbole_opal.data.user_sequences import IntArray

__all__ = ["data_warnings"]


def data_warnings(
    dataset: SplitData,
    rows: Mapping[str, EvalRows],
    *,
    mask_history: bool,
    needs_times: bool,
) -> Iterator[str]:
    """Yield what makes figures mean something else than a reader thinks, one line each."""
    parts = {"validation": dataset.split.valid, "test": dataset.split.test}
    for name, part in parts.items() if not mask_history else ():
        if leaking := _leaking_duplicates(dataset, part):
            yield (
                f"{leaking} of {part.num_interactions} {name} interactions stand in their own "
                "history too, with the same item at the same time, so that the history gives the "
                "answer away; drop such rows with --drop_duplicates=True."
            )
    with_ranks = "gauc" in {metric.lower() for metric in dataset.config["metrics"]}
    for name, own in rows.items() if with_ranks else ():
        if without := _rows_without_negatives(dataset, own):
            yield (
                f"GAUC leaves out {without} of {len(own)} users of the {name} part: each item is "
                "a target of theirs or was seen."
            )
    if needs_times and dataset.time_unit == "number" and dataset.config["time_unit"] is None:
        yield (
            f"{dataset.time_field} holds numbers of no known unit, which this model takes as "
            "seconds; name their unit with --time_unit, number if that is right."
        )


def _leaking_duplicates(dataset: SplitData, part: Part) -> int:
    """Count the targets of a part that stand in their own history at the very same time."""
    later, earlier = dataset.sequences.duplicates
    bounds = np.zeros((2, len(dataset.sequences)), dtype=np.int64)  # of targets; 0: has none
    bounds[:, part.rows] = part.starts, part.ends
    starts, ends = bounds[:, _owners(dataset.sequences.offsets, later)]
    return int(((later >= starts) & (later < ends) & (earlier < starts)).sum())


def _owners(offsets: IntArray, places: IntArray) -> IntArray:
    """Return the number of the user whom each flat position belongs to."""
    return np.searchsorted(offsets, places, side="right") - 1


def _rows_without_negatives(dataset: SplitData, rows: EvalRows) -> int:
    """Count the rows of which every item is a target or left out, which have no AUC."""
    items, sequences = dataset.item_num - 1, dataset.sequences
    users, targets = np.unique(rows.targets()[0], return_counts=True)  # in the order of the rows
    # Only who has that many interactions can have met all items.
    long = np.flatnonzero(sequences.lengths[np.searchsorted(sequences.users, users)] >= items)
    batch = rows.batch(long)
    left_out = np.zeros(len(long), dtype=np.int64)
    if batch.excluded is not None:
        owners, items_met = (part.numpy() for part in batch.excluded)
        pairs = np.unique(owners * dataset.item_num + items_met)
        left_out = np.bincount(pairs // dataset.item_num, minlength=len(long))
    return int((targets[long] + left_out >= items).sum())
