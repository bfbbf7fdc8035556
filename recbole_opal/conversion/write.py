"""A source to a folder that RecBole reads: all of its files, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from recbole_opal.conversion.atomic_file import is_missing, lines
from recbole_opal.conversion.clean_ids import CleanIds
from recbole_opal.conversion.data_settings import category_column, settings_yaml
from recbole_opal.conversion.item_rows import ItemRows
from recbole_opal.conversion.known_ids import KnownIds
from recbole_opal.conversion.repeats import RowHashes, mixed, without_lines
from recbole_opal.conversion.source import Column, ItemTable, Source, Tally
from recbole_opal.conversion.staged_files import StagedFiles
from recbole_opal.conversion.target import is_hand_written, remove_others
from recbole_opal.data.atomic_files.time_units import EARLIEST, LATEST
from recbole_opal.errors import DataError

__all__ = ["Written", "write_dataset"]

_INTERACTIONS = ("user_id:token", "item_id:token", "timestamp:float")


@dataclass
class Written:
    """What has been written.

    Attributes:
        folder: with the files.
        tally: what was read and left out.
        rows: interactions.
        duplicates: of them, those with the user, item and time of an earlier one.
        users, items: the distinct ones among them.
        first, last: seconds since 1970.
        time_unit: what every run must be told to take the times for, or None.
        dated: whether the times are seconds on a clock, and no numbers that only tell an order.
        described: items with a row in the table of the items, None without a table.
        unmet: items of the table that no interaction has, left out.
        categories: name of the column that the data set's yaml file names as categories, or None.
        kept: a settings file that was written by hand, and is as it was, or None.
        removed: files of the data set that was replaced.
    """

    folder: Path
    tally: Tally
    rows: int = 0
    duplicates: int = 0
    users: KnownIds = field(default_factory=KnownIds)
    items: KnownIds = field(default_factory=KnownIds)
    first: float = np.inf
    last: float = -np.inf
    time_unit: str | None = None
    dated: bool = True
    described: int | None = None
    unmet: int = 0
    categories: str | None = None
    kept: Path | None = None
    removed: list[Path] = field(default_factory=list)

    @property
    def order_only(self) -> bool:
        """Whether the times are an order alone."""
        return self.time_unit == "order"


def write_dataset(
    source: Source,
    folder: Path,
    advance: Callable[[Tally], None] = lambda tally: None,
    *,
    drop_duplicates: bool = False,
) -> Written:
    """Write `NAME.inter`, and `NAME.item` if the source has items; they replace older ones.

    If the name of a `token` or `token_seq` column of the items tells that it holds categories
    (`tag`, `category`, `class`, `genre`, `topic`), `NAME.yaml` names it as `category_field`; a
    `NAME.yaml` that was written by hand is kept instead.

    Args:
        source: drawn to its end.
        folder: NAME is its last part; `check_target` has approved of it.
        advance: called after each chunk, for a progress bar.
        drop_duplicates: whether of the rows with the same user, item and time only the first stays.

    Returns:
        What has been written.

    Raises:
        DataError: the source is malformed, nothing is left of it, its items have no row in its
            table of the items, or the disk is full; the folder is then as it was.
    """
    written = Written(folder, source.tally, time_unit=source.time_unit)
    settings = folder / f"{folder.name}.yaml"
    names = {f"{folder.name}.inter"}
    with StagedFiles(folder) as files:
        rows = _interactions(source, written, advance, drop_duplicates)
        files.write(f"{folder.name}.inter", rows)
        _judge_times(written)
        if drop_duplicates and written.order_only:
            written.tally.notes.append(
                "duplicates: none can be told, since the number of a row is its time; nothing was "
                "dropped"
            )
        if source.items is not None:
            names.add(f"{folder.name}.item")
            files.write(f"{folder.name}.item", _items(source.items, written, advance))
            written.categories = category_column(source.items.columns)
        if is_hand_written(settings):
            written.kept, written.categories = settings, None
            names.add(settings.name)
        elif content := settings_yaml(
            written.categories,
            every_item_described=written.described == len(written.items),
            time_unit=written.time_unit,
        ):
            files.write(settings.name, [content])
            names.add(settings.name)
    written.removed = remove_others(folder, names)
    return written


def _judge_times(written: Written) -> None:
    """Tell whether the times are of a clock; name no unit that every run finds by itself."""
    usual = EARLIEST <= written.first <= written.last < LATEST
    if written.time_unit == "seconds" and usual:
        written.time_unit = None
    # Numbers of no known unit are all below those of the usual years.
    written.dated = written.time_unit == "seconds" or (
        written.time_unit is None and EARLIEST <= written.last < LATEST
    )


def _interactions(
    source: Source, written: Written, advance: Callable[[Tally], None], drop_duplicates: bool
) -> Iterator[bytes]:
    header = [*_INTERACTIONS, *(column.header for column in source.extra)]
    yield ("\t".join(header) + "\n").encode()
    with RowHashes(written.folder) as hashes:
        rows = _rows(source, written, advance, hashes)
        if drop_duplicates:
            rows = without_lines(rows, hashes.repeated, written.folder)
        yield from rows
        written.duplicates = len(hashes.repeated())
    if not written.rows:
        raise DataError(_nothing_left(source.tally))
    if drop_duplicates and written.duplicates:
        source.tally.dropped["an exact duplicate (user, item, time)"] += written.duplicates
        written.rows, written.duplicates = written.rows - written.duplicates, 0


def _rows(
    source: Source, written: Written, advance: Callable[[Tally], None], hashes: RowHashes
) -> Iterator[bytes]:
    names = _internal(("user", "item", "time"), source.extra)
    cleaned = CleanIds(source.tally, "the log")
    for chunk in source.chunks:
        chunk = cleaned.ids(chunk.set_axis(names, axis=1), "user", "item")
        for column in ("user", "item"):
            chunk = source.tally.keep(chunk, ~is_missing(chunk[column]), f"no {column}")
        times = chunk["time"].to_numpy(np.float64)
        timed = np.isfinite(times)
        chunk, times = source.tally.keep(chunk, timed, "no finite time"), times[timed]
        if len(chunk):
            written.rows += len(chunk)
            users, items = written.users.add(chunk["user"]), written.items.add(chunk["item"])
            hashes.add(mixed(users, items, (times + 0.0).view(np.uint64)))  # -0.0 is 0.0
            written.first = min(written.first, float(times.min()))
            written.last = max(written.last, float(times.max()))
            yield lines(chunk)
        advance(source.tally)
    cleaned.tell()


def _items(table: ItemTable, written: Written, advance: Callable[[Tally], None]) -> Iterator[bytes]:
    yield ("\t".join(["item_id:token", *(one.header for one in table.columns)]) + "\n").encode()
    notes, unmet = written.tally.notes, KnownIds()
    names = _internal(("item",), table.columns)
    cleaned = CleanIds(written.tally, table.origin)
    nameless = 0

    def met() -> Iterator[pd.DataFrame]:
        nonlocal nameless
        for chunk in table.chunks:
            chunk = cleaned.ids(chunk.set_axis(names, axis=1), "item")
            named = ~is_missing(chunk["item"])
            nameless += int((~named).sum())
            chunk = chunk[named]
            known = written.items.holds(chunk["item"])
            unmet.add(chunk["item"][~known])
            if known.any():
                yield chunk[known]
            advance(written.tally)

    rows = ItemRows(table.columns)
    yield from rows.lines(met(), written.folder)
    written.described, written.unmet = len(rows.items), len(unmet)
    if not written.described:
        raise DataError(
            f"no item of the log is in {table.origin}; check --item_key, or do without: leave "
            "--item_file away, or write --items=False with the files of a public data set."
        )
    cleaned.tell()
    if nameless:
        notes.append(f"{table.origin}: {nameless:,} rows without an item were left out")
    if rows.repeats.rows:
        notes.append(f"{table.origin}: {rows.repeats.told()}")


def _internal(own: tuple[str, ...], further: tuple[Column, ...]) -> list[str]:
    """Return names for the columns of a chunk, by their places; the colons keep them apart."""
    return [*own, *(column.header for column in further)]


def _nothing_left(tally: Tally) -> str:
    if not tally.rows:
        return "the source has no rows below its header; give a file that holds interactions."
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in tally.dropped.most_common())
    return (
        f"no interaction is left of {tally.rows:,} rows ({reasons}); check the columns, --label "
        "and --time_unit."
    )
