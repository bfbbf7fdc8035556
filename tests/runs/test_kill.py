"""kill -9 while saving: the last good state always loads and no temporary file stays."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).with_name("kill_driver.py")
ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize(("kills", "seed"), [(20, 1), pytest.param(50, 2, marks=pytest.mark.slow)])
def test_kill_while_saving(tmp_path: Path, kills: int, seed: int) -> None:
    output = subprocess.run(  # noqa: S603 our own script
        [sys.executable, str(DRIVER), str(tmp_path), str(kills), str(seed)],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    ).stdout
    rounds = [json.loads(line) for line in output.splitlines()]
    assert len(rounds) == kills
    for result in rounds:
        epoch = result["loaded"]
        assert epoch in (result["reported"], result["reported"] + 1)
        assert result["last_line"] == epoch
        assert result["model"] == result["weights"] == [float(epoch)]
        assert sorted(name.split("-")[0] for name in result["files"]) == [
            "manifest.json",
            "state",
            "training.jsonl",
            "weights",
        ]
    # Otherwise the kills came at harmless moments and the test shows nothing.
    assert sum(result["temporary_before"] > 0 for result in rounds) >= kills // 5
    assert rounds[-1]["loaded"] > 0
