"""What is asked for beside the histories, checked once for any number of batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from recbole_opal.errors import DataError, SettingsError
from recbole_opal.reranking import Reranking, Rule
from recbole_opal.serving.item_ids import ItemIds, named
from recbole_opal.serving.selection import Selection

if TYPE_CHECKING:
    from typing_extensions import TypedDict

    class Wishes(TypedDict, total=False):
        """The keyword arguments of `Recommender.recommend` but `times`; see there."""

        exclude_seen: bool
        exclude: Iterable[Any] | Mapping[Any, Iterable[Any]] | None
        only: Iterable[Any] | None
        diversity: float
        rule: Rule
        per_interest: int
        by_share: float
        unknown: Literal["ignore", "error"]


__all__ = ["Request", "check_k"]

_UNKNOWN = ("ignore", "error")
_MOST_LISTED = 2**20  # places of the lists of one batch: some 100 MiB while they are searched
_MOST_COMPARED = 2**24  # numbers of the candidates' vectors of one batch, 64 MiB


@dataclass(frozen=True)
class Request:
    """What is asked of a recommender.

    Attributes:
        k: the length of a list, at most that of the catalogue.
        exclude_seen: whether what a history holds is left out.
        selection: which items may be listed.
        how: diversity, and places for interests.
        strict: whether an unknown item, in a history or to exclude, is an error.
    """

    k: int
    exclude_seen: bool
    selection: Selection
    how: Reranking
    strict: bool

    @classmethod
    def of(
        cls,
        ids: ItemIds,
        k: int,
        *,
        exclude_seen: bool = True,
        exclude: Iterable[Any] | Mapping[Any, Iterable[Any]] | None = None,
        only: Iterable[Any] | None = None,
        diversity: float = 0.0,
        rule: Rule = "categories",
        per_interest: int = 0,
        by_share: float = 0.0,
        unknown: Literal["ignore", "error"] = "ignore",
    ) -> Request:
        """Check what a caller asks for; see `Recommender.recommend`.

        Raises:
            SettingsError: a value is not allowed.
            DataError: an item of `only` is unknown, or one of `exclude` where that is refused; an
                id is neither text nor a whole number.
        """
        longest = min(check_k(k), max(1, len(ids.tokens) - 1))
        if unknown not in _UNKNOWN:
            raise SettingsError(f"unknown={unknown!r} is not allowed; use 'ignore' or 'error'.")
        how = Reranking(diversity, rule, per_interest, by_share)
        how.budget(k)  # checks them against each other
        how = replace(how, per_interest=min(how.per_interest, longest))
        selection = Selection.of(ids, exclude, only)
        request = cls(longest, bool(exclude_seen), selection, how, unknown == "error")
        request.check_unknown(selection.unknown, "exclude holds")
        return request

    def rows_at_a_time(self, width: int, most: int) -> int:
        """Return how many users of item vectors (D,) fit into a batch, at most so many."""
        rows = _MOST_LISTED // self.k
        if not self.how.plain:
            rows = min(rows, _MOST_COMPARED // (self.how.budget(self.k) * width))
        return max(1, min(rows, most))

    def check_unknown(self, unknown: Mapping[str, int], who: str = "the histories hold") -> None:
        """Refuse unknown items, where that was asked for."""
        if self.strict and unknown:
            raise DataError(f"{who} {named(unknown)}; take them out, or write unknown='ignore'.")


def check_k(k: int) -> int:
    """Return the length of lists as an int.

    Raises:
        SettingsError: it is no whole number, or below 1.
    """
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise SettingsError(f"k={k!r} is not allowed; use a whole number from 1.")
    return int(k)
