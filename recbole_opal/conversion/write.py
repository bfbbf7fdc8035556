"""A source to a folder that RecBole reads: all of its files, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recbole_opal.conversion.data_settings import category_column, protocol_of, settings_yaml
from recbole_opal.conversion.items import write_items
from recbole_opal.conversion.log import stage_log
from recbole_opal.conversion.source import Source, Tally
from recbole_opal.data.atomic_files.time_units import EARLIEST, LATEST
from recbole_opal.data.generated_settings import is_hand_written
from recbole_opal.data.target import remove_others
from recbole_opal.errors import DataError
from recbole_opal.runs.staged_files import StagedFiles
from recbole_opal.sql import MEMORY, Engine, atomic_file, identifier, opened_engine

__all__ = ["Written", "write_dataset"]


@dataclass
class Written:
    """What has been written."""

    folder: Path
    tally: Tally  # what was read and left out
    rows: int = 0  # interactions
    duplicates: int = 0  # of them, those with the user, item and time of an earlier one
    users: int = 0
    items: int = 0  # with interactions
    first: float = float("inf")  # seconds since 1970
    last: float = float("-inf")
    time_unit: str | None = None  # what every run must be told to take the times for
    dated: bool = True  # whether the times are seconds on a clock, and not an order alone
    described: int | None = None  # items with a row in the table of the items; None: no table
    unmet: int = 0  # items of the table that no interaction has, left out
    categories: str | None = None  # the column that the yaml file names as categories
    kept: Path | None = None  # a settings file that was written by hand, and is as it was
    split: Mapping[str, Any] | None = None  # the protocol by which the log was divided
    removed: list[Path] = field(default_factory=list)  # of the data set that was replaced

    @property
    def order_only(self) -> bool:
        """Whether the times are an order alone."""
        return self.time_unit == "order"


def write_dataset(
    source: Source,
    folder: Path,
    advance: Callable[[int, int, int], None] = lambda done, total, rows: None,
    *,
    drop_duplicates: bool = False,
    memory: str = MEMORY,
) -> Written:
    """Write `NAME.inter`, and `NAME.item` if the source has items; they replace older ones.

    If the name of a `token` or `token_seq` column of the items tells that it holds categories
    (`tag`, `category`, `class`, `genre`, `topic`), `NAME.yaml` names it as `category_field`; a
    `NAME.yaml` that was written by hand is kept instead.

    Args:
        source: what to convert.
        folder: NAME is its last part; `check_target` has approved of it.
        advance: told now and then the bytes that are read, of how many, and the rows, for a bar.
        drop_duplicates: whether of the rows with the same user, item and time only the first stays.
        memory: what DuckDB may take of it; the rest waits on the disk.

    Raises:
        DataError: the source is malformed, nothing is left of it, its items have no row in its
            table of the items, or the disk is full; the folder is then as it was.
    """
    tally, items = Tally(), source.items
    written = Written(folder, tally, time_unit=source.time_unit)
    read = sum(part.table.size() for part in source.parts)
    total = read + sum(part.table.size() for part in (items.parts if items else ()))
    settings = folder / f"{folder.name}.yaml"
    names = {f"{folder.name}.inter"}
    with StagedFiles(folder) as files, opened_engine(folder, memory) as engine:
        stage_log(engine, source, tally, lambda share: advance(int(share * read), total, 0))
        _measure(engine, written, drop_duplicates=drop_duplicates)
        with files.place(f"{folder.name}.inter") as path:
            _write_interactions(engine, source, path)
        if source.split is not None:
            written.split = protocol_of(engine, source.split)
        engine.run("DROP TABLE kept")
        _judge_times(written)
        if items is not None:
            names.add(f"{folder.name}.item")

            def follow(share: float) -> None:
                advance(read + int(share * (total - read)), total, tally.rows)

            with files.place(f"{folder.name}.item") as path:
                told = write_items(engine, items, path, tally.notes, follow)
            written.described, written.unmet = told
            written.categories = category_column(items.columns)
        if is_hand_written(settings):
            written.kept, written.categories = settings, None
            names.add(settings.name)
        elif content := settings_yaml(
            written.categories,
            every_item_described=written.described == written.items,
            time_unit=written.time_unit,
            split=written.split,
        ):
            files.write(settings.name, [content])
            names.add(settings.name)
    advance(total, total, tally.rows)
    written.removed = remove_others(folder, names)
    return written


def _measure(engine: Engine, written: Written, *, drop_duplicates: bool) -> None:
    """Count what is kept, and make a table `twice` of the rows that equal an earlier one."""
    written.rows, first, last, written.users, written.items = engine.row(
        "SELECT count(*), min(seconds), max(seconds), (SELECT count(*) FROM users), "
        "(SELECT count(*) FROM known) FROM kept"
    )
    if not written.rows:
        raise DataError(_nothing_left(written.tally))
    written.first, written.last = first, last
    engine.run("CREATE TABLE twice (nr BIGINT)")
    if written.order_only:
        if drop_duplicates:
            written.tally.notes.append(
                "duplicates: none can be told, since the number of a row is its time; nothing was "
                "dropped"
            )
        return
    # Few rows share a hash, as a rule; only those are compared as they are.
    row = "hash(u, i, seconds + 0.0)"
    engine.run(f"CREATE TABLE alike AS SELECT {row} AS h FROM kept GROUP BY h HAVING count(*) > 1")
    if engine.row("SELECT count(*) FROM alike")[0]:
        engine.run(
            f"INSERT INTO twice SELECT nr FROM kept WHERE {row} IN (SELECT h FROM alike) "
            "QUALIFY row_number() OVER (PARTITION BY u, i, seconds + 0.0 ORDER BY nr) > 1"
        )
    (written.duplicates,) = engine.row("SELECT count(*) FROM twice")
    if not drop_duplicates:
        engine.run("DELETE FROM twice")
    elif written.duplicates:
        written.tally.dropped["an exact duplicate (user, item, time)"] += written.duplicates
        written.rows, written.duplicates = written.rows - written.duplicates, 0


def _write_interactions(engine: Engine, source: Source, path: Path) -> None:
    cells = "".join(f", {identifier(column.header)}" for column in source.keep)
    once = " WHERE nr NOT IN (FROM twice)" if engine.row("SELECT count(*) FROM twice")[0] else ""
    engine.run(
        'COPY (SELECT u AS "user_id:token", i AS "item_id:token", plain(seconds) AS '
        f'"timestamp:float"{cells} FROM kept{once}) TO {atomic_file(path)}'
    )


def _judge_times(written: Written) -> None:
    """Tell whether the times are of a clock; name no unit that every run finds by itself."""
    usual = EARLIEST <= written.first <= written.last < LATEST
    if written.time_unit == "seconds" and usual:
        written.time_unit = None
    # Numbers of no known unit are all below those of the usual years.
    written.dated = written.time_unit == "seconds" or (
        written.time_unit is None and EARLIEST <= written.last < LATEST
    )


def _nothing_left(tally: Tally) -> str:
    if not tally.rows:
        return "the source has no rows below its header; give a file that holds interactions."
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in tally.dropped.most_common())
    return (
        f"no interaction is left of {tally.rows:,} rows ({reasons}); check the columns, --label "
        "and --time_unit."
    )
