import io

import pytest
from rich.console import Console

from recbole_opal.console import TrainingProgress


def terminal(width=100):
    return Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)


def test_the_items_come_through_in_order():
    with TrainingProgress(enabled=False) as progress:
        assert list(progress.track(iter("abc"), 3, "letters")) == ["a", "b", "c"]


def test_items_are_handed_on_lazily():
    taken = []
    with TrainingProgress(enabled=False) as progress:
        for item in progress.track((taken.append(number) or number for number in range(9)), 9, "x"):
            if item == 2:
                break
    assert taken == [0, 1, 2]


def test_a_terminal_sees_count_eta_and_loss():
    console = terminal()
    with TrainingProgress(console=console) as progress:
        for item in progress.track(range(4), 4, "soft, epoch 3"):
            progress.loss(2.5 - item)
            progress._progress.refresh()
    drawn = console.file.getvalue()
    for text in ("soft, epoch 3", "2/4", "eta", "loss 2.5000", "loss -0.5000"):
        assert text in drawn


def test_a_finished_bar_is_taken_away_and_an_inner_one_shows_the_loss():
    with TrainingProgress(console=terminal()) as progress:
        for _ in progress.track(range(2), 2, "outer"):
            for _ in progress.track(range(2), None, "inner"):
                progress.loss(0.25)
                tasks = progress._progress.tasks
                assert [task.fields["loss"] for task in tasks] == ["", "loss 0.2500"]
            assert len(progress._progress.tasks) == 1
        assert progress._progress.tasks == []


def test_nothing_is_drawn_when_it_is_switched_off():
    console = terminal()
    with TrainingProgress(enabled=False, console=console) as progress:
        list(progress.track(range(3), 3, "x"))
        progress.loss(1.0)
    assert console.file.getvalue() == ""


def test_nothing_is_drawn_into_a_log_file_and_nothing_on_standard_output(capsys):
    with TrainingProgress() as progress:
        list(progress.track(range(3), 3, "x"))
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
            for _ in progress.track(range(3), 3, "x"):
                raise error

    with pytest.raises(error):
        fail()
    assert not progress._progress.live.is_started
    assert console.file.getvalue().count("\x1b[?25h") == 1  # the cursor is shown again


def test_a_loss_outside_of_a_bar_is_ignored():
    with TrainingProgress(console=terminal()) as progress:
        progress.loss(1.0)
