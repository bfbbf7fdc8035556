"""RecBole's dataset, with sequences kept flat instead of one written-out row a prefix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch
from recbole.data.dataset import Dataset
from recbole.data.interaction import Interaction

from recbole_opal.data.empty_parts import earlier_cut
from recbole_opal.data.protocols import (
    Part,
    Split,
    apply_protocol,
    hold_out_items,
    looks_at_time,
    place_in_time,
    rule_in_seconds,
)
from recbole_opal.data.protocols.timeline import Timeline
from recbole_opal.data.training_part import TrainingPart
from recbole_opal.data.user_sequences import IntArray, UserSequences, flatten_ranges
from recbole_opal.errors import DataError
from recbole_opal.host.atomic_dataset import AtomicFileDataset

__all__ = ["FutureItemDataset"]


class FutureItemDataset(AtomicFileDataset):
    """Atomic files as user sequences with a protocol applied.

    Renumbering is RecBole's. Other than in `SequentialDataset`, time is ordered in float64 with
    ties in file order (RecBole sorts after rounding to float32), nothing is augmented in memory,
    and no cache is read or written. After `build()`, `inter_feat` holds the training part only, so
    that counters, popularity and interaction matrices never see validation or test.

    Attributes:
        dropped: what the protocol left out before ids were given, by name; the numbers of users,
            items and interactions before that are `read_users`, ...; empty for protocols that
            leave nothing out.

    Raises:
        DataError: a file is malformed, or no interaction is left.
    """

    inter_feat: Any  # RecBole's: a data frame, and an Interaction once `build` has ended
    sequences: UserSequences  # all users' interactions
    split: Split
    dropped: dict[str, int]
    note = None  # nothing was built beforehand; see `StoredDataset`
    _placed: Timeline | None

    def build(self) -> list[FutureItemDataset]:
        """Order, split and convert; return the training dataset three times, as RecBole expects.

        The three are one object: what tells the parts apart are the rows the loaders are given.
        """
        frame = self.inter_feat
        self.sequences = UserSequences.from_columns(
            frame[self.uid_field], frame[self.iid_field], frame[self.time_field]
        )
        self.split = apply_protocol(
            self.config["eval_args"]["split"],
            self.config["ratio_rounding"],
            self.sequences,
            self._counts_in_time(frame[self.uid_field].to_numpy()),
        )
        if self.config["cold_items"]:
            self._hold_out(self.config["cold_items"])
        self._change_feat_format()
        self._drop_unused_col()
        self.inter_feat = self._interactions_until(self.split.train_ends)
        return [self, self, self]

    @property
    def training(self) -> TrainingPart:
        """The training interactions, after `build()`."""
        return TrainingPart(self.sequences, self.split.train_ends)

    def data_augmentation(self) -> None:
        """Declare the list fields alone; RecBole writes out every prefix of every sequence here."""
        self._aug_presets()

    def known_before(self, part: Part) -> FutureItemDataset | None:
        """Return this dataset with all that comes before a part added to its interactions.

        It is what the histories of the part's rows hold, for models that serve from a user's row
        of the interaction matrix; None where that is the training part, to the last interaction.
        Never train on it.
        """
        ends = self.split.train_ends.copy()
        ends[part.rows] = part.starts
        if np.array_equal(ends, self.split.train_ends):
            return None
        known: FutureItemDataset = self.copy(self._interactions_until(ends))
        return known

    def inter_matrix(self, form: str = "coo", value_field: str | None = None) -> Any:
        """Return the matrix of `inter_feat`; that of `SequentialDataset` wants written-out rows."""
        return Dataset.inter_matrix(self, form, value_field)

    def _data_filtering(self) -> None:
        """Filter by the protocol last: what it leaves out gets no id, and no model knows of it.

        The parts of time are kept, since `normalize_all` may scale the times afterwards.
        """
        super()._data_filtering()
        rule = self.config["eval_args"]["split"]
        self._placed, self.dropped = None, {}
        if not looks_at_time(rule):
            return
        frame, ids = self.inter_feat, (self.uid_field, self.iid_field)
        users, items = (pd.factorize(frame[field])[0].astype(np.int64) for field in ids)
        times = frame[self.time_field].to_numpy(dtype=np.float64)
        in_seconds = rule_in_seconds(rule, self.time_unit)
        self._placed = placed = place_in_time(in_seconds, users, items, times)
        if not (placed.parts[placed.keep] == 0).any():
            raise DataError(
                f"nothing of dataset '{self.dataset_name}' is left to train on before the first "
                f"cut of {rule}; {earlier_cut(in_seconds, times)}."
            )
        if not placed.dropped:
            return
        read = {"users": int(users.max()) + 1, "items": int(items.max()) + 1}
        read["interactions"] = len(frame)
        self.dropped = {f"read_{what}": count for what, count in read.items()} | placed.dropped
        self.inter_feat = frame[placed.keep].reset_index(drop=True)
        for name, field in zip(("user_feat", "item_feat"), ids, strict=True):
            if (features := getattr(self, name)) is not None:  # of whom nothing is left, go too
                gone = set(frame[field]) - set(self.inter_feat[field])
                kept = features[~features[field].isin(gone)].reset_index(drop=True)
                setattr(self, name, kept)

    def _hold_out(self, share: float) -> None:
        """Let a share of the items be new to validation or test; see `hold_out_items`."""
        before = self.sequences
        self.sequences, self.split, lost = hold_out_items(before, self.split, self.item_num, share)
        read = {"users": len(before), "items": self.item_num - 1, "interactions": len(before.items)}
        for what, count in read.items():
            self.dropped.setdefault(f"read_{what}", count)
        self.dropped["dropped_interactions_of_cold_items"] = lost
        self.dropped["dropped_users_of_cold_items_alone"] = len(before) - len(self.sequences)

    def _counts_in_time(self, users: IntArray) -> IntArray | None:
        """Return (parts, U) how many interactions of each user lie in each part of time."""
        if (placed := self._placed) is None:
            return None
        count = len(self.sequences)
        places = np.searchsorted(self.sequences.users, users)
        pairs = placed.parts[placed.keep] * count + places
        counts = np.bincount(pairs, minlength=placed.num_parts * count)
        return counts.reshape(placed.num_parts, count).astype(np.int64)

    def _interactions_until(self, ends: IntArray) -> Interaction:
        """Return the interactions of each user before its flat position in `ends`, (U,) int64."""
        sequences = self.sequences
        rows, positions = flatten_ranges(sequences.starts, ends)
        return Interaction(
            {
                self.uid_field: torch.from_numpy(sequences.users[rows]),
                self.iid_field: torch.from_numpy(sequences.items[positions]),
                self.time_field: torch.from_numpy(sequences.times[positions].astype("float32")),
            }
        )
