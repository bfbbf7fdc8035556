"""What waits for the model, and how it is answered."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from recbole_opal.server.current_model import ServedModel
from recbole_opal.server.schemas import ExplainRequest, RecommendRequest, UserHistory
from recbole_opal.serving import Recommender
from recbole_opal.serving.explanation import Explanation
from recbole_opal.serving.histories import RawHistories
from recbole_opal.serving.item_ids import ItemIds
from recbole_opal.serving.lists import Lists

__all__ = ["Explain", "Recommend"]


@dataclass(frozen=True)
class Recommend:
    """A request, of which whoever answers makes raw histories: the event loop has others to serve.

    Attributes:
        wanted: the arguments of `Recommender.lists`.
        histories: of the request.
        timed: whether with times.
    """

    wanted: dict[str, Any]
    histories: Sequence[UserHistory]
    timed: bool

    @classmethod
    def of(cls, asked: RecommendRequest) -> Recommend:
        """Return the question that a request asks."""
        timed = any(each.times is not None for each in asked.histories)
        return cls(asked.model_dump(exclude={"histories"}), asked.histories, timed)

    @property
    def key(self) -> Hashable:
        """What is wanted, and whether with times: those of one key are answered together."""
        return str(self.wanted), self.timed

    @property
    def size(self) -> int:
        """How many histories."""
        return len(self.histories)

    @staticmethod
    def answer(asked: Sequence[Recommend], served: ServedModel) -> list[dict[str, Any]]:
        """Return the bodies of the answers to questions of one key."""
        placed = [pair for each in asked for pair in enumerate(each.histories)]
        raw = RawHistories(
            [str(place if one.user is None else one.user) for place, one in placed],
            [list(map(str, one.items)) for _, one in placed],
            [one.times or [] for _, one in placed] if asked[0].timed else None,
        )
        lists = served.recommender.lists(raw, **asked[0].wanted)
        rows = _rows(lists, raw, served.recommender.ids)
        return [
            {"bundle": served.bundle, "lists": [next(rows) for _ in each.histories]}
            for each in asked
        ]


@dataclass(frozen=True, eq=False)
class Explain:
    """One item that is asked about; answered alone."""

    asked: ExplainRequest
    size: int = 1

    @property
    def key(self) -> Hashable:
        """Itself."""
        return self

    @staticmethod
    def answer(asked: Sequence[Explain], served: ServedModel) -> list[dict[str, Any]]:
        """Return the bodies of the answers."""
        return [
            {"bundle": served.bundle, **asdict(each._explanation(served.recommender))}
            for each in asked
        ]

    def _explanation(self, recommender: Recommender) -> Explanation:
        history = list(map(str, self.asked.items))
        return recommender.explain(history, str(self.asked.item), times=self.asked.times)


def _rows(lists: Lists, raw: RawHistories, known: ItemIds) -> Iterator[dict[str, Any]]:
    """Yield the list of each user as a response holds it, without the fills at its end."""
    tokens = lists.tokens
    columns = (lists.ids, lists.scores, lists.interests, lists.by_popularity)
    lengths = (lists.ids > 0).sum(axis=1).tolist()
    plain = zip(lengths, *(column.tolist() for column in columns), strict=True)
    for user, items, (length, ids, scores, interests, popular) in zip(
        raw.users, raw.items, plain, strict=True
    ):
        yield {
            "user": user,
            "items": [tokens[number] for number in ids[:length]],
            "scores": scores[:length],
            "interests": interests[:length],
            "by_popularity": popular,
            "unknown": list(known.numbers(items)[1]) if lists.unknown else [],
        }
