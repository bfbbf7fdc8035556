"""A few users from their histories through their interests to their lists."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from recbole_opal.comparison.run_files import load_arrays
from recbole_opal.report.trained_opals import TrainedOpal

__all__ = ["Journey", "choose", "journeys"]

_MOST_USERS = 2000
_LENGTH = 20
_LENGTHS = range(6, 41)
_USUAL_LENGTH = 15


@dataclass(frozen=True)
class Journey:
    """One user of the test part, by token, with ids of items."""

    user: str
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


def journeys(trained: TrainedOpal) -> list[Journey]:
    """Tell of the first users of the test part, with the heads of the lists of the run.

    Raises:
        OpalError: a file of the run, or its data set, cannot be read.
    """
    # Only now: it brings RecBole.
    from recbole_opal.experiment.finished import run_settings, test_histories

    folder, own = trained.folder, trained.assignment.argmax(axis=1)
    tokens = folder.load_json("ids.json")[run_settings(folder)["USER_ID_FIELD"]]
    lists = load_arrays(folder, f"lists-{trained.row.stage}-test.npz")
    if int(lists["items"].max(initial=0)) >= len(own):
        raise ValueError("the lists name items that it does not know")
    targets = load_arrays(folder, "targets-test.npz")
    met: dict[int, list[int]] = defaultdict(list)
    for user, item in zip(targets["user_id"].tolist(), targets["item"].tolist(), strict=True):
        met[user].append(item)
    histories = test_histories(folder, _MOST_USERS)
    rows = zip(lists["user_id"].tolist(), lists["items"], lists["interest"], strict=True)
    found = []
    for user, items, winners in islice(rows, _MOST_USERS):
        kept = items[:_LENGTH] > 0
        listed, won = (each[:_LENGTH][kept].tolist() for each in (items, winners))
        history = histories[user]
        categories = own[history].tolist()
        found.append(Journey(tokens[user], history, categories, listed, won, met[user]))
    return found


def choose(found: Sequence[Journey]) -> list[tuple[str, Journey]]:
    """Return up to four users by fixed rules, each with the rule that chose it.

    The most varied success, a typical success, the widest list and a failure: not only good
    examples. Ties go to the earlier user.
    """
    left = [journey for journey in found if len(journey.history) in _LENGTHS] or list(found)
    chosen: list[tuple[str, Journey]] = []
    for name, allowed, worth in _RULES:
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
