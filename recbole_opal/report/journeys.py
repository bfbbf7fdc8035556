"""A few users from their histories through their interests to their lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from recbole_opal.report.contents import assignment_of_items
from recbole_opal.report.rebuild import Rebuilt
from recbole_opal.retrieval import exact_top_k
from recbole_opal.retrieval.winners import winning_interests

__all__ = ["Journey", "choose", "journeys"]

_MOST_ROWS = 2000
_LENGTHS = (6, 40)


@dataclass(frozen=True)
class Journey:
    """One user of the test part.

    Attributes:
        user: token.
        history: item ids, oldest first.
        categories: the hyper-category each of them belongs to most.
        listed: item ids, best first.
        winners: which interest won each of them.
        targets: what the user met afterwards.
    """

    user: str
    history: list[int]
    categories: list[int]
    listed: list[int]
    winners: list[int]
    targets: list[int]

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
def journeys(rebuilt: Rebuilt, *, length: int = 20) -> list[Journey]:
    """Serve the first users of the test part.

    Args:
        rebuilt: a trained OPAL.
        length: of the lists.
    """
    model, table = rebuilt.model, rebuilt.model.item_table()
    own = assignment_of_items(rebuilt).argmax(axis=1)
    dataset = rebuilt.data.dataset
    tokens = dataset.field2id_token[dataset.uid_field]
    found: list[Journey] = []
    for batch in rebuilt.data.test:
        interests = model.interests(batch.inputs)  # (B, K, D)
        ids = exact_top_k(interests, table, length, exclude=batch.excluded).ids  # (B, length)
        winners = winning_interests(interests, table, ids)
        rows, targets = batch.targets
        histories = batch.inputs.items.split(batch.inputs.lengths.tolist())
        for row, user in enumerate(batch.users.tolist()):
            history = histories[row].tolist()
            kept = ids[row] > 0
            found.append(
                Journey(
                    str(tokens[user]),
                    history,
                    own[history].tolist(),
                    ids[row][kept].tolist(),
                    winners[row][kept].tolist(),
                    targets[rows == row].tolist(),
                )  # fmt: skip
            )
        if len(found) >= _MOST_ROWS:
            break
    return found


def choose(found: list[Journey]) -> list[tuple[str, Journey]]:
    """Return up to four users by fixed rules, each with the rule that chose it.

    The most varied success, a typical success, the widest list and a failure: not only good
    examples. Ties go to the earlier user.
    """
    low, high = _LENGTHS
    fitting = [j for j in found if low <= len(j.history) <= high] or found
    typical = 15

    def usual(journey: Journey) -> float:
        return -abs(len(journey.history) - typical)

    rules: list[tuple[str, Callable[[Journey], bool], Callable[[Journey], float]]] = [
        ("hits of the most interests", lambda j: j.hits > 0, lambda j: j.hit_interests),
        ("one hit", lambda j: j.hits == 1, usual),
        ("the list of the most interests", lambda j: True, lambda j: j.used),
        ("no hit", lambda j: j.hits == 0, usual),
    ]
    chosen: list[tuple[str, Journey]] = []
    for name, allowed, worth in rules:
        taken = {journey.user for _, journey in chosen}
        left = [j for j in fitting if allowed(j) and j.user not in taken]
        if left:
            chosen.append((name, max(left, key=worth)))
    return chosen
