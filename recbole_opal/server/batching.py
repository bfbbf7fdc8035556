"""Questions that wait together are answered together, in one matrix product."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

__all__ = ["Batcher", "Question", "QueueFullError"]


class Question(Protocol):
    """What can wait in the queue."""

    @property
    def key(self) -> Hashable:
        """Questions with equal keys may be answered together."""

    @property
    def size(self) -> int:
        """How many histories it holds, at least 1."""


Asked = TypeVar("Asked", bound=Question)
Answer = TypeVar("Answer")


class QueueFullError(Exception):
    """So many questions wait that one more would wait too long."""


@dataclass(frozen=True)
class _Job(Generic[Asked, Answer]):
    question: Asked
    future: Future[Answer] = field(default_factory=Future)


class Batcher(Generic[Asked, Answer]):
    """One thread that answers questions, and joins those that came while it was busy.

    An idle thread takes a question at once, so a lone one is never delayed; under load batches grow
    by themselves. Kinds of questions take turns. Where a joined answer fails, each question is
    tried alone, so that only the one at fault fails.

    Args:
        answer: returns an answer to each of several questions of equal keys.
        largest: histories that are answered together; a larger question is answered alone.
        longest_queue: histories that may wait.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[Asked]], Sequence[Answer]],
        *,
        largest: int,
        longest_queue: int,
    ) -> None:
        self._answer = answer
        self._largest = largest
        self._longest_queue = longest_queue
        self._waiting: dict[Hashable, deque[_Job[Asked, Answer]]] = {}  # the first key is next
        self._histories = 0
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="answers", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many histories wait now."""
        return self._histories

    def submit(self, question: Asked) -> Future[Answer]:
        """Queue a question; QueueFullError: too many wait, or the batcher is closed."""
        job: _Job[Asked, Answer] = _Job(question)
        with self._changed:
            if self._closed or self._histories + question.size > self._longest_queue:
                raise QueueFullError
            self._histories += question.size
            self._waiting.setdefault(question.key, deque()).append(job)
            self._changed.notify()
        return job.future

    def close(self) -> None:
        """Answer what waits and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while jobs := self._next():
            # Whoever asked may have gone; from here on nobody can withdraw.
            asked = [job for job in jobs if job.future.set_running_or_notify_cancel()]
            if asked:
                self._settle(asked)

    def _next(self) -> list[_Job[Asked, Answer]]:
        """Wait for questions and take the first with all that may go with it; none: closed."""
        with self._changed:
            while not self._waiting:
                if self._closed:
                    return []
                self._changed.wait()
            key = next(iter(self._waiting))
            queue = self._waiting.pop(key)
            jobs = [queue.popleft()]
            room = self._largest - jobs[0].question.size
            while queue and queue[0].question.size <= room:
                jobs.append(queue.popleft())
                room -= jobs[-1].question.size
            if queue:
                self._waiting[key] = queue  # behind the other kinds
            self._histories -= sum(job.question.size for job in jobs)
            return jobs

    def _settle(self, jobs: Sequence[_Job[Asked, Answer]]) -> None:
        try:
            answers = self._answer([job.question for job in jobs])
        except Exception as error:
            if len(jobs) == 1:
                jobs[0].future.set_exception(error)
                return
            for job in jobs:
                self._settle([job])
            return
        for job, answer in zip(jobs, answers, strict=True):
            job.future.set_result(answer)
