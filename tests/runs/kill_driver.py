"""Forks children that save without end and kills them; prints one JSON line a round.

Usage: kill_driver.py FOLDER ROUNDS SEED. Forking spares each round the import of torch.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import torch

from recbole_opal.runs import RunFolder


def save_for_ever(folder: RunFolder, start: int, report: int) -> None:
    """Saves state, log and weights of epoch after epoch, reporting each one that is done."""
    epoch = start
    while True:
        epoch += 1
        weights = {"w": torch.full((500,), float(epoch))}
        with folder.update():
            folder.save_state({"epoch": epoch, "model": weights})
            folder.save_lines("training.jsonl", [{"epoch": i} for i in range(epoch + 1)])
            folder.save_weights("soft", weights)
        os.write(report, f"{epoch}\n".encode())


def run_round(path: Path, seconds: float) -> dict[str, object]:
    """One child, killed after `seconds`; what is on disk before and after opening."""
    start = RunFolder.open(path).load_state()["epoch"]
    receive, report = os.pipe()
    child = os.fork()
    if child == 0:
        save_for_ever(RunFolder.open(path), start, report)
    os.close(report)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(receive, "rb") as pipe:
        lines = pipe.read().split()
    before = sorted(p.name for p in path.iterdir())
    folder = RunFolder.open(path)
    folder.verify()
    state = folder.load_state()
    return {
        "reported": int(lines[-1]) if lines else start,
        "loaded": state["epoch"],
        "last_line": folder.load_lines("training.jsonl")[-1]["epoch"],
        "model": state["model"]["w"].unique().tolist(),
        "weights": folder.load_weights("soft")["w"].unique().tolist(),
        "temporary_before": sum(name.endswith(".tmp") for name in before),
        "files": sorted(p.name for p in path.iterdir()),
    }


def main() -> None:
    """Runs the rounds on one folder, so that leftovers of one could disturb the next."""
    parent, rounds, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    draw = random.Random(seed)  # noqa: S311 no secret
    folder = RunFolder.create(parent, "kill")
    weights = {"w": torch.zeros(500)}
    folder.save_weights("soft", weights)
    folder.save_lines("training.jsonl", [{"epoch": 0}])
    folder.save_state({"epoch": 0, "model": weights})
    for _ in range(rounds):
        print(json.dumps(run_round(folder.path, draw.uniform(0.0, 0.08))), flush=True)


if __name__ == "__main__":
    main()
