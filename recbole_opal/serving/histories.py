"""Histories as a caller gives them, by raw ids, and as a network reads them, by internal ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from recbole_opal.batches import Histories
from recbole_opal.retrieval.pairs import Pairs

__all__ = ["KnownHistories", "RawHistories"]


@dataclass(frozen=True)
class RawHistories:
    """B users and what they met, oldest first.

    Attributes:
        users: the name of each, as the caller gives it or as it is counted: 0, 1, ...
        items: the raw item ids of each, text or whole numbers; a number counts as its digits.
        times: seconds of each item, for models that read them; None: not given.
    """

    users: Sequence[Any]
    items: Sequence[Sequence[Any]]
    times: Sequence[Sequence[float]] | None = None


@dataclass(frozen=True)
class KnownHistories:
    """The same users by internal ids.

    Attributes:
        users: as given.
        histories: of each the newest known items, as many as the model sees.
        seen: (rows, ids) of all known items of each, each pair once.
        unknown: raw ids that the model does not know, and how often they were met.
    """

    users: Sequence[Any]
    histories: Histories
    seen: Pairs
    unknown: Mapping[str, int] = field(default_factory=dict)
