"""What a user must be told of the data before training."""

from __future__ import annotations

from collections.abc import Iterator

from recbole_opal.data.counts import leaking_duplicates
from recbole_opal.data.dataset import FutureItemDataset

__all__ = ["data_warnings"]


def data_warnings(
    dataset: FutureItemDataset, *, mask_history: bool, needs_times: bool
) -> Iterator[str]:
    """Yield what makes figures mean something else than a reader thinks, one line each.

    Args:
        dataset: after `build`.
        mask_history: whether seen items are left out of the lists, and are no targets.
        needs_times: whether the model reads when each item was met.
    """
    parts = {"validation": dataset.split.valid, "test": dataset.split.test}
    for name, part in parts.items() if not mask_history else ():
        leaking = leaking_duplicates(dataset, part)
        if leaking:
            yield (
                f"{leaking} of {part.num_interactions} {name} interactions stand in their own "
                "history too, with the same item at the same time, so that the history gives the "
                "answer away; drop such rows with --drop_duplicates=True."
            )
    if needs_times and dataset.time_unit == "number" and dataset.config["time_unit"] is None:
        yield (
            f"{dataset.time_field} holds numbers of no known unit, which this model takes as "
            "seconds; name their unit with --time_unit, number if that is right."
        )
