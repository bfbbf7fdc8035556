"""The rows of an item table: one of each item, which keeps what its further rows add."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from recbole_opal.conversion.atomic_file import lines
from recbole_opal.conversion.known_ids import KnownIds
from recbole_opal.conversion.source import Column

__all__ = ["ItemRows", "Repeats"]

_BLOCK = 10_000  # lines


@dataclass
class Repeats:
    """What became of the rows whose item had one before.

    Attributes:
        rows: all of them.
        same: those that say nothing new.
        joined: column -> rows that added values to it.
        contradicting: column of one value -> rows that have another one than the first.
    """

    rows: int = 0
    same: int = 0
    joined: Counter[str] = field(default_factory=Counter)
    contradicting: Counter[str] = field(default_factory=Counter)

    def told(self) -> str:
        """Return it as the end of a sentence about the table."""
        parts = [f"{self.same:,} say nothing new"] if self.same else []
        parts += [f"{count:,} add values to {name}" for name, count in self.joined.items()]
        parts += [
            f"{count:,} contradict the first row in {name}, which counts"
            for name, count in self.contradicting.items()
        ]
        return f"{self.rows:,} rows repeat an item: {', '.join(parts)}"


class ItemRows:
    """Gathers the rows, and yields one line for each item, in the order of the first rows.

    First rows wait in a file without a name; in memory are the ids' hashes and those further rows
    that are not the same as an earlier one.

    Args:
        columns: of the items, without their id.

    Attributes:
        items: the distinct ones.
        repeats: complete once all lines have been drawn.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        """See the class."""
        self._columns = columns
        self._known = KnownIds()  # whole rows
        self._further: dict[str, list[list[str]]] = {}
        self.items = KnownIds()
        self.repeats = Repeats()

    def lines(self, chunks: Iterable[pd.DataFrame], folder: Path) -> Iterator[bytes]:
        """Yield the lines.

        Args:
            chunks: an item's id and the columns, at least one row each.
            folder: where the first rows wait.

        Raises:
            DataError: a cell cannot be written.
            OSError: the disk is full.
        """
        with tempfile.TemporaryFile(dir=folder) as waiting:
            for chunk in chunks:
                waiting.write(self._first_rows(chunk))
            waiting.seek(0)
            while block := list(islice(waiting, _BLOCK)):
                yield b"".join(map(self._merged, block) if self._further else block)

    def _first_rows(self, chunk: pd.DataFrame) -> bytes:
        """Return the lines of items that had none before; keep what others may add."""
        rows = pd.Series(lines(chunk).decode().split("\n")[:-1], dtype=object)
        ids = chunk["item"]
        later = ids.duplicated().to_numpy() | self.items.holds(ids)
        self.items.add(ids)
        if later.any():
            known = rows.duplicated().to_numpy() | self._known.holds(rows)
            self.repeats.rows += int(later.sum())
            self.repeats.same += int((later & known).sum())
            for at in np.flatnonzero(later & ~known):
                item, *cells = rows[at].split("\t")
                self._further.setdefault(item, []).append(cells)
        self._known.add(rows)
        return "".join(f"{row}\n" for row in rows[~later]).encode()

    def _merged(self, line: bytes) -> bytes:
        item, *cells = line.decode().removesuffix("\n").split("\t")
        further = self._further.pop(item, None)
        if further is None:
            return line
        for row in further:
            self.repeats.same += not self._merge(cells, row)
        return ("\t".join([item, *cells]) + "\n").encode()

    def _merge(self, cells: list[str], row: list[str]) -> bool:
        """Let a further row add to the cells of an item; tell whether it says anything new."""
        new = False
        for place, (column, cell) in enumerate(zip(self._columns, row, strict=True)):
            held = cells[place]
            if not cell or _same(held, cell, column):
                continue
            if held and not column.type.endswith("_seq"):
                self.repeats.contradicting[column.name] += 1
                new = True
                continue
            elements = held.split()
            added = [one for one in dict.fromkeys(cell.split()) if one not in elements]
            if not held:  # a cell that was empty gets what the row has
                added = [cell]
            if added:
                cells[place] = " ".join([*elements, *added])
                self.repeats.joined[column.name] += 1
                new = True
        return new


def _same(held: str, cell: str, column: Column) -> bool:
    # A whole number is written with and without a point, as its chunk has others or not.
    return held == cell or (column.type == "float" and bool(held) and float(held) == float(cell))
