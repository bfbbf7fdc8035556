"""What a run is trained on and asked for, in numbers: the log's `data` line and `metrics.json`."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from recbole_opal.data.protocols import Part, Split
from recbole_opal.data.rows import EvalRows
from recbole_opal.data.training_part import TrainingPart
from recbole_opal.data.user_sequences import IntArray, UserSequences

__all__ = ["SplitData", "data_counts"]


class SplitData(Protocol):
    """A data set that has been read, filtered and split; see `FutureItemDataset`."""

    sequences: UserSequences
    split: Split
    filtered: dict[str, int]
    dropped: dict[str, int]
    time_unit: str
    time_field: str
    config: Any
    item_num: int
    user_num: int


def data_counts(
    dataset: SplitData, training_rows: int, valid: EvalRows, test: EvalRows
) -> dict[str, int]:
    """Count what was kept, what was left out, and why; no interaction is missing.

    `interactions` is the sum of `training_interactions`, and of `valid_` and `test_interactions`
    and `_interactions_without_history`; where users are held out, of
    `held_out_history_interactions` too; with one cut in time, of
    `interactions_after_the_cut_without_history` in place of those two. Of a part's interactions,
    `_targets` and `_targets_left_out` are distinct items of a row; the rest repeat one of these.
    `_targets_already_seen` are distinct items of a row that its history holds, and
    `_rows_all_already_seen` rows of which that is true of every item: with `mask_history` they are
    what is left out, without it they are among the targets. A protocol that leaves rows out tells
    `read_interactions`: the sum of `interactions` and of all `dropped_interactions_...`.
    """
    sequences, split, items = dataset.sequences, dataset.split, dataset.item_num - 1
    users = len(sequences)
    trained = TrainingPart(sequences, split.train_ends)
    in_training = split.train_ends > sequences.starts  # (U,)
    known_items = trained.item_counts(dataset.item_num) > 0
    known = known_items, _members(dataset.user_num, sequences.users[in_training])
    whole = TrainingPart(sequences, sequences.ends).item_counts(dataset.item_num)
    repeats = [_repeats(block) for _, block in sequences.blocks()]
    repeated, monotonous = (sum(each) for each in zip((0, 0), *repeats, strict=True))
    return {
        **dataset.filtered,
        **dataset.dropped,
        "users": users,
        "items": items,
        "interactions": len(sequences.items),
        "training_users": int(in_training.sum()),
        "training_interactions": len(trained),
        "training_rows_an_epoch": training_rows,
        # What stays in the data though little can be learnt from it:
        "interactions_of_repeated_pairs": repeated,
        "exact_duplicates": len(sequences.duplicates[0]),
        "users_of_one_item_again_and_again": monotonous,
        "users_not_in_training": int((~in_training).sum()),
        "items_not_in_training": items - int(known_items.sum()),
        "items_without_interactions": items - int(np.count_nonzero(whole)),
        "users_not_in_validation": users - len(split.valid.rows),
        "users_not_in_test": users - len(split.test.rows),
        **_part_counts("valid", split.valid, valid, *known),
        **_part_counts("test", split.test, test, *known),
        **split.left_over,
    }


def _repeats(sequences: UserSequences) -> tuple[int, int]:
    """Count interactions with an item met before, and users who met one item again and again."""
    lengths = sequences.lengths
    firsts = np.repeat(sequences.items[sequences.starts], lengths)
    varied = np.bincount(sequences.owners, sequences.items != firsts, minlength=len(lengths)) > 0
    places = np.arange(len(sequences.items))
    repeated = int((sequences.first_seen < places).sum())
    return repeated, int((~varied & (lengths > 1)).sum())


def _members(count: int, ids: IntArray) -> Any:
    """Return (count,) bool, True at each of the ids; np.unique takes 30 times as long."""
    members = np.zeros(count, dtype=bool)
    members[ids] = True
    return members


def _part_counts(
    name: str, part: Part, rows: EvalRows, known_items: Any, known_users: Any
) -> dict[str, int]:
    """Count one part; items and users that training has not met are told, though they stay."""
    users, targets = rows.targets()
    counts = {
        "interactions": part.num_interactions,
        "rows": len(rows),
        "targets": rows.num_targets,
        "targets_already_seen": rows.seen_targets,
        "targets_left_out": rows.dropped_targets,
        "targets_unseen_in_training": int((~known_items[targets]).sum()),
        "rows_of_users_not_in_training": int((~known_users[np.unique(users)]).sum()),
        "rows_all_already_seen": rows.seen_rows,
        "rows_without_targets": rows.dropped_rows,
    }
    return {f"{name}_{kind}": count for kind, count in counts.items()}
