"""A few users from their histories through their interests to their lists."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from recbole_opal.report.hyper_categories import assignment_of_items
from recbole_opal.report.trained_models import TrainedModel
from recbole_opal.retrieval import exact_top_k
from recbole_opal.retrieval.winners import winning_interests

__all__ = ["Journey", "choose", "journeys"]

_MOST_ROWS = 2000
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


@torch.no_grad()
def journeys(trained: TrainedModel, *, length: int = 20) -> list[Journey]:
    """Serve the first users of the test part with lists of a length."""
    model, table = trained.model, trained.model.item_table()
    own = assignment_of_items(trained).argmax(axis=1)
    dataset = trained.data.dataset
    tokens = dataset.field2id_token[dataset.uid_field]
    found: list[Journey] = []
    for batch, seen, rows, targets in trained.data.test:
        interests = model.interests(batch)  # (B, K, D)
        ids = exact_top_k(interests, table, length, exclude=seen).ids  # (B, length)
        winners = winning_interests(interests, table, ids)
        histories = batch[model.ITEM_SEQ]
        for row, user in enumerate(batch[dataset.uid_field].tolist()):
            history = histories[row][histories[row] > 0].tolist()
            kept = ids[row] > 0
            listed, won = ids[row][kept].tolist(), winners[row][kept].tolist()
            wanted = targets[rows == row].tolist()
            categories = own[history].tolist()
            found.append(Journey(str(tokens[user]), history, categories, listed, won, wanted))
        if len(found) >= _MOST_ROWS:
            break
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
