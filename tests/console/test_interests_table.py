"""The table of the interests."""

import pytest
from rich.console import Console

from recbole_opal.console.result_tables import interests_table
from recbole_opal.evaluation.diagnostics import collapse_warning

HEALTHY = {
    "num_interests": 2, "usage": [0.4, 0.6], "usage_entropy": 0.97, "hit_usage": None,
    "hit_entropy": None, "cosine": 0.25, "dead_users": 0.125, "collapsed": False,
}  # fmt: skip
COLLAPSED = HEALTHY | {"usage": [0.0, 1.0], "usage_entropy": 0.0, "collapsed": True}


def shown(table):
    console = Console(width=100)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def test_every_measure_is_shown_for_each_stage():
    text = shown(
        interests_table(
            {"soft": {"diagnostics": HEALTHY}, "hard": {"diagnostics": HEALTHY}}, collapse_warning
        )
    )
    for part in ("soft", "hard", "0.40 0.60", "0.970", "0.250", "0.125", "-"):
        assert part in text
    assert "collapsed" not in text


def test_a_collapse_is_said_below_and_of_which_stage():
    text = shown(
        interests_table(
            {"soft": {"diagnostics": HEALTHY}, "hard": {"diagnostics": COLLAPSED}}, collapse_warning
        )
    )
    assert "hard: the 2 interests collapsed: one wins 100% of the lists" in " ".join(text.split())
    assert "soft: the" not in text


@pytest.mark.parametrize(
    "stages", [{"train": {"test": {}}}, {"train": {"diagnostics": HEALTHY | {"num_interests": 1}}}]
)
def test_models_without_several_interests_have_no_table(stages):
    assert interests_table(stages, collapse_warning) is None
