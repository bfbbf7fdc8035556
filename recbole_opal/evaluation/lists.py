"""The lists of a whole evaluation as plain arrays, for everything that is measured afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["InterestRecord", "RankedLists"]


@dataclass(frozen=True)
class InterestRecord:
    """What the interests of a multi-interest model did.

    Attributes:
        winners: `(E, k)` uint8, the interest that won each listed item, 255 at fills.
        cosines: `(E,)` float64, mean cosine between two active interests of a user; NaN without
            two.
        active: `(E, K)` bool, the interests the user has; the others are copies.
    """

    winners: npt.NDArray[np.uint8]
    cosines: npt.NDArray[np.float64]
    active: npt.NDArray[np.bool_]

    @property
    def count(self) -> int:
        """K."""
        return int(self.active.shape[1])


@dataclass(frozen=True)
class RankedLists:
    """The lists of E users.

    Attributes:
        users: `(E,)` int64 internal user ids.
        items: `(E, k)` int32 internal item ids, best first, 0 = fill.
        hits: `(E, k)` bool, whether the item is a target of the user.
        interests: None for models without interests.
    """

    users: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    hits: npt.NDArray[np.bool_]
    interests: InterestRecord | None

    @classmethod
    def of(cls, struct: Any) -> RankedLists:
        """Take the lists from a finished evaluation.

        Args:
            struct: the `last_struct` of a `TopKCollector` that was told to `keep_lists`.
        """
        interests = None
        if "rec.winners" in struct:
            interests = InterestRecord(
                struct.get("rec.winners").numpy(),
                struct.get("rec.cosines").numpy(),
                struct.get("rec.active").numpy(),
            )
        return cls(
            users=struct.get("rec.users").numpy(),
            items=struct.get("rec.items").numpy().astype(np.int32),
            hits=struct.get("rec.topk").numpy()[:, :-1].astype(bool),
            interests=interests,
        )

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what is kept on disk: `user_id`, `items` and, if there is one, `interest`."""
        kept: dict[str, npt.NDArray[Any]] = {"user_id": self.users, "items": self.items}
        return kept if self.interests is None else kept | {"interest": self.interests.winners}
