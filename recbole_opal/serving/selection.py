"""Which items may be listed: for everybody, and for single users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recbole_opal.errors import SettingsError
from recbole_opal.retrieval import Pairs
from recbole_opal.serving.item_ids import IntArray, ItemIds
from recbole_opal.serving.sources.raw_ids import as_texts

__all__ = ["Selection"]

_EXCLUDED = "the items of exclude"


@dataclass(frozen=True)
class Selection:
    """What a caller allows in the lists.

    Attributes:
        only: (N,) bool, the items that may be listed; None: all.
        of_user: internal ids to leave out, 0 = unknown, by the user's name as text.
        unknown: raw ids of `exclude` that the model does not know, and how often.
    """

    only: Tensor | None
    of_user: Mapping[str, IntArray]
    unknown: Mapping[str, int]

    @classmethod
    def of(
        cls,
        ids: ItemIds,
        exclude: Iterable[Any] | Mapping[Any, Iterable[Any]] | None,
        only: Iterable[Any] | None,
    ) -> Selection:
        """Read what the caller gave: `exclude` for everybody or by user, `only` for everybody.

        Raises:
            DataError: an item of `only` is unknown, or an id is neither text nor a whole number.
            SettingsError: `only` is empty.
        """
        allowed: Tensor | None = None
        if only is not None:
            allowed = torch.zeros(len(ids.tokens), dtype=torch.bool)
            allowed[torch.from_numpy(ids.known(only, "the items of only"))] = True
            if not allowed.any():
                raise SettingsError("only holds no item; leave it out to allow every item.")
        if isinstance(exclude, Mapping) and exclude:
            items = [as_texts(each, _EXCLUDED) for each in exclude.values()]
            numbers, unknown = ids.numbers([*chain.from_iterable(items)], _EXCLUDED)
            parts = np.split(numbers, np.cumsum([*map(len, items)], dtype=np.int64)[:-1])
            return cls(allowed, dict(zip(map(str, exclude), parts, strict=True)), unknown)
        hidden, unknown = ids.numbers(() if exclude is None else exclude, _EXCLUDED)
        if len(hidden):
            if allowed is None:
                allowed = torch.ones(len(ids.tokens), dtype=torch.bool)
            allowed[torch.from_numpy(hidden)] = False  # the padding, of unknown ones, among them
        return cls(allowed, {}, unknown)

    def excluded(self, users: Sequence[Any]) -> Pairs | None:
        """Return (rows, ids) of what is left out for single users of a batch; None: nothing."""
        if not self.of_user:
            return None
        nothing = np.empty(0, dtype=np.int64)
        found = [self.of_user.get(str(user), nothing) for user in users]
        rows = np.repeat(np.arange(len(found)), [*map(len, found)])
        items = np.concatenate([nothing, *found])
        known = items > 0
        return torch.from_numpy(rows[known]), torch.from_numpy(items[known])
