"""How long a single user waits for a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median
from time import perf_counter
from typing import TypeVar

__all__ = ["median_seconds"]

Asked = TypeVar("Asked")
_MOST_SECONDS = 1.0  # in all: a run should not take longer for being measured
_TIMES = 3  # each question is asked: what else goes on only ever makes an answer slower


def median_seconds(
    answer: Callable[[Asked], object],
    questions: Iterable[Asked],
    clock: Callable[[], float] = perf_counter,
) -> float | None:
    """Return the median seconds of an answer, one question at a time; None without questions.

    Of each question the fastest of three answers counts, so that neither a first call nor another
    process does. After a second no further one is asked.
    """
    fastest: list[float] = []
    begun = clock()
    for question in questions:
        taken = []
        for _ in range(_TIMES):
            started = clock()
            answer(question)
            taken.append(clock() - started)
        fastest.append(min(taken))
        if clock() - begun > _MOST_SECONDS:
            break
    return median(fastest) if fastest else None
