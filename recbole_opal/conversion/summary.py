"""What `convert` says at its end."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from rich.table import Table
from rich.text import Text

from recbole_opal.conversion.write import Written
from recbole_opal.errors import SettingsError
from recbole_opal.settings.values import load_settings_file

__all__ = ["moment", "plain_title", "summary_table", "warnings_of"]

_DAY = 86_400.0
_ENDLESS = 1e11  # seconds; beyond it the calendar of Python ends


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
    table.add_row("users", f"{len(written.users):,}")
    table.add_row("items", f"{len(written.items):,}")
    if written.order_only:
        table.add_row("times", "the order of the file")
    else:
        table.add_row("first", moment(written.first))
        table.add_row("last", moment(written.last))
        table.add_row("span", f"{(written.last - written.first) / _DAY:,.1f} days")
    if written.described is not None:
        table.add_section()
        table.add_row("items with a row in the item table", f"{written.described:,}")
        table.add_row("items without", f"{len(written.items) - written.described:,}")
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
    if written.order_only and written.kept is not None and not _says_order(written.kept):
        found.append(
            f"{written.kept} does not say that the times are an order alone; add the line "
            "'time_unit: order'"
        )
    return found


def _says_order(settings: Path) -> bool:
    try:
        return load_settings_file(settings).get("time_unit") == "order"
    except SettingsError:
        return False  # every run will tell what is wrong with the file


def moment(seconds: float) -> str:
    """Return a time as `2022-04-11 12:00:00 UTC`, or as a number where that makes no sense.

    Args:
        seconds: since 1970.
    """
    if not 0 <= seconds < _ENDLESS:
        return f"{seconds:g}"
    start = datetime(1970, 1, 1, tzinfo=timezone.utc)
    return f"{start + timedelta(seconds=int(seconds)):%Y-%m-%d %H:%M:%S} UTC"


def plain_title(text: str) -> Text:
    """Return the title of a table, in which square brackets are no markup.

    Args:
        text: with a name of the user's.
    """
    return Text(text, style="table.title")
