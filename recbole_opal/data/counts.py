"""What a run is trained on and asked for, in numbers: the log's `data` line and `metrics.json`."""

from __future__ import annotations

import numpy as np

from recbole_opal.data.dataset import FutureItemDataset
from recbole_opal.data.protocols import Part
from recbole_opal.data.rows import EvalRows
from recbole_opal.data.sequences import IntArray

__all__ = ["data_counts", "leaking_duplicates", "rows_without_negatives"]


def data_counts(
    dataset: FutureItemDataset, training_rows: int, valid: EvalRows, test: EvalRows
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

    Args:
        dataset: after `build`.
        training_rows: rows of an epoch, as many as are drawn for it.
        valid: the validation rows.
        test: the test rows.
    """
    users, split, sequences = len(dataset.sequences), dataset.split, dataset.sequences
    return {
        **dataset.filtered,
        **dataset.dropped,
        "users": users,
        "items": dataset.item_num - 1,
        "interactions": len(sequences.items),
        "training_users": int((split.train_ends > sequences.starts).sum()),
        "training_interactions": len(dataset.inter_feat),
        "training_rows_an_epoch": training_rows,
        **_odd_counts(dataset),
        "users_not_in_validation": users - len(split.valid.rows),
        "users_not_in_test": users - len(split.test.rows),
        **_part_counts("valid", dataset, split.valid, valid),
        **_part_counts("test", dataset, split.test, test),
        **split.left_over,
    }


def _odd_counts(dataset: FutureItemDataset) -> dict[str, int]:
    """Count what stays in the data though little can be learnt from it."""
    sequences, split = dataset.sequences, dataset.split
    first = np.repeat(sequences.items[sequences.starts], sequences.lengths)  # (R,)
    owners = np.repeat(np.arange(len(sequences)), sequences.lengths)
    others = np.bincount(owners, sequences.items != first, minlength=len(sequences))
    trained = dataset.inter_feat[dataset.iid_field].numpy()
    repeats = sequences.first_seen < np.arange(len(sequences.items))
    return {
        "interactions_of_repeated_pairs": int(repeats.sum()),
        "exact_duplicates": len(sequences.duplicates[0]),
        "users_of_one_item_again_and_again": int(((others == 0) & (sequences.lengths > 1)).sum()),
        "users_not_in_training": int((split.train_ends == sequences.starts).sum()),
        "items_not_in_training": dataset.item_num - 1 - _distinct(trained),
        "items_without_interactions": dataset.item_num - 1 - _distinct(sequences.items),
    }


def leaking_duplicates(dataset: FutureItemDataset, part: Part) -> int:
    """Count the targets of a part that stand in their own history at the very same time.

    Args:
        dataset: after `build`.
        part: validation or test.
    """
    later, earlier = dataset.sequences.duplicates
    starts = np.zeros(len(dataset.sequences), dtype=np.int64)  # of targets; 0: has none
    ends = np.zeros_like(starts)
    starts[part.rows], ends[part.rows] = part.starts, part.ends
    owners = np.searchsorted(dataset.sequences.offsets, later, side="right") - 1
    is_target = (later >= starts[owners]) & (later < ends[owners])
    return int((is_target & (earlier < starts[owners])).sum())


def rows_without_negatives(dataset: FutureItemDataset, rows: EvalRows) -> int:
    """Count the rows of which every item is a target or left out, which have no AUC.

    Args:
        dataset: after `build`.
        rows: of validation or test.
    """
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


def _distinct(numbers: IntArray) -> int:
    return int(np.count_nonzero(np.bincount(numbers)))  # np.unique takes 30 times as long


def _part_counts(
    name: str, dataset: FutureItemDataset, part: Part, rows: EvalRows
) -> dict[str, int]:
    """Count one part; items and users that training has not met are told, though they stay."""
    known_items = np.zeros(dataset.item_num, dtype=bool)
    known_items[dataset.inter_feat[dataset.iid_field].numpy()] = True
    known_users = np.zeros(dataset.user_num, dtype=bool)
    known_users[dataset.inter_feat[dataset.uid_field].numpy()] = True
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
