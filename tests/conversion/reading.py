"""What the tests of `conversion` read with: tables, sources and times through an engine."""

import atexit
from contextlib import ExitStack
from functools import cache

import pandas as pd

from recbole_opal.conversion.source import Items, Part, Source
from recbole_opal.conversion.times import Clock
from recbole_opal.sql import opened_engine
from recbole_opal.tables import TextFormat, open_table


def read_rows(given, columns, form=TextFormat()):  # noqa: B008, frozen
    """Return (line or row, cells...) of each row of a table."""
    table = open_table(given, form)
    cells = {f"x{place}": table.cell(name, columns) for place, name in enumerate(columns)}
    with opened_engine() as engine:
        table.stage(engine, "found", cells)
        found = engine.rows("SELECT rowid, * FROM found ORDER BY rowid")
        places = [int(table.place(row).rpartition(" ")[2]) for row, *_ in found[:20]]
        places += [0] * (len(found) - len(places))
    return [(place, *cells) for place, (_, *cells) in zip(places, found, strict=True)]


def frame_source(rows, items=None, extra=(), fields=(), clock=None):
    """Return the source of rows (user, item, time, ...), and of rows (item, ...)."""
    table = open_table(frame(rows, 3 + len(extra)))
    further = {one.name: f"c{place}" for place, one in enumerate(extra, start=3)}
    known = None
    if items is not None:
        own = open_table(frame(items, 1 + len(fields)))
        named = {one.name: f"c{place}" for place, one in enumerate(fields, start=1)}
        known = Items((Part(own, "c0", further=named),), fields, " ")
    clock = clock or Clock("time", "number")
    return Source((Part(table, "c1", "c0", "c2", further),), clock, keep=extra, items=known)


def frame(rows, width):
    return pd.DataFrame(rows, columns=[f"n{place}" for place in range(width)])


def read_times(texts, unit=None, learnt=(), form=None, by_flag=True, notes=None):
    """Return the seconds of texts, NaN where there are none, and the clock that read them.

    Further texts may be there only to learn from, as the rows that a label leaves out.
    """
    clock = Clock("ts", unit, by_flag, form, [] if notes is None else notes)
    table = pd.DataFrame({"t": pd.array([*texts, *learnt], dtype="string")}).reset_index()
    engine = lasting_engine()
    engine.register("given", table)
    engine.run('CREATE OR REPLACE TABLE every AS SELECT "index" AS nr, t FROM given')

    def place(row):
        return f"log.csv, line {row}"

    clock.learn(engine, "every", place)
    engine.run(
        f"CREATE OR REPLACE VIEW timed AS SELECT *, {clock.seconds} AS seconds FROM (SELECT nr, t, "
        f"number(t) AS n FROM every WHERE nr < {len(texts)})"
    )
    clock.check(engine, "timed", place)
    found = engine.rows("SELECT seconds FROM timed ORDER BY nr")
    return [float("nan") if one is None else one for (one,) in found], clock


@cache
def lasting_engine():
    """Return one engine for all tests, since to open it takes longer than most of them."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(opened_engine())
