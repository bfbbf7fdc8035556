"""What a user must be told of the data before training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from recbole_opal.data.counts import SplitData, leaking_duplicates, rows_without_negatives
from recbole_opal.data.rows import EvalRows

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
        if leaking := leaking_duplicates(dataset, part):
            yield (
                f"{leaking} of {part.num_interactions} {name} interactions stand in their own "
                "history too, with the same item at the same time, so that the history gives the "
                "answer away; drop such rows with --drop_duplicates=True."
            )
    with_ranks = "gauc" in {metric.lower() for metric in dataset.config["metrics"]}
    for name, own in rows.items() if with_ranks else ():
        if without := rows_without_negatives(dataset, own):
            yield (
                f"GAUC leaves out {without} of {len(own)} users of the {name} part: each item is "
                "a target of theirs or was seen."
            )
    if needs_times and dataset.time_unit == "number" and dataset.config["time_unit"] is None:
        yield (
            f"{dataset.time_field} holds numbers of no known unit, which this model takes as "
            "seconds; name their unit with --time_unit, number if that is right."
        )
