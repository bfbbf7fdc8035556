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


def test_the_median_of_the_fastest_of_three():
    answers = Answers(9.0, 0.1, 0.1, 0.3, 0.4, 0.5, 0.3, 0.2, 0.2)
    answers.seconds = (each / 100 for each in answers.seconds)
    assert abs(median_seconds(answers, "abc", answers.clock) - 0.002) < 1e-9
    assert answers.asked == list("aaabbbccc")


def test_after_a_second_no_further_one_is_asked():
    answers = Answers(0.2, 0.2, 0.2, 0.2, 0.2, 0.2)
    assert abs(median_seconds(answers, "abc", answers.clock) - 0.2) < 1e-9
    assert answers.asked == list("aaabbb")


def test_without_questions_there_is_none():
    assert median_seconds(print, []) is None
