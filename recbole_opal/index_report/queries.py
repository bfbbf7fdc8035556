"""The users whose lists are searched: their interests, and what they have seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recbole_opal.errors import DataError
from recbole_opal.retrieval import Pairs
from recbole_opal.serving.histories import RawHistories
from recbole_opal.serving.own_users import own_users
from recbole_opal.serving.recommender import Recommender
from recbole_opal.serving.sources import Columns, read_histories

__all__ = ["Queries", "queries_of"]

_SEED = 2020
_BATCH = 1024


@dataclass(frozen=True)
class Queries:
    """What the search is asked for B users.

    Attributes:
        interests: (B, K, D).
        seen: (rows, ids) of the items that are left out, by row.
    """

    interests: Tensor
    seen: Pairs

    def __len__(self) -> int:
        """Return B."""
        return len(self.interests)

    def batches(self, size: int) -> list[tuple[Tensor, Pairs]]:
        """Return the queries `size` users at a time, with rows counted from 0 in each."""
        rows, ids = self.seen
        cuts = torch.arange(0, len(self) + size, size)
        ends = torch.searchsorted(rows.contiguous(), cuts)
        found = []
        for number, start in enumerate(cuts[:-1].tolist()):
            part = slice(int(ends[number]), int(ends[number + 1]))
            queries = self.interests[start : start + size].contiguous()
            found.append((queries, (rows[part] - start, ids[part])))
        return found


@torch.inference_mode()
def queries_of(recommender: Recommender, most: int, source: Path | None = None) -> Queries:
    """Return the queries of users of a run's test part, or of a file.

    Args:
        recommender: of the run.
        most: users; of more so many are drawn, always the same ones. Those of whom the model knows
            no item are left out.
        source: a file of histories; None: the run's own.

    Raises:
        CheckpointError: the run holds no histories.
        DataError: the file cannot be read, or no user has an item that the model knows.
    """
    given = own_users(recommender.trained) if source is None else source
    columns = Columns.of_run(recommender.trained.settings, {})
    drawn = _drawn(read_histories(given, batch_size=_BATCH, columns=columns), most)
    interests: list[Tensor] = []
    rows, ids = [], []
    count = 0
    for batch in read_histories(drawn, batch_size=_BATCH):
        known = recommender.known(batch)
        told = known.histories.lengths > 0  # (B,); the others are answered by popularity
        numbers = torch.where(told, told.cumsum(dim=0) - 1, -1)[known.seen[0]]
        interests.append(recommender.network.interests(known.histories)[told])
        rows.append(numbers[numbers >= 0] + count)
        ids.append(known.seen[1][numbers >= 0])
        count += len(interests[-1])
    if not count:
        where = source or f"the test part of {recommender.trained.folder}"
        raise DataError(f"nobody in {where} has an item that the model knows; give others.")
    return Queries(torch.cat(interests), (torch.cat(rows), torch.cat(ids)))


def _drawn(batches: Iterable[RawHistories], most: int) -> RawHistories:
    """Return so many users of all, in their order, each with the same chance; the rest is let go.

    Each user gets a random number, and the smallest stay.
    """
    draw = np.random.default_rng(_SEED)
    numbers = np.empty(0)
    kept: list[tuple[Any, Sequence[Any], Sequence[float] | None]] = []
    for batch in batches:
        numbers = np.append(numbers, draw.random(len(batch.users)))
        best = np.sort(np.argsort(numbers, kind="stable")[:most])
        numbers, before = numbers[best], len(kept)
        kept = [
            kept[place] if place < before else _user(batch, place - before)
            for place in best.tolist()
        ]
    users, items, times = zip(*kept, strict=True) if kept else ((), (), ())
    return RawHistories(users, items, times if kept and times[0] is not None else None)


def _user(batch: RawHistories, row: int) -> tuple[Any, Sequence[Any], Sequence[float] | None]:
    return batch.users[row], batch.items[row], None if batch.times is None else batch.times[row]
