"""The log of a data set in DuckDB, without the rows that no run would take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from recbole_opal.data.atomic_files import (
    Column,
    Roles,
    column_in_seconds,
    read_blocks,
    read_header,
)
from recbole_opal.data.atomic_files.fields import LONGEST_TOKEN, PADDING
from recbole_opal.data.atomic_files.time_units import (
    EARLIEST,
    EXACT_BELOW,
    LATEST,
    UNITLESS,
    read_note,
)
from recbole_opal.description.atomic_sql import AtomicForm, refuse_by_reader, stage
from recbole_opal.errors import DataError
from recbole_opal.sql import Engine, literal

__all__ = ["LogRead", "read_log"]


@dataclass(frozen=True)
class LogRead:
    """What became of a log beside its rows.

    Attributes:
        dropped: reason -> rows left out for it; a row counts once, for its first reason.
        note: in which unit the times were read.
        dated: False where the times are no seconds since 1970, but only tell an order.
    """

    dropped: Counter[str]
    note: str
    dated: bool


def read_log(
    engine: Engine,
    path: Path,
    form: AtomicForm,
    advance: Callable[[float], None] | None = None,
) -> LogRead:
    """Read an `.inter` file into a table `log` of the engine: `u`, `i` and, in seconds, `t`.

    Raises:
        DataError: the file is missing, malformed, without a field, or holds no row that a run would
            take, or its times are of several units.
    """
    user, item, time = form.fields
    roles = Roles([user, item], [time])
    columns = read_header(path, form.separator, form.encoding)
    cells = {one.name: f"c{place}" for place, one in enumerate(columns)}
    number = f"number({cells[time]})"
    reasons = [
        *_of_an_id(cells[user], "user"),
        *_of_an_id(cells[item], "item"),
        (f"{number} IS NULL", "no finite time"),
        (f"{number} < 0", "negative time"),
        (
            f"{number} > {EXACT_BELOW} AND NOT ({number} >= {EARLIEST * 1e9} AND {number} < "
            f"{LATEST * 1e9})",
            "time too large to be exact",
        ),
    ]
    whens = " ".join(f"WHEN {when} THEN {place}" for place, (when, _) in enumerate(reasons))
    select = {
        "u": cells[user],
        "i": cells[item],
        "t": f"{number} + 0.0",  # 0.0 and -0.0 are one time
        "reason": f"CASE {whens} END",
    }
    stage(engine, "rows", path, form, columns, select, roles, advance)
    found = engine.rows("SELECT reason, count(*) FROM rows GROUP BY reason ORDER BY reason")
    dropped = Counter({reasons[reason][1]: rows for reason, rows in found if reason is not None})
    numbers = engine.column("SELECT t FROM rows WHERE reason IS NULL")
    if not len(numbers):
        raise _nothing_left(path, form, roles, columns, dropped)
    again = read_blocks(path, form.table, roles=roles, leave_out=lambda column, fault, rows: None)
    seconds, unit = column_in_seconds(numbers, form.time_unit, time, path, again)
    kept = "SELECT u, i, t FROM rows WHERE reason IS NULL"
    if seconds is not numbers:
        engine.register("moments", {"second": seconds})
        kept = f"SELECT u, i, second AS t FROM ({kept}) POSITIONAL JOIN moments"
    engine.run(f"CREATE TABLE log AS {kept}; DROP TABLE rows")
    note = read_note(time, unit, given=form.time_unit is not None)
    return LogRead(dropped, note, unit not in UNITLESS)


def _of_an_id(cell: str, role: str) -> list[tuple[str, str]]:
    """Return what an id may not be, in SQL, and what is said of such a row."""
    return [
        (f"{cell} = ''", f"no {role}"),
        (f"length({cell}) > {LONGEST_TOKEN}", f"{role} is longer than {LONGEST_TOKEN} characters"),
        (f"{cell} = {literal(PADDING)}", f"{role} is {PADDING}, which means none"),
    ]


def _nothing_left(
    path: Path, form: AtomicForm, roles: Roles, columns: Sequence[Column], dropped: Counter[str]
) -> DataError:
    """Say why no row is left, and what to do."""
    if not dropped:
        fix = "write one row a line below its header, or convert the log again"
        return DataError(f"{path} holds no interaction; {fix}.")
    why = ", ".join(f"{reason}: {count:,} rows" for reason, count in dropped.items())
    try:
        refuse_by_reader(path, form, roles)
        fix = "correct them."
    except DataError as error:
        fix = str(error)
    return DataError(f"{path} holds no interaction that a run would take ({why}): {fix}")
