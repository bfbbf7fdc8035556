"""The figures of a data set, as tables on the screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from recbole_opal.console.shown_times import plain_title, shown_times
from recbole_opal.description.figures import LogStatistics
from recbole_opal.description.read_items import FieldCover

__all__ = ["describe_tables"]

_NAMES = {0.0: "min", 0.5: "median", 1.0: "max"}


def describe_tables(
    name: str,
    figures: LogStatistics,
    dropped: Counter[str],
    fields: Sequence[FieldCover] = (),
    *,
    dated: bool = True,
) -> list[Table]:
    """Return the tables: sizes and times, spread of the counts, fields of the items.

    Args:
        name: of the data set.
        figures: of its log.
        dropped: what was left out when it was read, and how many rows.
        fields: of the item table.
        dated: whether the times are seconds since 1970, and no numbers that only tell an order.
    """
    tables = [_sizes(name, figures, dropped, dated), _spreads(figures)]
    return [*tables, _fields(fields, figures.items)] if fields else tables


def _sizes(name: str, figures: LogStatistics, dropped: Counter[str], dated: bool) -> Table:
    table = Table(title=plain_title(name), show_header=False)
    table.add_column("what")
    table.add_column("how many", justify="right")
    for reason, count in dropped.most_common():
        table.add_row(Text(f"left out: {reason}"), f"{count:,}")
    table.add_row("interactions", f"{figures.rows:,}")
    table.add_row("users", f"{figures.users:,}")
    table.add_row("  with fewer than 3 interactions", _part(figures.short_histories, figures.users))
    table.add_row("items", f"{figures.items:,}")
    table.add_row("density", f"{figures.density:.4%}")
    table.add_row("repeats (user and item met before)", _part(figures.repeats, figures.rows))
    table.add_row(
        "  at the same time too (exact duplicates)", _part(figures.duplicates, figures.rows)
    )
    table.add_row("interactions with the top 10% of items", f"{figures.top_share:.1%}")
    table.add_row("Gini index of popularity", f"{figures.gini:.3f}")
    table.add_section()
    for what, shown in shown_times(figures.first, figures.last, dated=dated):
        table.add_row(what, shown)
    table.add_row("ties in time within a user", _part(figures.ties, figures.rows))
    table.add_row("  users who have some", _part(figures.tied_users, figures.users))
    return table


def _spreads(figures: LogStatistics) -> Table:
    table = Table(title="interactions")
    table.add_column("")
    for share in figures.history.quantiles:
        table.add_column(_NAMES.get(share, f"{share:.0%}"), justify="right")
    table.add_column("mean", justify="right")
    for label, spread in (("a user", figures.history), ("an item", figures.popularity)):
        counts = (f"{count:,}" for count in spread.quantiles.values())
        table.add_row(label, *counts, f"{spread.mean:,.1f}")
    return table


def _fields(fields: Sequence[FieldCover], items: int) -> Table:
    table = Table(title="fields of the items")
    table.add_column("field")
    table.add_column("items that have it", justify="right")
    table.add_column("distinct values", justify="right")
    for field in fields:
        table.add_row(Text(field.name), _part(field.filled, items), f"{field.values:,}")
    return table


def _part(count: int, whole: int) -> str:
    return f"{count:,} ({count / whole:.1%})"
