"""What `convert` says at its end."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table
from rich.text import Text

from recbole_opal.console.shown_times import plain_title, shown_times
from recbole_opal.conversion.write import Written
from recbole_opal.errors import SettingsError
from recbole_opal.settings.values import load_settings_file

__all__ = ["summary_table", "warnings_of"]


def summary_table(written: Written) -> Table:
    """Return what has been kept and what has been left out, and why.

    Args:
        written: what `write_dataset` returned.
    """
    title = plain_title(f"{written.folder.name}: what was converted")
    table = Table(title=title, show_header=False)
    table.add_column("what")
    table.add_column("how many", justify="right")
    tally = written.tally
    table.add_row("rows read", f"{tally.rows:,}")
    for reason, count in tally.dropped.most_common():
        table.add_row(Text(f"  left out: {reason}"), f"{count:,}")
    table.add_section()
    table.add_row("interactions", f"{written.rows:,}")
    if written.duplicates:
        table.add_row("  exact duplicates among them", f"{written.duplicates:,}")
    table.add_row("users", f"{written.users:,}")
    table.add_row("items", f"{written.items:,}")
    if written.order_only:
        table.add_row("times", "the order of the file")
    else:
        for what, shown in shown_times(written.first, written.last, dated=written.dated):
            table.add_row(what, shown)
    if written.described is not None:
        table.add_section()
        table.add_row("items with a row in the item table", f"{written.described:,}")
        table.add_row("items without", f"{written.items - written.described:,}")
        table.add_row("  left out: items nobody interacted with", f"{written.unmet:,}")
    return table


def warnings_of(written: Written) -> list[str]:
    """Return what may make results wrong, one line each.

    Args:
        written: what `write_dataset` returned.
    """
    found = []
    if written.duplicates:
        found.append(
            f"{written.duplicates:,} interactions are exact duplicates, with the user, item and "
            "time of an earlier one; under leave-one-out they put the answer into the history; to "
            "keep the first of each, convert again with --drop_duplicates=True --overwrite=True"
        )
    unit, kept = written.time_unit, written.kept
    if unit is not None and kept is not None and not _says(kept, unit):
        meaning = {"order": "an order alone", "number": "numbers to be taken as they are"}
        found.append(
            f"{kept} does not say that the times are {meaning.get(unit, unit)}; add the line "
            f"'time_unit: {unit}'"
        )
    return found


def _says(settings: Path, unit: str) -> bool:
    try:
        return load_settings_file(settings).get("time_unit") == unit
    except SettingsError:
        return False  # every run will tell what is wrong with the file
