"""A few users from their histories through their interests to their lists."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recbole_opal.comparison.run_files import load_arrays
from recbole_opal.errors import CheckpointError, SettingsError
from recbole_opal.report.trained_opals import TrainedOpal
from recbole_opal.runs import RunReader
from recbole_opal.runs.file_names import HISTORIES_NAME
from recbole_opal.suggest import did_you_mean

__all__ = ["LENGTH", "MOST_USERS", "Journey", "choose", "journeys", "pick"]

MOST_USERS = 2000
"""Users of the test part that are looked at."""

LENGTH = 20
"""Of each list, how many items are shown."""

_LENGTHS = range(6, 41)
_USUAL_LENGTH = 15


@dataclass(frozen=True)
class Journey:
    """One user of the test part, by token, with ids of items."""

    user: str
    number: int  # the internal id
    history: list[int]  # oldest first
    categories: list[int]  # the hyper-category each of them belongs to most
    listed: list[int]  # best first
    winners: list[int]  # which interest won each of them
    targets: list[int]  # what the user met afterwards

    @property
    def hits(self) -> int:
        """Number of targets in the list."""
        return len(set(self.listed) & set(self.targets))

    @property
    def hit_interests(self) -> int:
        """Number of interests that won a hit."""
        pairs = zip(self.listed, self.winners, strict=True)
        return len({interest for item, interest in pairs if item in self.targets})

    @property
    def used(self) -> int:
        """Number of interests in the list."""
        return len(set(self.winners))


def journeys(trained: TrainedOpal, also: Collection[str] = ()) -> list[Journey]:
    """Tell of the first users of the test part, with the heads of the lists of the run.

    Then of the users `also`, by token, as far as they are in the test part and not yet told of.

    Raises:
        OpalError: a file of the run is not there or cannot be read.
    """
    folder, own = trained.folder, trained.assignment.argmax(axis=1)
    settings = folder.load_yaml("config.yaml")
    tokens = folder.load_json("ids.json")[settings["USER_ID_FIELD"]]
    lists = load_arrays(folder, f"lists-{trained.row.stage}-test.npz")
    if int(lists["items"].max(initial=0)) >= len(own):
        raise ValueError("the lists name items that it does not know")
    histories = _histories(folder, lists["user_id"], settings["MAX_ITEM_LIST_LENGTH"])
    interests = lists.get("interest", np.zeros_like(lists["items"]))  # of one there is no record
    targets = load_arrays(folder, "targets-test.npz")
    met: dict[int, list[int]] = defaultdict(list)
    for user, item in zip(targets["user_id"].tolist(), targets["item"].tolist(), strict=True):
        met[user].append(item)
    names = [tokens[user] for user in lists["user_id"].tolist()]
    asked = set(also)
    found = []
    for row, name in enumerate(names):
        if row >= MOST_USERS and name not in asked:
            continue
        number, history = int(lists["user_id"][row]), histories(row)
        items, winners = lists["items"][row][:LENGTH], interests[row][:LENGTH]
        listed, won = (each[items > 0].tolist() for each in (items, winners))
        found.append(
            Journey(name, number, history, own[history].tolist(), listed, won, met[number])
        )
    return found


def _histories(
    folder: RunReader, users: npt.NDArray[np.integer[Any]], longest: int
) -> Callable[[int], list[int]]:
    """Return what gives the items that the model saw of the user of a row of the lists."""
    if HISTORIES_NAME not in folder.names:
        raise CheckpointError(
            f"{folder.path} was made by a version that kept no histories; train it again to see "
            "users."
        )
    saved = load_arrays(folder, HISTORIES_NAME)
    if not np.array_equal(saved["user_id"], users):
        raise ValueError("its histories are of other users than its lists")
    ends = np.cumsum(saved["lengths"], dtype=np.int64)
    starts = ends - np.minimum(saved["lengths"], longest)

    def history(row: int) -> list[int]:
        items: list[int] = saved["items"][starts[row] : ends[row]].tolist()
        return items

    return history


def pick(
    found: Sequence[Journey], wanted: Sequence[str], folder: Path
) -> list[tuple[str, Journey]]:
    """Return the users that were asked for, in that order; a SettingsError names one not there."""
    known = {journey.user: journey for journey in found}
    for user in wanted:
        if user not in known:
            hint = did_you_mean(user, known) or "; choose users that ids.json names."
            raise SettingsError(f"--user: '{user}' is not in the test part of {folder}{hint}")
    return [("as asked for", known[user]) for user in wanted]


def choose(found: Sequence[Journey]) -> list[tuple[str, Journey]]:
    """Return up to four users by fixed rules, each with the rule that chose it.

    The most varied success, a typical success, the widest list and a failure: not only good
    examples. Ties go to the earlier user.
    """
    left = [journey for journey in found if len(journey.history) in _LENGTHS] or list(found)
    chosen: list[tuple[str, Journey]] = []
    several = any(journey.used > 1 for journey in found)
    for name, allowed, worth in _RULES if several else _RULES_OF_ONE:
        fitting = [journey for journey in left if allowed(journey)]
        if fitting:
            best = max(fitting, key=worth)
            chosen.append((name, best))
            left = [journey for journey in left if journey.user != best.user]
    return chosen


def _usual(journey: Journey) -> float:
    return -abs(len(journey.history) - _USUAL_LENGTH)


_RULES: Sequence[tuple[str, Callable[[Journey], bool], Callable[[Journey], float]]] = [
    ("hits of the most interests", lambda j: j.hits > 0, lambda j: j.hit_interests),
    ("one hit", lambda j: j.hits == 1, _usual),
    ("the list of the most interests", lambda j: True, lambda j: j.used),
    ("no hit", lambda j: j.hits == 0, _usual),
]
_RULES_OF_ONE: Sequence[tuple[str, Callable[[Journey], bool], Callable[[Journey], float]]] = [
    ("the most hits", lambda j: j.hits > 0, lambda j: j.hits),
    ("one hit", lambda j: j.hits == 1, _usual),
    ("no hit", lambda j: j.hits == 0, _usual),
]
