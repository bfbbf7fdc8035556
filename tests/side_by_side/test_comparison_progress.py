import io

from rich.console import Console

from recbole_opal.side_by_side.comparison_progress import STOPPED, ComparisonProgress


def on(terminal):
    return Console(file=io.StringIO(), force_terminal=terminal, width=60)


def test_a_log_file_gets_one_line_for_each_begin_and_end():
    console = on(terminal=False)
    with ComparisonProgress(console) as progress:
        progress.expect(4)
        progress.began("MIND seed=1", lambda: "epoch=0")
        progress.ended("MIND seed=1", None)
        progress.began("MIND seed=2", lambda: "", goes_on=True)
        progress.ended("MIND seed=2", "killed [red]")
        progress.reused("MIND seed=3")
        progress.began("MIND seed=4", lambda: "")
        progress.ended("MIND seed=4", STOPPED)
    assert console.file.getvalue().splitlines() == [
        "MIND seed=1: begins",
        "MIND seed=1: done (0 s, 1 of 4 runs)",
        "MIND seed=2: goes on where it stopped",
        "MIND seed=2: failed: killed [red] (0 s, 2 of 4 runs)",
        "MIND seed=3: done before",
        "MIND seed=4: begins",
        "MIND seed=4: stopped (0 s, 4 of 4 runs)",
    ]


def test_a_terminal_shows_what_is_going_on_now():
    console = on(terminal=True)
    with ComparisonProgress(console) as progress:
        progress.expect(2)
        progress.reused("MIND seed=1")
        progress.began("MIND seed=2", lambda: "stage=train epoch=7 " + "x" * 200)
        shown = progress._lines().plain.splitlines()
        assert shown[0].startswith("MIND seed=2: stage=train epoch=7")
        assert shown[1].startswith("1 of 2 runs done, 1 of them before, ")
        progress.ended("MIND seed=2", "killed")
        assert "1 failed" in progress._lines().plain
    assert max(map(len, console.file.getvalue().split("\n"))) < 400


def test_show_progress_false_is_plain_on_a_terminal_too():
    console = on(terminal=True)
    with ComparisonProgress(console, enabled=False) as progress:
        progress.began("MIND", lambda: "")
    assert "\x1b" not in console.file.getvalue()
