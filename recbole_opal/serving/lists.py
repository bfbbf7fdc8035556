"""What is recommended to a batch of users."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Lists"]


@dataclass(frozen=True)
class Lists:
    """The lists of B users, best first; a list may be shorter than k where no more items are left.

    Attributes:
        users: the name of each user, as the caller gave it.
        tokens: the raw id of each internal item id.
        ids: (B, k) int64 internal item ids; 0 = fill, at the end of a list.
        scores: (B, k) float32; -inf = fill. Of a list by popularity: training interactions.
        interests: (B, k) int16, the interest that retrieved each item; -1 where none did: in a
            list by popularity, and at fills.
        by_popularity: (B,) bool, whose history held no known item.
        unknown: raw ids in the histories that the model does not know, and how often.
    """

    users: Sequence[Any]
    tokens: Sequence[str]
    ids: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]
    interests: npt.NDArray[np.int16]
    by_popularity: npt.NDArray[np.bool_]
    unknown: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of users, B."""
        return len(self.ids)

    @classmethod
    def joined(cls, parts: Sequence[Lists]) -> Lists:
        """Return the users of some batches, at least one, of one model and one k together."""
        if len(parts) == 1:
            return parts[0]
        unknown: Counter[str] = Counter()
        for part in parts:
            unknown.update(part.unknown)
        return cls(
            [user for part in parts for user in part.users],
            parts[0].tokens,
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.interests for part in parts]),
            np.concatenate([part.by_popularity for part in parts]),
            unknown,
        )

    def items(self) -> list[list[str]]:
        """Return the raw ids of each list, without fills."""
        return [[self.tokens[number] for number in row if number] for row in self.ids.tolist()]

    def to_frame(self) -> pd.DataFrame:
        """Return a row an item: user, rank (from 1), item, score, interest, by_popularity."""
        import pandas as pd  # only now: a service answers without it

        rows, places = np.nonzero(self.ids)
        users = np.empty(len(self.users), dtype=object)  # np.array would take tuples apart
        users[:] = list(self.users)
        return pd.DataFrame(
            {
                "user": pd.Series(users).infer_objects()[rows].to_numpy(),
                "rank": places + 1,
                "item": np.asarray(self.tokens, dtype=object)[self.ids[rows, places]],
                "score": self.scores[rows, places],
                "interest": self.interests[rows, places],
                "by_popularity": self.by_popularity[rows],
            }
        )
