"""Rows in any order to sequences in files, in memory that does not grow with the rows.

An external distribution sort: rows go to the bucket of their user as they come, so that a bucket,
some whole users, is sorted in memory and written behind the one before. Every file is read and
written from its beginning to its end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recbole_opal.data.user_sequences import IntArray, UserSequences, user_ranges
from recbole_opal.runs.whole_file import synced_file

__all__ = ["COLUMNS", "Rows", "write_file", "write_sorted"]

COLUMNS = {
    "items.int64": np.dtype("<i8"),
    "times.float64": np.dtype("<f8"),
    "first_seen.int64": np.dtype("<i8"),
    "new_items.int64": np.dtype("<i8"),
    "new_before.int64": np.dtype("<i8"),
    "offsets.int64": np.dtype("<i8"),
}
"""The files of sequences, and what they hold: see `UserSequences`, and its `firsts`."""
_ROW = np.dtype([("user", "<i4"), ("item", "<i4"), ("time", "<f8")])
_BUCKET = 2**22  # rows of a bucket, some 600 MiB while they are sorted
_MOST_BUCKETS = 200  # files that are open together

Write = Callable[[npt.NDArray[np.generic]], None]


@dataclass(frozen=True)
class Rows:
    """Some rows of a log, (R,) each, in its order."""

    users: IntArray  # numbers from 1
    items: IntArray  # numbers from 1
    times: npt.NDArray[np.float64]


def write_sorted(folder: Path, blocks: Iterable[Rows], bucket: int = _BUCKET) -> dict[str, str]:
    """Write the files of the rows' sequences; return the SHA-256 of each.

    A sequence is ordered as `UserSequences.from_columns` does it, which sorts each bucket. User
    numbers must leave no gap: each from 1 to the largest has a row.
    """
    gathered = folder / "rows"
    offsets = _gather(gathered, blocks)
    bucket = max(bucket, int(offsets[-1]) // _MOST_BUCKETS)
    # Number of the user that each bucket begins with, and at the end that of all users.
    limits = np.array([0, *(last for _, last in user_ranges(offsets, bucket))])
    paths = [folder / f"bucket-{number}" for number in range(len(limits) - 1)]
    _distribute(gathered, paths, limits, most=bucket)
    gathered.unlink()
    digests: dict[str, str] = {}
    with ExitStack() as files:
        write = {name: files.enter_context(_digested(folder / name, digests)) for name in COLUMNS}
        write["offsets.int64"](offsets)
        write["new_before.int64"](np.zeros(1, dtype=np.int64))
        start, before = 0, 0
        for path in paths:
            start, before = _sort(path, start, before, write)
            path.unlink()
    return digests


def write_file(path: Path, data: bytes) -> str:
    """Write a file that is on the disk when this returns; return its SHA-256."""
    with synced_file(path) as file:
        file.write(data)
    return hashlib.sha256(data).hexdigest()


def _gather(path: Path, blocks: Iterable[Rows]) -> IntArray:
    """Write all rows as they come; return (U + 1,), where each user's are to begin."""
    counts = np.zeros(1, dtype=np.int64)
    with path.open("wb") as file:
        for block in blocks:
            rows = np.empty(len(block.users), dtype=_ROW)
            rows["user"], rows["item"], rows["time"] = block.users, block.items, block.times
            rows.tofile(file)
            found = np.bincount(block.users)
            if len(found) > len(counts):
                counts = np.concatenate([counts, np.zeros(len(found), dtype=np.int64)])
            counts[: len(found)] += found
    users = int(np.flatnonzero(counts).max(initial=0))
    return np.concatenate([[0], counts[1 : users + 1].cumsum()])


def _distribute(gathered: Path, paths: list[Path], limits: IntArray, most: int) -> None:
    """Append each row to the file of its user's bucket, so many rows at a time."""
    with ExitStack() as opened, gathered.open("rb") as source:
        files = [opened.enter_context(path.open("wb")) for path in paths]
        while len(rows := np.fromfile(source, dtype=_ROW, count=most)):
            buckets = np.searchsorted(limits, rows["user"] - 1, side="right") - 1
            order = np.argsort(buckets, kind="stable")
            ends = np.bincount(buckets, minlength=len(files)).cumsum()
            for file, part in zip(files, np.split(rows[order], ends[:-1]), strict=True):
                part.tofile(file)


def _sort(path: Path, start: int, before: int, write: Mapping[str, Write]) -> tuple[int, int]:
    """Write one bucket behind `start` interactions, of which `before` were with a new item."""
    rows = np.fromfile(path, dtype=_ROW)
    sequences = UserSequences.from_columns(rows["user"], rows["item"], rows["time"])
    new_items, new_before = sequences.firsts
    write["items.int64"](sequences.items)
    write["times.float64"](sequences.times)
    write["first_seen.int64"](sequences.first_seen + start)
    write["new_items.int64"](new_items)
    write["new_before.int64"](new_before[1:] + before)
    return start + len(rows), before + len(new_items)


@contextmanager
def _digested(path: Path, digests: dict[str, str]) -> Iterator[Write]:
    """Give what writes arrays to a file piece by piece; at the end its digest is known."""
    digest = hashlib.sha256()
    kind = COLUMNS[path.name]
    with synced_file(path) as file:

        def write(values: npt.NDArray[np.generic]) -> None:
            data = np.ascontiguousarray(values, dtype=kind).tobytes()
            digest.update(data)
            file.write(data)

        yield write
    digests[path.name] = digest.hexdigest()
