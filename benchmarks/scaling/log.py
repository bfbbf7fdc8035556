"""A whole run from a text that does not fit: built, trained and judged with bounded memory."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import process_time
from typing import Any

import recbole_opal
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.stored_dataset import StoredDataset
from scaling.drawn import A_USER, drawn_rows
from scaling.memory import Peak

BOUND = 4 * 2**30
"""Bytes of `RLIMIT_DATA`: more of its own memory the system does not give the process."""
ITEMS = 100_000
_STEPS, _JUDGED = 50, 500


def measure_log(interactions: int, seed: int, scratch: Path) -> dict[str, Any]:
    """Return seconds and the most memory of each phase; beyond the bound it would have failed."""
    users = interactions // A_USER
    share = _JUDGED / users
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        size = _write_log(Path(folder) / "drawn", users, seed)
        settings: dict[str, Any] = {
            "data_path": folder,
            "histories_folder": str(Path(folder) / "histories"),
            "checkpoint_dir": str(Path(folder) / "saved"),
            "eval_args": {"split": {"user": {"ratios": [1 - 2 * share, share, share]}}},
            "epoch_rows": _STEPS * 1024,
            "stage_steps": {"soft": _STEPS, "hard": _STEPS},
            "warmup_steps": 5,
            **{"use_gpu": False, "tensorboard": False, "show_progress": False, "seed": seed},
        }
        _bound_memory()
        started = process_time()
        with Peak() as building:
            stored = StoredDataset(OpalConfig("OPAL", "drawn", settings))
        built = process_time() - started
        place = Path(folder) / "histories" / "drawn"
        disk = sum(path.stat().st_size for path in place.iterdir())
        counts = {"users": stored.user_num - 1, "items": stored.item_num - 1}
        counts["interactions"] = len(stored.sequences.items)
        del stored
        started = process_time()
        with Peak() as training:
            result = recbole_opal.run("OPAL", "drawn", **settings)
        trained = process_time() - started
    return {
        **counts,
        "bound_bytes": BOUND,
        "text_bytes": size,
        "disk_bytes": disk,
        "build_seconds": built,
        "run_seconds": trained,
        "steps": 2 * _STEPS,
        **{f"build_{name}": most for name, most in building.most.items()},
        **{f"run_{name}": most for name, most in training.most.items()},
        "recall_at_50": result.stages[result.best_stage]["valid"]["recall@50"],
    }


def _bound_memory() -> None:
    import resource  # here: Windows has none

    resource.setrlimit(resource.RLIMIT_DATA, (BOUND, BOUND))


def _write_log(folder: Path, users: int, seed: int) -> int:
    """Write drawn rows as an atomic file; return its size."""
    import pyarrow
    from pyarrow import csv

    folder.mkdir()
    options = csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
    with (folder / "drawn.inter").open("wb") as file:
        file.write(b"user_id:token\titem_id:token\ttimestamp:float\n")
        for rows in drawn_rows(users, ITEMS, seed):
            columns = {"u": rows.users, "i": rows.items, "t": rows.times.astype("int64")}
            csv.write_csv(pyarrow.table(columns), file, options)
        return file.tell()
