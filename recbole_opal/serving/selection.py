"""Which items may be listed: for everybody, and for single users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recbole_opal.errors import SettingsError
from recbole_opal.retrieval import Pairs
from recbole_opal.serving.item_ids import ItemIds

__all__ = ["Selection"]

_EXCLUDED = "the items of exclude"


@dataclass(frozen=True)
class Selection:
    """What a caller allows in the lists.

    Attributes:
        ids: of the model.
        only: (N,) bool, the items that may be listed; None: all.
        of_user: raw ids to leave out, by the user's name as text.
    """

    ids: ItemIds
    only: Tensor | None
    of_user: Mapping[str, Iterable[Any]]

    @classmethod
    def of(
        cls,
        ids: ItemIds,
        exclude: Iterable[Any] | Mapping[Any, Iterable[Any]] | None,
        only: Iterable[Any] | None,
    ) -> Selection:
        """Read what the caller gave: `exclude` for everybody or by user, `only` for everybody.

        An unknown item cannot be listed, so to exclude it is no fault.

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
        if isinstance(exclude, Mapping):
            return cls(ids, allowed, {str(user): items for user, items in exclude.items()})
        if exclude is not None:
            hidden, _ = ids.numbers(exclude, _EXCLUDED)
            if allowed is None:
                allowed = torch.ones(len(ids.tokens), dtype=torch.bool)
            allowed[torch.from_numpy(hidden)] = False  # the padding, of unknown ones, among them
        return cls(ids, allowed, {})

    def excluded(self, users: Sequence[Any]) -> Pairs | None:
        """Return (rows, ids) of what is left out for single users of a batch; None: nothing."""
        if not self.of_user:
            return None
        given = [(row, self.of_user.get(str(user))) for row, user in enumerate(users)]
        found = [
            (row, self.ids.numbers(items, _EXCLUDED)[0])
            for row, items in given
            if items is not None
        ]
        if not found:
            return None
        rows = np.repeat([row for row, _ in found], [len(items) for _, items in found])
        items = np.concatenate([items for _, items in found])
        known = items > 0
        return torch.from_numpy(rows[known]), torch.from_numpy(items[known])
