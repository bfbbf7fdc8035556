"""Histories in mapped files: building them of drawn rows, and gathering batches from them."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np

from recbole_opal.batches import TrainingBatch
from recbole_opal.data.stored import Rows, StoredSequences, stored_histories
from scaling.batches import endless_batches
from scaling.drawn import drawn_rows
from scaling.memory import Peak
from scaling.steps import BATCH

ITEMS = 1_000_000
_GROUPS, _GROUP = 5, 5
_WARM_UP = 10


class DrawnLog:
    """A log that no file holds; its tokens are the numbers themselves."""

    time_unit = "seconds"

    def __init__(self, users: int, seed: int) -> None:
        self._users, self._seed = users, seed

    def rows(self) -> Iterator[Rows]:
        """Yield the rows."""
        return drawn_rows(self._users, ITEMS, self._seed)

    def tokens(self) -> dict[str, bytes]:
        """Return the tokens, one a line."""
        counts = {"users": self._users, "items": ITEMS}
        return {
            what: "\n".join(map(str, range(1, count + 1))).encode()
            for what, count in counts.items()
        }


def measure_histories(users: int, seed: int, scratch: Path) -> dict[str, Any]:
    """Return seconds and bytes of building, of the files, and of gathering a batch at random.

    What a batch looks at for the first time must be mapped, which takes longer than to read it. So
    batches are timed that find nothing mapped, and others behind them, and faults are counted.
    """
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        place = Path(folder) / "drawn"
        started = process_time()
        with Peak() as building:
            stored, _ = stored_histories(place, "drawn", DrawnLog(users, seed))
        built = process_time() - started
        sequences = stored.sequences
        batches = endless_batches(sequences, BATCH, seed)
        started = process_time()
        with Peak() as training:
            next(batches)
            first = process_time() - started
            gathers = list(_gathers(sequences, batches))
        interactions = len(sequences.items)
        return {
            "interactions": interactions,
            "build_seconds": built,
            "build_peak_bytes": building.most["RssAnon"] - building.before["RssAnon"],
            "disk_bytes": sum(path.stat().st_size for path in place.iterdir()),
            "first_batch_seconds": first,
            **gathers[-1],
            "gathers": gathers,
            "held_bytes": training.most["RssAnon"],
            "mapped_bytes": training.most["RssFile"],
            "longest_history": int(np.max(sequences.lengths)),
        }


def _gathers(
    sequences: StoredSequences, batches: Iterator[TrainingBatch]
) -> Iterator[dict[str, Any]]:
    """Yield seconds and faults a batch, of batches that find nothing mapped and of later ones."""
    for kind in ("unmapped", "later"):
        if kind == "later":
            _group(batches, _WARM_UP)
        seconds, faults = [], []
        for _ in range(_GROUPS):
            if kind == "unmapped":
                _unmap(sequences)
            spent, met = _group(batches, _GROUP)
            seconds.append(spent)
            faults.append(met)
        yield {"batches": kind, "faults": median(faults), "gather_seconds": median(seconds)}


def _group(batches: Iterator[TrainingBatch], count: int) -> tuple[float, float]:
    """Return seconds and faults a batch, of so many in a row."""
    before, started = _faults(), process_time()
    for _ in range(count):
        next(batches)
    return (process_time() - started) / count, (_faults() - before) / count


def _faults() -> int:
    import resource  # here: Windows has none

    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_minflt + used.ru_majflt


def _unmap(sequences: StoredSequences) -> None:
    """Take the pages of the files out of this process; they stay in the system's cache."""
    for column in (sequences.items, *sequences.firsts):
        mapped: Any = column.base
        mapped._mmap.madvise(mmap.MADV_DONTNEED)
