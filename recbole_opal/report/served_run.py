"""A trained network and the users of its test part, out of the run folder alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from recbole_opal.batches import EvaluationBatch, Histories
from recbole_opal.comparison.run_files import load_arrays
from recbole_opal.errors import CheckpointError
from recbole_opal.evaluation.category_table import category_table
from recbole_opal.evaluation.judged import IntArray, TrainingFacts
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.models.rebuild import rebuild
from recbole_opal.runs import RunReader
from recbole_opal.settings.protocol import masks_history

__all__ = ["HISTORIES", "ServedRun"]

HISTORIES = "histories-test.npz"
_NO_IDS = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Ragged:
    """Rows of different lengths, end to end: row r is `values[starts[r] : ends[r]]`."""

    starts: IntArray
    ends: IntArray

    def take(self, rows: IntArray, longest: int | None = None) -> tuple[IntArray, IntArray]:
        """Return the places of the last values of some rows, and how many there are of each."""
        ends, lengths = self.ends[rows], self.ends[rows] - self.starts[rows]
        lengths = lengths if longest is None else np.minimum(lengths, longest)
        before = np.repeat(np.cumsum(lengths) - lengths, lengths)
        places = np.arange(len(before)) - before + np.repeat(ends - lengths, lengths)
        return places, lengths


@dataclass(frozen=True)
class ServedRun:
    """What a run can be asked again.

    Attributes:
        network: with its weights, in evaluation mode.
        training: the number of items and their categories; interactions are left out.
        tokens: the raw ids of the U users, sorted.
        rows: (U,) int64, where they stand in the files.
    """

    network: MultiInterestNetwork
    training: TrainingFacts
    tokens: list[str]
    rows: IntArray
    _users: IntArray  # (E,) internal ids
    _items: IntArray  # histories, end to end
    _times: npt.NDArray[np.float64] | None
    _before: Ragged  # histories
    _targets: IntArray
    _after: Ragged  # targets
    _longest: int
    _masks: bool

    @classmethod
    def read(cls, folder: RunReader, stage: str, most_users: int, seed: int = 0) -> ServedRun:
        """Read a stage of a run with so many of its users, drawn by their raw ids.

        Runs that were tested on the same users get the same ones.

        Raises:
            CheckpointError: a file is missing or damaged, or the model is none of interests.
        """
        if HISTORIES not in folder.names:
            raise CheckpointError(
                f"{folder.path} was made by a version that kept no histories; train it again."
            )
        settings = folder.load_yaml("config.yaml")
        saved, met = load_arrays(folder, HISTORIES), load_arrays(folder, "targets-test.npz")
        users, names = saved["user_id"], folder.load_json("ids.json")[settings["USER_ID_FIELD"]]
        tokens = np.array([str(names[user]) for user in users])
        rows = _drawn(tokens, most_users, seed)
        counts = load_arrays(folder, "item_counts.npz")["counts"]
        categories = None
        if "item_categories.npz" in folder.names:
            pairs = load_arrays(folder, "item_categories.npz")
            categories = category_table(pairs["item"], pairs["category"], len(counts))
        by_user = np.argsort(met["user_id"], kind="stable")
        owners = met["user_id"][by_user]
        ends = np.cumsum(saved["lengths"], dtype=np.int64)
        return cls(
            rebuild(folder.path, stage),
            TrainingFacts(len(counts), _NO_IDS, _NO_IDS, categories),
            tokens[rows].tolist(),
            rows,
            users.astype(np.int64),
            saved["items"].astype(np.int64),
            saved.get("times"),
            Ragged(ends - saved["lengths"], ends),
            met["item"][by_user].astype(np.int64),
            Ragged(*(np.searchsorted(owners, users, side=side) for side in ("left", "right"))),
            settings["MAX_ITEM_LIST_LENGTH"],
            masks_history(settings),
        )

    def batches(self, size: int) -> Iterator[EvaluationBatch]:
        """Yield the users in their order, `size` at a time, as the test part asked for them."""
        for start in range(0, len(self.rows), size):
            yield self._batch(self.rows[start : start + size])

    def _batch(self, rows: IntArray) -> EvaluationBatch:
        seen, lengths = self._before.take(rows, self._longest)
        times = None if self._times is None else torch.from_numpy(self._times[seen])
        histories = Histories(
            torch.from_numpy(self._items[seen]), torch.from_numpy(lengths.astype(np.int64)), times
        )
        excluded = _pairs(self._items, *self._before.take(rows)) if self._masks else None
        targets = _pairs(self._targets, *self._after.take(rows))
        users = torch.from_numpy(self._users[rows])
        return EvaluationBatch(users, histories, excluded, targets)


def _drawn(tokens: npt.NDArray[np.str_], most: int, seed: int) -> IntArray:
    """Return rows of at most so many users, ascending by raw id."""
    order = np.argsort(tokens)
    if len(order) <= most:
        return order
    kept = np.random.default_rng(seed).choice(len(order), most, replace=False)
    return order[np.sort(kept)]


def _pairs(
    items: IntArray, places: IntArray, lengths: IntArray
) -> tuple[torch.Tensor, torch.Tensor]:
    owners = np.repeat(np.arange(len(lengths)), lengths)
    return torch.from_numpy(owners), torch.from_numpy(items[places])
