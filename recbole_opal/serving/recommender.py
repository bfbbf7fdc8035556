"""Recommend items to anybody with a history, by raw ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from recbole_opal.batches import Histories
from recbole_opal.retrieval import ExactIndex
from recbole_opal.retrieval.winners import winning_interests
from recbole_opal.serving.histories import KnownHistories, RawHistories
from recbole_opal.serving.lists import Lists
from recbole_opal.serving.trained import TrainedModel

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Recommender"]

_BATCH = 1024


class Recommender:
    """A trained model in use. Nothing in it changes once it is made: threads may share it."""

    def __init__(self, trained: TrainedModel) -> None:
        self.trained = trained
        self.network = trained.network
        self._ids = {token: number for number, token in enumerate(trained.items) if number}
        with torch.no_grad():
            self.retriever = ExactIndex(self.network.item_table())

    def recommend(
        self,
        histories: Mapping[Any, Sequence[Any]] | Sequence[Sequence[Any]],
        k: int = 50,
        *,
        exclude_seen: bool = True,
    ) -> pd.DataFrame:
        """Return the k best items of each user as rows: user, rank, item, score, interest."""
        import pandas as pd

        parts = [each.to_frame() for each in self.stream(histories, k, exclude_seen=exclude_seen)]
        return pd.concat(parts, ignore_index=True)

    def stream(
        self,
        histories: Mapping[Any, Sequence[Any]] | Sequence[Sequence[Any]],
        k: int = 50,
        *,
        exclude_seen: bool = True,
        batch_size: int = _BATCH,
    ) -> Iterator[Lists]:
        """Yield the lists of a batch of users at a time, so that any number of them fits."""
        if isinstance(histories, Mapping):
            users = [str(user) for user in histories]
            items = [[str(item) for item in each] for each in histories.values()]
        else:
            users = [str(number) for number in range(len(histories))]
            items = [[str(item) for item in each] for each in histories]
        for start in range(0, len(users), batch_size):
            part = slice(start, start + batch_size)
            yield self.lists(RawHistories(users[part], items[part]), k, exclude_seen=exclude_seen)

    @torch.no_grad()
    def lists(self, raw: RawHistories, k: int = 50, *, exclude_seen: bool = True) -> Lists:
        """Return the lists of a batch."""
        known = self.known(raw)
        queries = self.network.interests(known.histories)
        found = self.retriever.top_k(queries, k, known.seen if exclude_seen else None)
        active = self.network.active_interests(known.histories)
        winners = winning_interests(queries, self.retriever.items.table, found.ids, active)
        interests = winners.numpy().astype(np.int16)
        interests[found.ids.numpy() == 0] = -1
        empty = (known.histories.lengths == 0).numpy()
        return Lists(
            known.users,
            self.trained.items,
            found.ids.numpy(),
            found.scores.numpy(),
            interests,
            empty,
        )

    def known(self, raw: RawHistories) -> KnownHistories:
        """Return histories by internal ids."""
        unknown: Counter[str] = Counter()
        longest = self.trained.settings["MAX_ITEM_LIST_LENGTH"]
        kept, seen_rows, seen_ids = [], [], []
        for row, items in enumerate(raw.items):
            ids = [self._ids.get(item, 0) for item in items]
            unknown.update(item for item, number in zip(items, ids, strict=True) if not number)
            ids = [number for number in ids if number]
            kept.append(ids[-longest:])
            distinct = sorted(set(ids))
            seen_rows += [row] * len(distinct)
            seen_ids += distinct
        flat = torch.tensor([number for ids in kept for number in ids], dtype=torch.int64)
        lengths = torch.tensor([len(ids) for ids in kept], dtype=torch.int64)
        seen = (
            torch.tensor(seen_rows, dtype=torch.int64),
            torch.tensor(seen_ids, dtype=torch.int64),
        )
        return KnownHistories(raw.users, Histories(flat, lengths), seen, unknown)
