"""How long a single user waits for a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median
from time import perf_counter
from typing import TypeVar

__all__ = ["median_seconds"]

Asked = TypeVar("Asked")
_MOST_SECONDS = 1.0  # in all: a run should not take longer for being measured


def median_seconds(
    answer: Callable[[Asked], object],
    questions: Iterable[Asked],
    clock: Callable[[], float] = perf_counter,
) -> float | None:
    """Return the median seconds of an answer, one question at a time; None without questions.

    The first question is also asked before, unmeasured, since first calls are slow. After a second
    no further one is asked.
    """
    taken: list[float] = []
    for question in questions:
        if not taken:
            answer(question)
        started = clock()
        answer(question)
        taken.append(clock() - started)
        if sum(taken) > _MOST_SECONDS:
            break
    return median(taken) if taken else None
