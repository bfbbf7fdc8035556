import io

import pytest
from rich.console import Console

from recbole_opal.side_by_side import comparison_progress
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


def drawn(progress, width=60):
    console = Console(file=io.StringIO(), width=width)
    console.print(progress._drawing())
    return console.file.getvalue().splitlines()


EPOCH = "stage=train epoch=7 retrieval=5.2 rate=0.1 train_s=1.7 valid_recall@50=0.5 best=0.625"


def test_a_terminal_shows_what_is_going_on_now():
    console = on(terminal=True)
    with ComparisonProgress(console, metric="recall@50") as progress:
        progress.expect(3)
        progress.reused("MIND seed=1")
        progress.began("MIND seed=2", lambda: EPOCH)
        running, counts = drawn(progress)
        assert running == "MIND seed=2: train 7, recall@50 0.5, best 0.625"
        assert counts[:6] == "━━━━━ "
        assert "1 of 3 runs done, 1 done before, " in counts
        progress.ended("MIND seed=2", "killed")
        counts = drawn(progress, 200)[-1]
        assert "1 failed" in counts
        assert ", about 1 s left" in counts
    assert max(map(len, console.file.getvalue().split("\n"))) < 400


def test_the_time_left_is_that_of_the_runs_so_far_and_falls(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(comparison_progress, "perf_counter", lambda: now[0])
    progress = ComparisonProgress(on(terminal=False))
    progress.expect(3)
    progress.began("A", lambda: "")
    now[0] = 40.0
    progress.ended("A", None)
    assert "about 80 s left" in drawn(progress, 200)[-1]
    now[0] = 55.0
    assert "about 65 s left" in drawn(progress, 200)[-1]


@pytest.mark.parametrize(("bigger", "best"), [(True, "0.5000 by B"), (False, "0.2500 by A")])
def test_the_best_value_so_far_is_told(bigger, best):
    console = on(terminal=False)
    with ComparisonProgress(console, metric="mrr@9", bigger=bigger) as progress:
        progress.expect(2)
        for name, score in (("A", 0.25), ("B", 0.5)):
            progress.began(name, lambda: "")
            progress.ended(name, None, score)
        assert f"best mrr@9 {best}" in drawn(progress, 200)[-1]
    assert "A: done (0 s, 1 of 2 runs, mrr@9 0.2500)" in console.file.getvalue()


def test_show_progress_false_is_plain_on_a_terminal_too():
    console = on(terminal=True)
    with ComparisonProgress(console, enabled=False) as progress:
        progress.began("MIND", lambda: "")
    assert "\x1b" not in console.file.getvalue()
