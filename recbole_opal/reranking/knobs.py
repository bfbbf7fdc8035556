"""What of a list is wanted beside the scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from recbole_opal.errors import SettingsError

__all__ = ["RULES", "Reranking", "Rule"]

Rule = Literal["categories", "mmr", "dpp"]
RULES: tuple[Rule, ...] = get_args(Rule)

_FEWEST_CANDIDATES = 200
_LARGEST = 1e6  # beyond it float32 values no longer tell scores apart


@dataclass(frozen=True)
class Reranking:
    """How a list of k items is chosen from candidates; with the defaults, by score alone.

    Attributes:
        diversity: lambda of the rule, 0 = score alone. For `categories` from 0 up: what
            each pair of listed items without a common category is worth, in units of the plain
            list's range of scores. For `mmr` and `dpp` in [0, 1], 1 = diversity alone.
        rule: `categories` = the greedy rule of ComiRec; `mmr` = maximal marginal relevance, `dpp` =
            a determinantal point process, both over the items' vectors, by pyversity.
        per_interest: places of the list, at least, of each interest in use.
        by_share: the part of the list, in [0, 1], that the interests in use share out by their
            shares of the history.
        candidates: how many of the best items are looked at; None: four lists, at least 200.

    Raises:
        SettingsError: a value is not a number, or out of its range.
    """

    diversity: float = 0.0
    rule: Rule = "categories"
    per_interest: int = 0
    by_share: float = 0.0
    candidates: int | None = None

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise SettingsError(f"rule '{self.rule}' is unknown; choose {', '.join(RULES)}.")
        most = _LARGEST if self.rule == "categories" else 1.0
        _check_number("diversity", self.diversity, most)
        _check_number("by_share", self.by_share, 1.0)
        _check_whole("per_interest", self.per_interest, 0)
        if self.candidates is not None:
            _check_whole("candidates", self.candidates, 1)

    @property
    def plain(self) -> bool:
        """Whether the list is that of the scores alone."""
        return self.diversity == 0 and not self.has_quotas

    @property
    def has_quotas(self) -> bool:
        """Whether interests have places of their own."""
        return self.per_interest > 0 or self.by_share > 0

    def budget(self, k: int) -> int:
        """Return the number of candidates for a list of k, which is k where scores alone count.

        Raises:
            SettingsError: fewer candidates than places, or more places for an interest than k.
        """
        if k < 1:
            raise SettingsError(f"a list of k={k} items was asked for; use k of at least 1.")
        if self.per_interest > k:
            raise SettingsError(
                f"per_interest={self.per_interest} asks for more places for one interest than the "
                f"list has, {k}; use at most k."
            )
        if self.candidates is not None and self.candidates < k:
            raise SettingsError(
                f"candidates={self.candidates} cannot fill a list of {k}; use at least k."
            )
        if self.plain:
            return k
        return self.candidates or max(4 * k, _FEWEST_CANDIDATES)


def _check_number(name: str, value: float, most: float) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value <= most:  # NaN too
        raise SettingsError(f"{name}={value} is not allowed; use a number from 0 to {most:g}.")


def _check_whole(name: str, value: int, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise SettingsError(f"{name}={value} is not allowed; use a whole number from {least}.")
