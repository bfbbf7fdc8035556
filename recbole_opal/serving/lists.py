"""What is recommended to a batch of users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Lists"]


@dataclass(frozen=True)
class Lists:
    """The lists of B users, best first; a list may be shorter than k where no more items are left.

    Attributes:
        users: the name of each user.
        tokens: the raw id of each internal item id.
        ids: (B, k) int64 internal item ids; 0 = fill.
        scores: (B, k) float32; -inf = fill. Of a list by popularity: training interactions.
        interests: (B, k) int16, the interest that retrieved each item; -1 where none did: in a
            list by popularity, and at fills.
        by_popularity: (B,) bool, whose history held no known item.
    """

    users: Sequence[str]
    tokens: Sequence[str]
    ids: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]
    interests: npt.NDArray[np.int16]
    by_popularity: npt.NDArray[np.bool_]

    def to_frame(self) -> pd.DataFrame:
        """Return a row an item: user, rank (from 1), item, score, interest, by_popularity."""
        import pandas as pd  # only now: a service answers without it

        rows, places = np.nonzero(self.ids)
        return pd.DataFrame(
            {
                "user": np.asarray(self.users, dtype=object)[rows],
                "rank": places + 1,
                "item": np.asarray(self.tokens, dtype=object)[self.ids[rows, places]],
                "score": self.scores[rows, places],
                "interest": self.interests[rows, places],
                "by_popularity": self.by_popularity[rows],
            }
        )
