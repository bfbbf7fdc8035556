"""The console that tables are printed on, and their plain form."""

import shutil
import sys
from collections.abc import Sequence

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

__all__ = ["plain_table", "screen"]

_WIDE = 200


def screen() -> Console:
    """Return a console as wide as the terminal; in a pipe or a file, wide enough for any table."""
    asked = shutil.get_terminal_size((0, 0)).columns  # COLUMNS, where the user has set it
    return Console(width=None if sys.stdout.isatty() else asked or _WIDE)


def plain_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Group:
    """Return a title and a table of texts whose first column names the row."""
    table = Table(box=None, pad_edge=False)
    for number, name in enumerate(header):
        table.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return Group(Text(), Text(title, style="italic"), table)
