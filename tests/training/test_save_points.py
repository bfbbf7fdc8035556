"""kill -9 at every change a run makes on the disk: what is continued equals the unbroken run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).with_name("save_point_driver.py")
ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("step", [17, pytest.param(1, marks=pytest.mark.slow)])
def test_a_run_killed_anywhere_ends_as_if_it_had_not_been(data_path, tmp_path, step):
    """A save is some ten changes: every 17th of them is a kill at another place of each."""
    (tmp_path / "tiny").symlink_to(data_path / "tiny", target_is_directory=True)
    output = subprocess.run(  # noqa: S603 our own script
        [sys.executable, str(DRIVER), str(tmp_path), str(step)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=600,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    ).stdout
    unbroken, *kills, last = [json.loads(line) for line in output.splitlines()]
    # Both ways in which a stage ends, and no best epoch that is the last: otherwise weights of the
    # last epoch in the place of the best would not be seen.
    ends = unbroken["unbroken"]
    assert [ending for _, _, ending in ends.values()] == ["epochs", "stopping_step"]
    assert all(best < epochs - 1 for best, epochs, _ in ends.values())
    assert len(kills) == last["changes"] // step > 100 // step
    assert [kill for kill in kills if not kill["equal"]] == []
    assert last["equal"]
