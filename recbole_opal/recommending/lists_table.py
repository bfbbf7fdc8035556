"""The lists of a few users as a table to read."""

from __future__ import annotations

from rich.table import Table

from recbole_opal.serving.lists import Lists

__all__ = ["lists_table"]

_SHOWN = 10


def lists_table(lists: Lists) -> Table:
    """Return the lists of several users, a row a user; of one user a row an item."""
    return _of_one(lists) if len(lists.users) == 1 else _of_several(lists)


def _of_one(lists: Lists) -> Table:
    table = Table(title=_plain(lists.users[0]), caption=_note(lists, 0))
    table.add_column("rank", justify="right")
    table.add_column("item")
    table.add_column("score", justify="right")
    table.add_column("interest", justify="right")
    parts = (lists.ids[0].tolist(), lists.scores[0].tolist(), lists.interests[0].tolist())
    for rank, (number, score, interest) in enumerate(zip(*parts, strict=True), 1):
        if number:
            won = "" if interest < 0 else str(interest)
            table.add_row(str(rank), _plain(lists.tokens[number]), f"{score:.4f}", won)
    return table


def _of_several(lists: Lists) -> Table:
    caption = f"the first {_SHOWN} items each" if lists.ids[:, _SHOWN:].any() else None
    table = Table(title="recommended items, best first", caption=caption)
    table.add_column("user")
    table.add_column("items", overflow="fold")
    table.add_column("by")
    for row, ids in enumerate(lists.ids[:, :_SHOWN].tolist()):
        items = ", ".join(_plain(lists.tokens[number]) for number in ids if number)
        table.add_row(_plain(lists.users[row]), items, _note(lists, row) or "interests")
    return table


def _note(lists: Lists, row: int) -> str | None:
    return "popularity" if lists.by_popularity[row] else None


def _plain(name: object) -> str:
    # What rich would read as its markup stays text.
    return str(name).replace("[", r"\[")
