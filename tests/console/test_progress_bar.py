import io
import re

import pytest
from rich.console import Console

from recbole_opal.console import TrainingProgress


def terminal(width=100):
    return Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)


@pytest.mark.parametrize("width", [80, 160])
def test_a_terminal_sees_one_line_with_place_time_left_and_best_value(width):
    console = terminal(width)
    with TrainingProgress(console=console) as progress:
        progress.at("soft 3", 0.25, 3723)
        progress.loss(2.5)
        progress.best("recall@50", 0.4321)
        progress._progress.refresh()
        console.file.seek(console.file.truncate(0))
        progress._progress.refresh()
    drawn = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", console.file.getvalue())
    line = max(re.split(r"[\r\n]+", drawn), key=len)
    assert len(line) <= width
    for text in ("soft 3", "25%", "at most 1:02:03 left", "0.4321"):
        assert text in line
    assert ("loss 2.5000" in line, "best recall@50" in line) == (width == 160, width == 160)


def test_what_is_not_known_is_not_shown():
    console = terminal()
    with TrainingProgress(console=console) as progress:
        progress.at("soft 0", 0.0)
        progress._progress.refresh()
    drawn = console.file.getvalue()
    assert "soft 0" in drawn
    assert "left" not in drawn
    assert "best" not in drawn


def test_nothing_is_drawn_when_it_is_switched_off():
    console = terminal()
    with TrainingProgress(enabled=False, console=console) as progress:
        progress.at("x", 0.5)
        progress.loss(1.0)
    assert console.file.getvalue() == ""
    assert not progress.drawn


def test_nothing_is_drawn_into_a_log_file_and_nothing_on_standard_output(capsys):
    with TrainingProgress() as progress:
        progress.at("x", 0.5)
        progress.message("[epoch 0] loss=0.5")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "[epoch 0] loss=0.5\n"


def test_a_long_message_stays_one_line():
    console = Console(file=io.StringIO(), width=20)
    TrainingProgress(console=console).message("word " * 20)
    assert console.file.getvalue().count("\n") == 1


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_the_terminal_is_given_back_after_an_error(error):
    console = terminal()
    progress = TrainingProgress(console=console)

    def fail():
        with progress:
            progress.at("x", 0.5)
            raise error

    with pytest.raises(error):
        fail()
    assert not progress._progress.live.is_started
    assert console.file.getvalue().count("\x1b[?25h") == 1  # the cursor is shown again


EPOCH = (
    "stage=hard epoch=12 retrieval=5.2012 orthogonality=0.0034 uniformity=0.0663 rate=0.0003 "
    "train_s=1.7 valid_recall@50=0.7759 best=0.7815 valid_s=0.1 left_s=125"
)


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (80, "hard 12, recall@50 0.7759, best 0.7815, at most 2:05 left, 1.7 s an epoch"),
        (50, "hard 12, recall@50 0.7759, best 0.7815"),
        (160, EPOCH),
    ],
)
def test_a_line_of_an_epoch_is_told_in_so_many_words_as_fit(width, shown):
    console = terminal(width)
    TrainingProgress(console=console).message(EPOCH)
    assert console.file.getvalue().rstrip() == shown


def test_another_line_is_wrapped_between_words_on_a_terminal():
    console = terminal(20)
    TrainingProgress(console=console).message("word " * 8)
    assert {len(line.rstrip()) for line in console.file.getvalue().splitlines()} == {19}
