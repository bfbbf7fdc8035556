import threading
from dataclasses import dataclass
from typing import Any

import pytest

from recbole_opal.server.batching import Batcher, QueueFullError


@dataclass(frozen=True)
class Asked:
    text: str
    key: Any = "same"
    size: int = 1


class Slow:
    """Answers with the text in capitals, once the gate is open, and notes what came together."""

    def __init__(self):
        self.gate, self.busy, self.batches = threading.Event(), threading.Event(), []

    def __call__(self, asked):
        self.busy.set()
        assert self.gate.wait(10)
        self.batches.append([each.text for each in asked])
        if any(each.text == "bad" for each in asked):
            raise ValueError("bad")
        return [each.text.upper() for each in asked]


@pytest.fixture
def slow():
    return Slow()


@pytest.fixture
def batcher(slow):
    made = Batcher(slow, largest=3, longest_queue=8)
    yield made
    slow.gate.set()
    made.close()


def submit(batcher, slow, *questions):
    """Ask one question that keeps the thread busy, and others that come meanwhile."""
    first = batcher.submit(Asked("first"))
    assert slow.busy.wait(10)
    futures = [batcher.submit(question) for question in questions]
    slow.gate.set()
    assert first.result(10) == "FIRST"
    return futures


def results(futures):
    return [future.result(10) for future in futures]


def test_a_lone_question_is_answered_at_once(batcher, slow):
    slow.gate.set()
    assert batcher.submit(Asked("a")).result(10) == "A"
    assert slow.batches == [["a"]]


def test_what_waits_is_answered_together_up_to_the_largest(batcher, slow):
    futures = submit(batcher, slow, *map(Asked, "abcd"))
    assert results(futures) == list("ABCD")
    assert slow.batches == [["first"], ["a", "b", "c"], ["d"]]


def test_other_kinds_are_answered_apart_and_take_turns(batcher, slow):
    asked = [Asked(text, key="other" if text in "xy" else "same") for text in "axbycd"]
    assert results(submit(batcher, slow, *asked)) == list("AXBYCD")
    assert slow.batches[1:] == [["a", "b", "c"], ["x", "y"], ["d"]]


def test_histories_are_counted_and_a_question_is_never_cut(batcher, slow):
    asked = [Asked("a", size=2), Asked("b", size=2), Asked("c", size=4)]
    assert results(submit(batcher, slow, *asked)) == list("ABC")
    assert slow.batches[1:] == [["a"], ["b"], ["c"]]


def test_a_failure_stays_with_its_question(batcher, slow):
    futures = submit(batcher, slow, Asked("a"), Asked("bad"), Asked("c"))
    assert futures[0].result(10) == "A"
    assert futures[2].result(10) == "C"
    with pytest.raises(ValueError, match="bad"):
        futures[1].result(10)
    assert batcher.submit(Asked("later")).result(10) == "LATER"


def test_a_question_that_nobody_waits_for_is_not_answered(batcher, slow):
    batcher.submit(Asked("first"))
    assert slow.busy.wait(10)
    gone, stays = batcher.submit(Asked("gone")), batcher.submit(Asked("stays"))
    assert gone.cancel()
    slow.gate.set()
    assert stays.result(10) == "STAYS"
    assert slow.batches == [["first"], ["stays"]]


def test_the_queue_is_bounded(batcher, slow):
    batcher.submit(Asked("first"))
    assert slow.busy.wait(10)
    futures = [batcher.submit(Asked("a", size=4)) for _ in range(2)]
    assert batcher.waiting == 8
    with pytest.raises(QueueFullError):
        batcher.submit(Asked("one more"))
    slow.gate.set()
    assert results(futures) == ["A", "A"]
    assert batcher.waiting == 0


def test_closing_answers_what_waits_and_takes_no_more(slow):
    batcher = Batcher(slow, largest=3, longest_queue=8)
    futures = [batcher.submit(Asked(text)) for text in "abcd"]
    slow.gate.set()
    batcher.close()
    assert [future.result(0) for future in futures] == list("ABCD")
    with pytest.raises(QueueFullError):
        batcher.submit(Asked("late"))
