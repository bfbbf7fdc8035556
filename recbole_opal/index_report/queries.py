"""The users whose lists are searched: their interests, and what they have seen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
    """Return the queries of users of a run's test part, or of the first users of a file.

    Args:
        recommender: of the run.
        most: users; of a larger test part so many are drawn, always the same ones.
        source: a file of histories; None: the run's own.

    Raises:
        CheckpointError: the run holds no histories.
        DataError: the file cannot be read, or no user has an item that the model knows.
    """
    raw = _drawn(own_users(recommender.trained), most) if source is None else None
    columns = Columns.of_run(recommender.trained.settings, {})
    batches = read_histories(source if raw is None else raw, batch_size=_BATCH, columns=columns)
    interests: list[Tensor] = []
    rows, ids = [], []
    count = 0
    for batch in batches:
        found, (own_rows, own_ids) = _asked(recommender, batch, most - count)
        interests.append(found)
        rows.append(own_rows + count)
        ids.append(own_ids)
        count += len(found)
        if count >= most:
            break
    if not count:
        where = source or f"the test part of {recommender.trained.folder}"
        raise DataError(f"nobody in {where} has an item that the model knows; give others.")
    return Queries(torch.cat(interests), (torch.cat(rows), torch.cat(ids)))


def _asked(recommender: Recommender, batch: RawHistories, most: int) -> tuple[Tensor, Pairs]:
    """Return the interests of the first users of a batch who can be searched for, and the seen.

    The others, of whom no item is known, are answered by popularity.
    """
    known = recommender.known(batch)
    told = known.histories.lengths > 0  # (B,)
    found = recommender.network.interests(known.histories)[told][:most]
    numbers = torch.where(told, told.cumsum(dim=0) - 1, -1)  # of each row among those
    rows = numbers[known.seen[0]]
    kept = (rows >= 0) & (rows < len(found))
    return found, (rows[kept], known.seen[1][kept])


def _drawn(every: RawHistories, most: int) -> RawHistories:
    count = len(every.users)
    rows = np.sort(np.random.default_rng(_SEED).permutation(count)[:most]).tolist()
    return RawHistories(
        [every.users[row] for row in rows],
        [every.items[row] for row in rows],
        None if every.times is None else [every.times[row] for row in rows],
    )
