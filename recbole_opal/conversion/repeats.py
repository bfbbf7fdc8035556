"""Rows that say what an earlier row said: found by their hashes, taken out of a file of lines."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import compress, islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["RowHashes", "mixed", "without_lines"]

IntArray = npt.NDArray[np.int64]
HashArray = npt.NDArray[np.uint64]

# Of the hashes, by their first four bits: one is sorted at a time, which bounds the memory.
_PARTS, _SHIFT = 16, np.uint64(60)
_BLOCK = 20_000  # lines, or hashes


class RowHashes:
    """The rows of a log in eight bytes each, in a file without a name.

    Two of twenty million different rows share a hash with probability 1e-5.

    Args:
        folder: where the file lies until the block is left.

    Raises:
        OSError: the disk is full.
    """

    def __init__(self, folder: Path) -> None:
        """See the class."""
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115, closed on leaving

    def __enter__(self) -> RowHashes:
        """Begin with no row."""
        return self

    def __exit__(self, *error: object) -> None:
        """Forget the rows."""
        self._file.close()

    def add(self, hashes: HashArray) -> None:
        """Take in the next rows.

        Args:
            hashes: (n,) one of each row.
        """
        self._file.write(hashes.tobytes())

    def repeated(self) -> IntArray:
        """Return (d,) ascending, the numbers from 0 of the rows that equal an earlier one."""
        found = [_later(*self._part(part)) for part in range(_PARTS)]
        repeated: IntArray = np.sort(np.concatenate(found))
        return repeated

    def _part(self, part: int) -> tuple[IntArray, HashArray]:
        """Return the numbers and the hashes of the rows of one part, in the order of the file."""
        numbers, hashes = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.uint64)]
        start = 0
        for block in self._blocks():
            places = np.flatnonzero(block >> _SHIFT == part)
            numbers.append(places + start)
            hashes.append(block[places])
            start += len(block)
        return np.concatenate(numbers), np.concatenate(hashes)

    def _blocks(self) -> Iterator[HashArray]:
        self._file.seek(0)
        while data := self._file.read(_BLOCK * 8):
            yield np.frombuffer(data, dtype=np.uint64)


def mixed(*columns: HashArray) -> HashArray:
    """Return (n,) the hash of each row.

    Args:
        columns: (n,) hashes, or the bits of numbers; their order counts.
    """
    row = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        # The finaliser of splitmix64, so that every bit of every column moves every bit of the row.
        row = (row ^ column) + np.uint64(0x9E3779B97F4A7C15)
        row = (row ^ (row >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        row = (row ^ (row >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        row ^= row >> np.uint64(31)
    return row


def without_lines(
    parts: Iterable[bytes], numbers: Callable[[], IntArray], folder: Path
) -> Iterator[bytes]:
    """Yield lines again, without some that are known only when all of them have been seen.

    Args:
        parts: whole lines, some at a time.
        numbers: called behind the last line: (d,) ascending, the lines to leave out, from 0.
        folder: where the lines wait, in a file without a name.

    Raises:
        OSError: the disk is full.
    """
    with tempfile.TemporaryFile(dir=folder) as waiting:
        for part in parts:
            waiting.write(part)
        waiting.seek(0)
        dropped, start = numbers(), 0
        while block := list(islice(waiting, _BLOCK)):
            kept = np.ones(len(block), dtype=bool)
            first, behind = np.searchsorted(dropped, (start, start + len(block)))
            kept[dropped[first:behind] - start] = False
            yield b"".join(compress(block, kept))
            start += len(block)


def _later(numbers: IntArray, hashes: HashArray) -> IntArray:
    """Return the numbers of the rows whose hash an earlier row has."""
    ordered = np.sort(hashes)
    doubled = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(doubled):
        return numbers[:0]
    places = np.minimum(np.searchsorted(doubled, hashes), len(doubled) - 1)
    suspects = np.flatnonzero(doubled[places] == hashes)  # few, as a rule
    suspects = suspects[np.argsort(hashes[suspects], kind="stable")]  # equal ones stay in order
    later = hashes[suspects][1:] == hashes[suspects][:-1]
    found: IntArray = numbers[suspects[1:][later]]
    return found
