"""A source to a folder that RecBole reads: all of its files, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from recbole_opal.conversion.atomic_file import BYTE_ORDER_MARK, is_missing, lines
from recbole_opal.conversion.data_settings import category_column, settings_yaml
from recbole_opal.conversion.known_ids import KnownIds
from recbole_opal.conversion.source import Column, ItemTable, Source, Tally
from recbole_opal.conversion.target import is_hand_written, remove_others
from recbole_opal.data.staged_files import StagedFiles
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
        users, items: the distinct ones among them.
        first, last: seconds since 1970.
        described: items with a row in the table of the items, None without a table.
        unmet: items of the table that no interaction has, left out.
        categories: name of the column that the data set's yaml file names as categories, or None.
        kept: a settings file that was written by hand, and is as it was, or None.
        removed: files of the data set that was replaced.
    """

    folder: Path
    tally: Tally
    rows: int = 0
    users: KnownIds = field(default_factory=KnownIds)
    items: KnownIds = field(default_factory=KnownIds)
    first: float = np.inf
    last: float = -np.inf
    described: int | None = None
    unmet: int = 0
    categories: str | None = None
    kept: Path | None = None
    removed: list[Path] = field(default_factory=list)


def write_dataset(
    source: Source, folder: Path, advance: Callable[[Tally], None] = lambda tally: None
) -> Written:
    """Write `NAME.inter`, and `NAME.item` if the source has items; they replace older ones.

    If the name of a `token` or `token_seq` column of the items tells that it holds categories
    (`tag`, `category`, `class`, `genre`, `topic`), `NAME.yaml` names it as `category_field`; a
    `NAME.yaml` that was written by hand is kept instead.

    Args:
        source: drawn to its end.
        folder: NAME is its last part; `check_target` has approved of it.
        advance: called after each chunk, for a progress bar.

    Returns:
        What has been written.

    Raises:
        DataError: the source is malformed, nothing is left of it, its items have no row in its
            table of the items, or the disk is full; the folder is then as it was.
    """
    written = Written(folder, source.tally)
    settings = folder / f"{folder.name}.yaml"
    names = {f"{folder.name}.inter"}
    with StagedFiles(folder) as files:
        files.write(f"{folder.name}.inter", _interactions(source, written, advance))
        if source.items is not None:
            names.add(f"{folder.name}.item")
            files.write(f"{folder.name}.item", _items(source.items, written, advance))
            written.categories = category_column(source.items.columns)
        if is_hand_written(settings):
            written.kept, written.categories = settings, None
            names.add(settings.name)
        elif written.categories is not None:
            complete = written.described == len(written.items)
            content = settings_yaml(written.categories, every_item_described=complete)
            files.write(settings.name, [content])
            names.add(settings.name)
    written.removed = remove_others(folder, names)
    return written


def _interactions(
    source: Source, written: Written, advance: Callable[[Tally], None]
) -> Iterator[bytes]:
    header = [*_INTERACTIONS, *(column.header for column in source.extra)]
    yield ("\t".join(header) + "\n").encode()
    names = _internal(("user", "item", "time"), source.extra)
    for chunk in source.chunks:
        chunk = chunk.set_axis(names, axis=1)
        chunk = chunk.assign(user=_trimmed(chunk["user"]), item=_trimmed(chunk["item"]))
        for column in ("user", "item"):
            chunk = source.tally.keep(chunk, ~is_missing(chunk[column]), f"no {column}")
        timed = np.isfinite(chunk["time"].to_numpy(np.float64))
        chunk = source.tally.keep(chunk, timed, "no finite time")
        if len(chunk):
            written.rows += len(chunk)
            written.users.add(chunk["user"])
            written.items.add(chunk["item"])
            written.first = min(written.first, float(chunk["time"].min()))
            written.last = max(written.last, float(chunk["time"].max()))
            yield lines(chunk)
        advance(source.tally)
    if not written.rows:
        raise DataError(_nothing_left(source.tally))


def _items(table: ItemTable, written: Written, advance: Callable[[Tally], None]) -> Iterator[bytes]:
    yield ("\t".join(["item_id:token", *(one.header for one in table.columns)]) + "\n").encode()
    seen, unmet = KnownIds(), KnownIds()
    names = _internal(("item",), table.columns)
    for chunk in table.chunks:
        chunk = chunk.set_axis(names, axis=1)
        chunk = chunk.assign(item=_trimmed(chunk["item"]))
        chunk = chunk[~is_missing(chunk["item"])].drop_duplicates("item")
        met = written.items.holds(chunk["item"])
        unmet.add(chunk["item"][~met])
        chunk = chunk[met & ~seen.holds(chunk["item"])]
        seen.add(chunk["item"])
        if len(chunk):
            yield lines(chunk)
        advance(written.tally)
    written.described, written.unmet = len(seen), len(unmet)
    if not written.described:
        raise DataError(
            f"no item of the log is in {table.origin}; check --item_key, or do without: leave "
            "--item_file away, or write --items=False with the files of a public data set."
        )


def _internal(own: tuple[str, ...], further: tuple[Column, ...]) -> list[str]:
    """Return names for the columns of a chunk, by their places; the colons keep them apart."""
    return [*own, *(column.header for column in further)]


def _trimmed(ids: pd.Series) -> pd.Series:
    # Spaces around an id are never part of it: `1, 2` in one file is `2` in another.
    trimmed = [one.strip() if isinstance(one, str) else "" for one in ids]
    if BYTE_ORDER_MARK in "".join(trimmed):
        trimmed = [one.replace(BYTE_ORDER_MARK, "").strip() for one in trimmed]
    return pd.Series(trimmed, index=ids.index, dtype=object)


def _nothing_left(tally: Tally) -> str:
    if not tally.rows:
        return "the source has no rows below its header; give a file that holds interactions."
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in tally.dropped.most_common())
    return (
        f"no interaction is left of {tally.rows:,} rows ({reasons}); check the columns and --label."
    )
