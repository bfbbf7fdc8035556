"""Items that training has not met: some are met first in validation, some first in test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from recbole_opal.data.protocols.parts import Part, Split
from recbole_opal.data.protocols.per_user import shuffled_groups
from recbole_opal.data.user_sequences import IntArray, UserSequences, first_occurrences

__all__ = ["hold_out_items"]

BoolArray = npt.NDArray[np.bool_]

_SEED = 1230  # not the run's: runs of different seeds ask for the same items
_BEFORE, _VALID, _TEST, _OUTSIDE = range(4)


def hold_out_items(
    sequences: UserSequences, split: Split, num_items: int, share: float
) -> tuple[UserSequences, Split, int]:
    """Let a share of the items be new: half of them to validation, the others to test.

    What was met of such an item in another part is left out, before that part too, so that the
    first that is known of it is a target. A user of whom nothing is left goes; a row goes that has
    lost its targets or all of its history, of which its targets are then counted in `left_over`.
    Source: this project; cold-start items are held out in this way since DropoutNet (NeurIPS 2017).

    Args:
        sequences: of all users.
        split: of a protocol over them.
        num_items: N, with the padding item 0; which items are drawn depends on nothing else.
        share: of the N - 1 items, in (0, 1).

    Returns:
        The sequences and the split over what is left, and how many interactions went.
    """
    groups = np.zeros(num_items, dtype=np.int64)  # 0: not drawn, 1: new to validation, 2: to test
    groups[1:] = shuffled_groups(num_items - 1, [1 - share, share / 2, share / 2], _SEED)
    parts, of_items = _part_of_each(sequences, split), groups[sequences.items]
    inside = parts != _OUTSIDE
    gone = (of_items > 0) & inside & (parts != of_items)
    return _without(sequences, split, gone, parts)


def _part_of_each(sequences: UserSequences, split: Split) -> IntArray:
    """Return (R,) the part of each interaction; what a row's history holds is before it."""
    places = np.arange(len(sequences.items))
    before = split.train_ends.copy()
    found = np.full(len(places), _OUTSIDE, dtype=np.int64)
    for part in (split.valid, split.test):
        before[part.rows] = np.maximum(before[part.rows], part.starts)
    found[places < np.repeat(before, sequences.lengths)] = _BEFORE
    for number, part in ((_VALID, split.valid), (_TEST, split.test)):
        found[_inside(part, sequences)] = number
    return found


def _inside(part: Part, sequences: UserSequences) -> BoolArray:
    """Return (R,) which interactions are targets of a part."""
    bounds = np.zeros((2, len(sequences)), dtype=np.int64)
    bounds[:, part.rows] = part.starts, part.ends
    starts, ends = np.repeat(bounds, sequences.lengths, axis=1)
    places = np.arange(len(sequences.items))
    inside: BoolArray = (places >= starts) & (places < ends)
    return inside


def _without(
    sequences: UserSequences, split: Split, gone: BoolArray, parts: IntArray
) -> tuple[UserSequences, Split, int]:
    """Leave (R,) interactions out of the sequences, and move the bounds of the parts."""
    moved = np.concatenate([[0], np.cumsum(~gone)])  # where each place is now
    users = moved[sequences.ends] > moved[sequences.starts]  # (U,) of whom something is left
    row_of = np.cumsum(users) - 1
    offsets = moved[np.append(sequences.starts[users], len(gone))]
    items = sequences.items[~gone]
    owners = np.repeat(np.arange(int(users.sum())), np.diff(offsets))
    left = UserSequences(
        sequences.users[users],
        offsets.astype(np.int64),
        items,
        sequences.times[~gone],
        first_occurrences(owners, items),
    )
    left_over = dict(split.left_over)
    if "held_out_history_interactions" in left_over:
        untrained = np.arange(len(gone)) >= np.repeat(split.train_ends, sequences.lengths)
        lost = int((gone & untrained & (parts == _BEFORE)).sum())
        left_over["held_out_history_interactions"] -= lost
    found = {}
    for name, part in (("valid", split.valid), ("test", split.test)):
        starts, ends = moved[part.starts], moved[part.ends]
        known = starts > moved[sequences.starts[part.rows]]  # something is left of the history
        key = f"{name}_interactions_without_history"
        if key not in left_over:  # one cut in time
            key = "interactions_after_the_cut_without_history"
        left_over[key] = left_over.get(key, 0) + int((ends - starts)[~known].sum())
        kept = known & (ends > starts)
        found[name] = Part(row_of[part.rows[kept]], starts[kept], ends[kept])
    ends = moved[split.train_ends][users].astype(np.int64)
    return left, replace(split, train_ends=ends, left_over=left_over, **found), int(gone.sum())
