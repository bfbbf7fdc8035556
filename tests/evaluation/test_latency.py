"""The seconds that a user waits, by a clock of our own."""

from recbole_opal.evaluation.latency import median_seconds


class Answers:
    """Answers that take so many seconds each, and the clock that shows it."""

    def __init__(self, *seconds):
        self.seconds, self.now, self.asked = iter(seconds), 0.0, []

    def __call__(self, question):
        self.asked.append(question)
        self.now += next(self.seconds)

    def clock(self):
        return self.now


def test_the_median_without_the_first_call():
    answers = Answers(9.0, 0.1, 0.3, 0.2)
    assert abs(median_seconds(answers, "abc", answers.clock) - 0.2) < 1e-9
    assert answers.asked == ["a", "a", "b", "c"]


def test_after_a_second_no_further_one_is_asked():
    answers = Answers(0.0, 0.7, 0.7)
    assert abs(median_seconds(answers, "abc", answers.clock) - 0.7) < 1e-9
    assert answers.asked == ["a", "a", "b"]


def test_without_questions_there_is_none():
    assert median_seconds(print, []) is None
