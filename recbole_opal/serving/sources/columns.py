"""What the columns of a table of histories are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recbole_opal.errors import DataError
from recbole_opal.suggest import did_you_mean

__all__ = ["Columns", "Found"]


@dataclass(frozen=True)
class Found:
    """The columns of one table.

    Attributes:
        user: of the users.
        item: of the items, or of lists of them.
        time: of the times; None: there is none.
    """

    user: str
    item: str
    time: str | None

    @property
    def names(self) -> list[str]:
        """All that are there."""
        return [self.user, self.item] + ([] if self.time is None else [self.time])


@dataclass(frozen=True)
class Columns:
    """The names that are looked for; of several that are there the first counts.

    Attributes:
        users: of the users.
        items: of the items, or of lists of them.
        times: of the times, which may be missing.
        needs_times: True where they may not.
        time_unit: of times that are numbers, a key of `TIME_UNITS`; None: judged from those of a
            batch, of a long table from all.
    """

    users: Sequence[str] = ("user_id", "user")
    items: Sequence[str] = ("item_id", "items", "item")
    times: Sequence[str] = ("timestamp", "times")
    needs_times: bool = False
    time_unit: str | None = None

    @classmethod
    def of_run(cls, settings: Mapping[str, Any], flags: Mapping[str, str]) -> Columns:
        """Return the names that a run's settings use; `user_field` and others of `flags` go first.

        Args:
            settings: of the run.
            flags: perhaps with `user_field`, `item_field`, `time_field`, `time_unit`.
        """

        def names(flag: str, setting: str, *usual: str) -> tuple[str, ...]:
            if flag in flags:
                return (flags[flag],)
            return (str(settings.get(setting) or usual[0]), *usual)

        return cls(
            names("user_field", "USER_ID_FIELD", *cls.users),
            names("item_field", "ITEM_ID_FIELD", *cls.items),
            names("time_field", "TIME_FIELD", *cls.times),
            "time_field" in flags,
            flags.get("time_unit", settings.get("time_unit")),
        )

    def find(self, names: Sequence[str], place: str) -> Found:
        """Return the columns among the `names` of a table; `place` tells an error where it is.

        Raises:
            DataError: users, items or required times are missing, or one stands there twice.
        """
        user = _first(self.users, names, place, "user")
        item = _first(self.items, names, place, "item")
        needed = self.needs_times or any(name in names for name in self.times)
        return Found(user, item, _first(self.times, names, place, "time") if needed else None)


def _first(wanted: Sequence[str], names: Sequence[str], place: str, role: str) -> str:
    found = next((name for name in wanted if name in names), None)
    if found is None:
        there = ", ".join(map(str, names)) or "none"
        near = did_you_mean(wanted[0], map(str, names)) or "."
        raise DataError(
            f"{place} has no column {wanted[0]} among {there}; name that of the {role}s with "
            f"--{role}_field=COLUMN{near}"
        )
    if list(names).count(found) > 1:
        raise DataError(f"{place} has two columns {found}; rename one of them.")
    return found
