"""Atomic files to tables: one fast pass in which every mistake is found, with file and line."""

from recbole_opal.data.reading.header import Column, read_header, require_columns
from recbole_opal.data.reading.seconds import as_seconds, interval_in_seconds, refuse_ticks
from recbole_opal.data.reading.table import TableFormat, line_of_row, read_table
from recbole_opal.data.reading.values import Roles

__all__ = [
    "Column",
    "Roles",
    "TableFormat",
    "as_seconds",
    "interval_in_seconds",
    "line_of_row",
    "read_header",
    "read_table",
    "refuse_ticks",
    "require_columns",
]
