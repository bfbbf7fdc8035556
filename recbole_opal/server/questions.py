"""What waits for the model: the options and histories of a request, and how they are answered."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from recbole_opal.reranking import Rule
from recbole_opal.server.current_model import ServedModel
from recbole_opal.server.schemas import ExplainRequest, RecommendRequest
from recbole_opal.serving import Recommender
from recbole_opal.serving.explanation import Explanation
from recbole_opal.serving.histories import RawHistories
from recbole_opal.serving.item_ids import ItemIds
from recbole_opal.serving.lists import Lists

__all__ = ["Explain", "Recommend", "Wanted"]


@dataclass(frozen=True)
class Wanted:
    """How lists are made; requests that want the same are answered together."""

    k: int
    exclude_seen: bool
    exclude: tuple[str, ...]
    only: tuple[str, ...] | None
    diversity: float
    rule: Rule
    per_interest: int
    by_share: float

    @classmethod
    def of(cls, asked: RecommendRequest) -> Wanted:
        """Return what a request wants."""
        return cls(
            asked.k,
            asked.exclude_seen,
            tuple(map(str, asked.exclude)),
            None if asked.only is None else tuple(map(str, asked.only)),
            asked.diversity,
            asked.rule,
            asked.per_interest,
            asked.by_share,
        )


@dataclass(frozen=True)
class Recommend:
    """The histories of one request."""

    wanted: Wanted
    raw: RawHistories

    @classmethod
    def of(cls, asked: RecommendRequest) -> Recommend:
        """Return the question that a request asks."""
        histories = asked.histories
        timed = any(each.times is not None for each in histories)
        users = [
            str(number if each.user is None else each.user) for number, each in enumerate(histories)
        ]
        items = [list(map(str, each.items)) for each in histories]
        times = [each.times or [] for each in histories] if timed else None
        return cls(Wanted.of(asked), RawHistories(users, items, times))

    @property
    def key(self) -> Hashable:
        """What is wanted, and whether with times."""
        return self.wanted, self.raw.times is None

    @property
    def size(self) -> int:
        """How many histories."""
        return len(self.raw.users)

    @staticmethod
    def answer(asked: Sequence[Recommend], served: ServedModel) -> list[dict[str, Any]]:
        """Return the bodies of the answers to questions of one key."""
        wanted, timed = asked[0].wanted, asked[0].raw.times is not None
        raw = RawHistories(
            [user for each in asked for user in each.raw.users],
            [items for each in asked for items in each.raw.items],
            [times for each in asked for times in each.raw.times or ()] if timed else None,
        )
        lists = served.recommender.lists(
            raw,
            wanted.k,
            exclude_seen=wanted.exclude_seen,
            exclude=wanted.exclude or None,
            only=wanted.only,
            diversity=wanted.diversity,
            rule=wanted.rule,
            per_interest=wanted.per_interest,
            by_share=wanted.by_share,
        )
        rows = _rows(lists, raw, served.recommender.ids)
        return [
            {"bundle": served.bundle, "lists": [next(rows) for _ in each.raw.users]}
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
