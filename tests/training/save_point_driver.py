"""Kills a training at each change it makes on the disk, continues it, prints one JSON line a kill.

Usage: save_point_driver.py FOLDER STEP, with the data set `tiny` in FOLDER. Every STEP-th change
(a file opened for writing, a rename, a removal, a new folder) is a kill of its own. Forking spares
each of them the import of torch.
"""

import json
import os
import signal
import sys
import traceback
from pathlib import Path

import recbole_opal
from recbole_opal.errors import OpalError
from recbole_opal.runs import RunFolder
from recbole_opal.training import save_points

_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir")
_SETTINGS = {
    "epochs": 4,
    "stages": ["soft", "hard"],
    "seed": 7,
    "stopping_step": 1,  # ends the second stage, `epochs` the first; no best epoch is the last
    "learning_rate": 0.03,
    "learning_rate_schedule": "constant",
    "warmup_steps": 0,
    "train_batch_size": 256,
    "cuts_per_user": 1,
    "hidden_size": 4,
    "num_interests": 2,
    "num_negatives": 10,
    "MAX_ITEM_LIST_LENGTH": 5,
    "future_window": 2,
    "dropout_prob": 0.2,
    "topk": [5],
    "metrics": ["Recall"],
    "valid_metric": "Recall@5",
    "category_field": None,
    "tensorboard": False,
    "show_progress": False,
    "state": "ERROR",
}


def run(place: Path, saved: Path) -> None:
    """Do the run; every tensor counts as a large one."""
    save_points._LARGE = 0
    recbole_opal.run("OPAL", "tiny", data_path=str(place), checkpoint_dir=str(saved), **_SETTINGS)


def in_child(action) -> int:
    """Do something in a forked process; return its exit code, negative after a signal."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            action()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at(number: int, saved: Path, action) -> None:
    """Do something; die by SIGKILL just before the given change below `saved`."""
    changes = 0

    def watch(event, arguments) -> None:
        nonlocal changes
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_WRONLY
        if not (writes or event in _CHANGES):
            return
        if str(arguments[0]).startswith(str(saved)):
            changes += 1
            if changes > number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    action()


def outcome(saved: Path) -> dict:
    """Return all that must be equal: metrics, records, weights, losses, users' values."""
    (path,) = [entry for entry in saved.iterdir() if not entry.name.startswith(".")]
    folder = RunFolder.open(path)
    folder.verify()
    metrics = folder.load_json("metrics.json")
    stages = {
        name: {key: value for key, value in stage.items() if not key.endswith("seconds")}
        for name, stage in metrics["stages"].items()
    }
    weights = {
        stage: {name: value.tolist() for name, value in folder.load_weights(stage).items()}
        for stage in folder.stages
    }
    rows = [
        {key: value for key, value in row.items() if not key.endswith("seconds")}
        for row in folder.load_lines("training.jsonl")
    ]
    return {"stages": stages, "best": metrics["best_stage"], "weights": weights, "rows": rows}


def continued(place: Path, saved: Path) -> None:
    """Go on as a user would: resume the run folder; where there is none, start again."""
    folders = [entry for entry in saved.glob("*") if not entry.name.startswith(".")]
    if not folders:
        run(place, saved)
        return
    (folder,) = folders
    recbole_opal.resume(folder)


def main() -> None:
    """Step through the changes until a run gets through."""
    place, step = Path(sys.argv[1]), int(sys.argv[2])
    os.chdir(place)
    unbroken = place / "unbroken"
    assert in_child(lambda: run(place, unbroken)) == 0
    expected = outcome(unbroken)
    ends = {
        name: (record["best_epoch"], record["epochs"], record["ended"])
        for name, record in expected["stages"].items()
    }
    print(json.dumps({"unbroken": ends}), flush=True)
    for number in range(0, 100_000, step):
        report = killed_and_continued(place, number, expected)
        print(json.dumps(report), flush=True)
        if "changes" in report:
            return


def killed_and_continued(place: Path, number: int, expected: dict) -> dict:
    """Kill a run at a change, continue it and compare; a run with fewer changes gets through."""
    saved = place / f"killed-{number}"
    code = in_child(lambda: killed_at(number, saved, lambda: run(place, saved)))
    if code == 0:
        return {"changes": number, "equal": outcome(saved) == expected}
    assert code == -signal.SIGKILL, code
    try:
        continued(place, saved)
    except OpalError as error:
        return {"killed": number, "equal": False, "reason": str(error)}
    return {"killed": number, "equal": outcome(saved) == expected}


if __name__ == "__main__":
    main()
