"""A trained network and the users of its test part, out of the run folder alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recbole_opal.batches import EvaluationBatch, Histories
from recbole_opal.comparison.run_files import load_arrays
from recbole_opal.evaluation.judged import IntArray, TrainingFacts
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.runs import RunReader
from recbole_opal.runs.file_names import HISTORIES_NAME
from recbole_opal.serving.trained import TrainedModel
from recbole_opal.settings.protocol import masks_history

__all__ = ["ServedRun"]

_NO_IDS = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class _Met:
    """What users met: items and their users by row, in the order of rows, oldest first."""

    rows: IntArray
    items: IntArray

    def slice(self, start: int, stop: int) -> slice:
        """Return where those of the users `start..stop` stand."""
        return slice(*np.searchsorted(self.rows, (start, stop)).tolist())

    def pairs(self, start: int, stop: int) -> tuple[Tensor, Tensor]:
        """Return (rows, ids) of the users `start..stop`, counted from the first of them."""
        part = self.slice(start, stop)
        return torch.from_numpy(self.rows[part] - start), torch.from_numpy(self.items[part])


@dataclass(frozen=True)
class ServedRun:
    """What a run can be asked again.

    Attributes:
        network: with its weights, in evaluation mode.
        training: the number of items and their categories; interactions are left out.
        tokens: the raw ids of the U users.
    """

    network: MultiInterestNetwork
    training: TrainingFacts
    tokens: list[str]
    _users: IntArray  # (U,) internal ids
    _before: _Met
    _times: npt.NDArray[np.float64] | None  # of what was met before
    _after: _Met
    _longest: int
    _masks: bool

    @classmethod
    def read(cls, folder: RunReader, stage: str, most_users: int) -> ServedRun:
        """Read a stage of a run with so many of its users, drawn by their raw ids.

        Runs that were tested on the same users get the same ones.

        Raises:
            CheckpointError: a file is missing or damaged, or the model is none of interests.
        """
        saved, met = load_arrays(folder, HISTORIES_NAME), load_arrays(folder, "targets-test.npz")
        trained = TrainedModel.read(folder.path, stage)
        settings, users = trained.settings, saved["user_id"].astype(np.int64)
        names = folder.load_json("ids.json")[settings["USER_ID_FIELD"]]
        tokens = np.array([str(names[user]) for user in users.tolist()])
        drawn = _drawn(tokens, most_users)
        row_of = np.full(len(names), -1)  # by internal id, -1 = not drawn
        row_of[users[drawn]] = np.arange(len(drawn))
        before, kept = _met(np.repeat(row_of[users], saved["lengths"]), saved["items"])
        after, _ = _met(row_of[met["user_id"]], met["item"])
        return cls(
            trained.network,
            TrainingFacts(len(trained.counts), _NO_IDS, _NO_IDS, trained.categories),
            tokens[drawn].tolist(),
            users[drawn],
            before,
            saved["times"][kept] if "times" in saved else None,
            after,
            settings["MAX_ITEM_LIST_LENGTH"],
            masks_history(settings),
        )

    def batches(self, size: int) -> Iterator[EvaluationBatch]:
        """Yield the users in their order, `size` at a time, as the test part asked for them."""
        for start in range(0, len(self.tokens), size):
            stop = min(start + size, len(self.tokens))
            yield EvaluationBatch(
                torch.from_numpy(self._users[start:stop]),
                self._histories(start, stop),
                self._before.pairs(start, stop) if self._masks else None,
                self._after.pairs(start, stop),
            )

    def _histories(self, start: int, stop: int) -> Histories:
        """Return the newest items of users, as many as the model sees."""
        part = self._before.slice(start, stop)
        rows = self._before.rows[part] - start
        lengths = np.bincount(rows, minlength=stop - start)
        newer = np.cumsum(lengths)[rows] - np.arange(1, len(rows) + 1)  # of the same user
        seen = newer < self._longest
        return Histories(
            torch.from_numpy(self._before.items[part][seen]),
            torch.from_numpy(np.minimum(lengths, self._longest)),
            None if self._times is None else torch.from_numpy(self._times[part][seen]),
        )


def _drawn(tokens: npt.NDArray[np.str_], most: int) -> IntArray:
    """Return at most so many users, always the same ones, as they stand in the files."""
    order = np.argsort(tokens)
    return np.sort(order[np.random.default_rng(0).permutation(len(order))[:most]])


def _met(rows: IntArray, items: IntArray) -> tuple[_Met, IntArray]:
    """Return what the drawn users met, and where it stood."""
    order = np.argsort(rows, kind="stable")
    kept = order[np.searchsorted(rows[order], 0) :]
    return _Met(rows[kept], items[kept].astype(np.int64)), kept
