"""The command `verify`: are the figures of the results pages what comes out today?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table
from rich.text import Text

from recbole_opal.console.durations import duration
from recbole_opal.console.screen import screen
from recbole_opal.errors import DataError, OpalError, SettingsError
from recbole_opal.process.program import command
from recbole_opal.process.shell import answer
from recbole_opal.settings.flags import refuse_unknown, truth
from recbole_opal.settings.grammar import read_arguments
from recbole_opal.settings.paths import checked_path
from recbole_opal.verification.figure import Figure
from recbole_opal.verification.making import made_again, why_not
from recbole_opal.verification.pages import figure_in, pages_in

__all__ = ["main"]

_FLAGS = {
    "only": "names of pages, as ml-100k,planted; default: all",
    "list": "True: say what would be made, and make nothing",
    "data_path": "folder that holds one folder a data set; default: dataset",
}
_HEADER = ["page", "figure", "stated", "interval", "measured", "seconds", "verdict"]
_GOOD, _BAD = "within", ("OUTSIDE", "failed", "none")


@dataclass(frozen=True)
class _Checked:
    page: str
    figure: Figure | None
    verdict: str
    measured: str = ""
    seconds: str = ""

    @property
    def cells(self) -> list[str]:
        if self.figure is None:
            return [self.page, *[""] * 5, self.verdict]
        low, high = map(_number, self.figure.interval)
        told = [self.page, self.figure.figure, _number(self.figure.stated), f"[{low}, {high}]"]
        return [*told, self.measured, self.seconds, self.verdict]


def main(argv: Sequence[str]) -> int:
    """Make one cheap figure of each page again; 0 if all are as stated, 1 if one is not.

    Args:
        argv: the folder of the pages, or a page, and flags.

    Returns:
        0; 1 where a figure falls outside its interval, fails, is missing, or none could be made; 2
        after an error, which is one line on standard error.
    """
    return answer(argv, _help, lambda: _verify(argv))


def _verify(argv: Sequence[str]) -> int:
    words, flags = read_arguments(argv, ("list",))
    refuse_unknown(flags, _FLAGS, "verify")
    if len(words) != 1:
        told = f"{len(words)} places are named" if words else "no folder is named"
        raise SettingsError(f"{told}; {_usage()}.")
    place = checked_path(words[0], "PAGES")
    if not place.exists():
        raise DataError(f"there is nothing at {place}; {_usage()}.")
    only = [name.strip() for name in flags.get("only", "").split(",") if name.strip()]
    data_path = checked_path(flags.get("data_path", "dataset"), "data_path")
    # All blocks are read first: a slip in the last one is told before anything is made.
    figures = [(page, figure_in(page)) for page in pages_in(place, only)]
    made = not truth(flags, "list", False)
    found = [_checked(page, figure, data_path, made=made) for page, figure in figures]
    screen().print(_table([each.cells for each in found]))
    if not made:
        return 0
    good = sum(each.verdict == _GOOD for each in found)
    skipped = sum(each.verdict.startswith("skipped") for each in found)
    print(f"{good} of {len(found)} figures are within their intervals, {skipped} skipped")
    return int(not good or any(each.verdict.startswith(_BAD) for each in found))


def _checked(page: Path, figure: Figure | None, data_path: Path, *, made: bool) -> _Checked:
    """Make the figure of a page, unless it is only to be listed, and judge it."""
    if figure is None:
        return _Checked(page.stem, None, "none stated: the page has no block `yaml verify`")
    lack = why_not(figure, page, data_path)
    if lack:
        return _Checked(page.stem, figure, f"skipped: {lack}")
    about = duration(figure.seconds)
    if not made:
        return _Checked(page.stem, figure, "", seconds=f"about {about}")
    print(f"{page.stem}: {figure.figure}, about {about}", file=sys.stderr, flush=True)
    try:
        again = made_again(figure, page, data_path)
        verdict = _GOOD if figure.holds(again.value) else "OUTSIDE"
        value, seconds = _number(again.value), f"{again.seconds:.0f}"
    except OpalError as error:
        verdict, value, seconds = f"failed: {error}", "", ""
    # At once: whoever stops it knows what is known.
    print(f"{page.stem}: {value} {verdict}", file=sys.stderr, flush=True)
    return _Checked(page.stem, figure, verdict, value, seconds)


def _table(rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in _HEADER:
        right = name in ("stated", "interval", "measured", "seconds")
        table.add_column(name, justify="right" if right else "left", no_wrap=right, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4f}"


def _usage() -> str:
    return f"usage: {command(name='verify')} results/ [--only=PAGE] [--list] [--data_path=FOLDER]"


def _help() -> str:
    lines = [f"  --{name}: {meaning}" for name, meaning in _FLAGS.items()]
    text = (
        "Make one cheap figure of each results page again, in a temporary folder, and say whether "
        "it\nfalls within the interval that the page states. A page states its figure in a block "
        "```yaml verify."
    )
    return "\n".join([_usage(), "", text, "", *lines])
