"""DuckDB as `convert` and `describe` use it: within a limit of memory, the rest in a folder."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recbole_opal.errors import DataError, SettingsError
from recbole_opal.process.cores import usable_cores
from recbole_opal.process.program import python

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = [
    "MEMORY",
    "Engine",
    "atomic_file",
    "identifier",
    "literal",
    "opened_engine",
    "shown_error",
    "text_source",
]

MEMORY = "160MB"
_PREFIX = ".duckdb."  # of folders that a kill may leave
_NO_NULL = ("\x1a\x1b\x1a", "\x02\x03\x02")  # so that an empty cell is an empty text
_BUFFER = 4_000_000  # bytes, of each thread that reads
_MOST_THREADS = 4  # each holds buffers of its own
_LARGEST = 1.7976931348623157e308  # NaN is above it in DuckDB's order
_BLANK = r"\s\p{Z}\x0b\x1c-\x1f\x85\x{FEFF}"
_MACROS = {
    # A finite number, correctly rounded, else NULL; DuckDB itself takes `1_000`, `+-1` and `inf`.
    "number(x)": f"CASE WHEN try_cast(x AS DOUBLE) BETWEEN -{_LARGEST} AND {_LARGEST} "
    "AND NOT contains(x, '_') AND NOT contains(x, '+-') THEN try_cast(x AS DOUBLE) END",
    # Whole numbers without a point; others in the shortest text that is read back the same.
    "plain(x)": "CASE WHEN x = trunc(x) AND abs(x) < 9007199254740992 "
    "THEN CAST(CAST(x AS BIGINT) AS VARCHAR) ELSE CAST(x AS VARCHAR) END",
    # White space and byte order marks around a text are never part of it.
    "stripped(x)": "CASE WHEN x = '' OR (ascii(x) BETWEEN 33 AND 126 AND ascii(right(x, 1)) "
    f"BETWEEN 33 AND 126) THEN x ELSE regexp_replace(x, '^[{_BLANK}]+|[{_BLANK}]+$', '', 'g') END",
}


class Engine:
    """A connection to DuckDB, and the folder in which it and its readers may leave files.

    Attributes:
        folder: gone when the engine is closed.
    """

    def __init__(self, folder: Path, memory: str) -> None:
        self.folder = folder
        self._database = _connect(folder, memory)

    def run(self, sql: str, advance: Callable[[float], None] | None = None) -> None:
        """Run a statement, and tell now and then the share of it that is done."""
        with _watched(self._database, advance):
            self._database.execute(sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        return self._database.execute(sql).fetchall()

    def row(self, sql: str) -> tuple[Any, ...]:
        """Return the first row of a query."""
        return self.rows(sql)[0]

    def column(self, sql: str) -> npt.NDArray[Any]:
        """Return the only column of a query, without NULL."""
        (values,) = self._database.execute(sql).fetchnumpy().values()
        return np.asarray(values)

    def register(self, name: str, frame: Any) -> None:
        """Let SQL see a data frame, or arrays by their names, under a name."""
        self._database.register(name, frame)

    def close(self) -> None:
        """Forget all tables."""
        self._database.close()


@contextmanager
def opened_engine(folder: Path | None = None, memory: str = MEMORY) -> Iterator[Engine]:
    """Give an engine for a block, and word what DuckDB cannot do.

    Args:
        folder: in which it makes one of its own for what memory does not hold, and removes what a
            kill left, since nobody else writes into it meanwhile; None: that of the system.
        memory: its limit, as `256MB`.

    Raises:
        DataError: DuckDB is not installed, or disk or memory are full.
        SettingsError: the limit is none.
    """
    for stale in folder.glob(f"{_PREFIX}*") if folder is not None else ():
        shutil.rmtree(stale, ignore_errors=True)
    place = Path(mkdtemp(dir=folder, prefix=_PREFIX))
    try:
        engine = Engine(place, memory)
        import duckdb

        try:
            yield engine
        except duckdb.OutOfMemoryException as error:
            full = "disk" if "max_temp_directory_size" in str(error) else "memory"
            raise DataError(
                f"{memory} of memory are too few, or the {full} is full ({shown_error(error)}); "
                "write more, for example --memory=2GB, or free the disk."
            ) from error
        except duckdb.IOException as error:
            raise DataError(
                f"the disk does not take or give the data ({shown_error(error)}); free or repair "
                "it."
            ) from error
        except (duckdb.ConversionException, duckdb.InvalidInputException) as error:
            raise DataError(f"DuckDB stops: {shown_error(error)}; correct --where.") from error
        finally:
            engine.close()
    finally:
        shutil.rmtree(place, ignore_errors=True)


def identifier(name: str) -> str:
    """Return a name between SQL's quotes."""
    return '"' + name.replace('"', '""') + '"'


def atomic_file(path: Path) -> str:
    """Return a file as COPY writes an atomic one: tabs, a header, nothing quoted."""
    form = "FORMAT csv, HEADER true, DELIMITER '\t', QUOTE '', ESCAPE '', NULLSTR ''"
    form += ", USE_TMP_FILE false"
    return f"{literal(str(path))} ({form})"


def text_source(
    path: Path,
    width: int,
    separator: str,
    *,
    quote: str = "",
    skip: int = 0,
    packed: str = "none",
    new_line: str | None = None,
) -> str:
    """Return SQL that stands behind FROM and reads a text as columns `c0`, `c1`, ... of text.

    Args:
        path: of the file, in UTF-8.
        width: number of the columns.
        separator: between two of them.
        quote: what encloses a cell; empty: nothing does.
        skip: lines before the first row.
        packed: gzip, zstd or none.
        new_line: what ends a line, where it is not to be recognised.
    """
    columns = ", ".join(f"c{place}: 'VARCHAR'" for place in range(width))
    options = {
        "skip": str(skip),
        "delim": literal(separator),
        "quote": literal(quote),
        "escape": literal(quote),
        "nullstr": literal(_NO_NULL[bool(set(separator) & set(_NO_NULL[0]))]),
        "compression": literal(packed),
        "columns": f"{{{columns}}}",
    } | ({} if new_line is None else {"new_line": literal(new_line)})
    listed = ", ".join(f"{name} = {value}" for name, value in options.items())
    return (
        f"read_csv({literal(str(path))}, header = false, auto_detect = false, strict_mode = true, "
        f"buffer_size = {_BUFFER}, {listed})"
    )


def literal(text: str) -> str:
    """Return a text between SQL's quotes."""
    return "'" + text.replace("'", "''") + "'"


def shown_error(error: Exception) -> str:
    """Return the first line of DuckDB's error, without its kind."""
    return re.sub(r"^[\w ]+ Error: ", "", str(error).strip().splitlines()[0])[:300]


def _connect(folder: Path, memory: str) -> DuckDBPyConnection:
    try:
        import duckdb
    except ImportError as error:
        made = python("import duckdb").partition(" -c")[0]
        raise DataError(
            f"convert and describe need duckdb; install it with {made} -m pip install duckdb."
        ) from error
    # Nothing is ever downloaded: the readers of csv, json and parquet are built in.
    names = ("autoinstall_known_extensions", "autoload_known_extensions")
    off: dict[str, Any] = dict.fromkeys(names, "false")
    database = duckdb.connect(":memory:", config=off)
    settings = {
        "threads": str(_threads()),
        "temp_directory": literal(str(folder)),
        "preserve_insertion_order": "true",
        "TimeZone": "'UTC'",
    }
    for name, value in settings.items():
        database.execute(f"SET {name} = {value}")
    # In a notebook without ipywidgets DuckDB refuses to count; then nothing is told on the way.
    with suppress(duckdb.InvalidInputException):
        database.execute("SET enable_progress_bar = true")
        database.execute("SET enable_progress_bar_print = false")
    try:
        database.execute(f"SET memory_limit = {literal(memory)}")
    except duckdb.Error as error:
        raise SettingsError(f"--memory={memory} is no size; write for example 2GB.") from error
    for name, body in _MACROS.items():
        database.execute(f"CREATE MACRO {name} AS {body}")
    return database


def _threads() -> int:
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(int(asked) if asked.isdigit() and int(asked) else _MOST_THREADS, usable_cores())


@contextmanager
def _watched(
    database: DuckDBPyConnection, advance: Callable[[float], None] | None
) -> Iterator[None]:
    if advance is None:
        yield
        return
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            advance(max(database.query_progress(), 0.0) / 100)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
