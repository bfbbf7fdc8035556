"""Atomic files to tables: one fast pass in which every mistake is found.

Whatever is wrong is a `DataError`, which names file and line and what to do.
"""

from recbole_opal.data.atomic_files.fields import Roles
from recbole_opal.data.atomic_files.header import Column, read_header, require_columns
from recbole_opal.data.atomic_files.reader import (
    TableFormat,
    column_in_seconds,
    read_blocks,
    read_table,
)

__all__ = [
    "Column",
    "Roles",
    "TableFormat",
    "column_in_seconds",
    "read_blocks",
    "read_header",
    "read_table",
    "require_columns",
]
