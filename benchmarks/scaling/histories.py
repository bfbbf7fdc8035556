"""Histories in mapped files: building them of drawn rows, and gathering batches from them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np

from recbole_opal.data.stored import Rows, stored_histories
from scaling.batches import endless_batches
from scaling.drawn import drawn_rows
from scaling.memory import Peak
from scaling.steps import BATCH

ITEMS = 1_000_000
_BATCHES, _WARM_UP = 30, 5


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
    """Return seconds and bytes of building, of the files, and of gathering a batch at random."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        place = Path(folder) / "drawn"
        started = process_time()
        with Peak() as building:
            stored, _ = stored_histories(place, "drawn", DrawnLog(users, seed))
        built = process_time() - started
        sequences = stored.sequences
        batches = endless_batches(sequences, BATCH, seed)
        seconds = []
        with Peak() as training:
            for _ in range(_WARM_UP + _BATCHES):
                started = process_time()
                next(batches)
                seconds.append(process_time() - started)
        interactions = len(sequences.items)
        return {
            "interactions": interactions,
            "build_seconds": built,
            "build_peak_bytes": building.most["RssAnon"] - building.before["RssAnon"],
            "disk_bytes": sum(path.stat().st_size for path in place.iterdir()),
            "gather_seconds": median(seconds[_WARM_UP:]),
            "first_batch_seconds": seconds[0],
            "held_bytes": training.most["RssAnon"],
            "mapped_bytes": training.most["RssFile"],
            "longest_history": int(np.max(sequences.lengths)),
        }
