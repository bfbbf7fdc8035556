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
from recbole_opal.conversion.source import ItemTable, Source, Tally
from recbole_opal.data.staged_files import StagedFiles
from recbole_opal.errors import DataError

__all__ = ["Written", "check_target", "write_dataset"]

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


def check_target(folder: Path, overwrite: bool) -> None:
    """Check that a data set can be written to a folder.

    Args:
        folder: its name is that of the data set.
        overwrite: whether the files of an older data set may be replaced.

    Raises:
        DataError: the folder has no proper name, is a file, or holds a data set.
    """
    if folder.name in ("", "..") or any(sign in folder.name for sign in "\t\n\r"):
        raise DataError(f"--out={folder} names no data set; write --out=dataset/NAME.")
    if folder.exists() and not folder.is_dir():
        raise DataError(f"--out={folder} is a file; name a folder that is not there yet.")
    old = [path for path in _files(folder) if path.exists()]
    if old and not overwrite:
        raise DataError(
            f"{old[0]} is there already; name another --out, or write --overwrite=True."
        )


def write_dataset(
    source: Source, folder: Path, advance: Callable[[Tally], None] = lambda tally: None
) -> Written:
    """Write `NAME.inter`, and `NAME.item` if the source has items; they replace older ones.

    If the name of a `token` or `token_seq` column of the items tells that it holds categories
    (`tag`, `category`, `class`, `genre`, `topic`), `NAME.yaml` names it as `category_field`.

    Args:
        source: drawn to its end.
        folder: NAME is its last part.
        advance: called after each chunk, for a progress bar.

    Returns:
        What has been written.

    Raises:
        DataError: the source is malformed, nothing is left of it, or the disk is full; the folder
            is then as it was.
    """
    written = Written(folder, source.tally)
    inter, item, settings = _files(folder)
    with StagedFiles(folder) as files:
        files.write(inter.name, _interactions(source, written, advance))
        if source.items is not None:
            files.write(item.name, _items(source.items, written, advance))
            written.categories = category_column(source.items.columns)
        if written.categories is not None:
            complete = written.described == len(written.items)
            content = settings_yaml(written.categories, every_item_described=complete)
            files.write(settings.name, [content])
    if source.items is None:
        _remove(item)  # of the data set that was replaced
    if written.categories is None:
        _remove(settings)
    return written


def _files(folder: Path) -> tuple[Path, Path, Path]:
    name = folder.name
    return folder / f"{name}.inter", folder / f"{name}.item", folder / f"{name}.yaml"


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(
            f"{path} belongs to the data set that was replaced and cannot be removed "
            f"({error.strerror}); remove it."
        ) from error


def _interactions(
    source: Source, written: Written, advance: Callable[[Tally], None]
) -> Iterator[bytes]:
    header = [*_INTERACTIONS, *(column.header for column in source.extra)]
    yield ("\t".join(header) + "\n").encode()
    for chunk in source.chunks:
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
            yield lines(chunk[["user", "item", "time", *(one.name for one in source.extra)]])
        advance(source.tally)
    if not written.rows:
        raise DataError(_nothing_left(source.tally))


def _items(table: ItemTable, written: Written, advance: Callable[[Tally], None]) -> Iterator[bytes]:
    yield ("\t".join(["item_id:token", *(one.header for one in table.columns)]) + "\n").encode()
    seen, unmet = KnownIds(), KnownIds()
    for chunk in table.chunks:
        chunk = chunk.assign(item=_trimmed(chunk["item"]))
        chunk = chunk[~is_missing(chunk["item"])].drop_duplicates("item")
        met = written.items.holds(chunk["item"])
        unmet.add(chunk["item"][~met])
        chunk = chunk[met & ~seen.holds(chunk["item"])]
        seen.add(chunk["item"])
        if len(chunk):
            yield lines(chunk[["item", *(one.name for one in table.columns)]])
        advance(written.tally)
    written.described, written.unmet = len(seen), len(unmet)


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
