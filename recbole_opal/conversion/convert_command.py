"""The command `convert`: a raw log to a data set of RecBole."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from recbole_opal.conversion.arguments import FLAGS, ConvertRequest, parse_convert
from recbole_opal.conversion.generic import generic_source, naming_columns
from recbole_opal.conversion.source import Source
from recbole_opal.data.next_commands import describe_command, train_command
from recbole_opal.errors import SettingsError
from recbole_opal.process.program import command
from recbole_opal.process.shell import answer
from recbole_opal.tables import TextFormat

if TYPE_CHECKING:
    from recbole_opal.conversion.layouts.layout import Layout
    from recbole_opal.conversion.write import Written

__all__ = ["convert", "main"]

_USAGE = """\
usage: {program} SOURCE... --out=dataset/NAME --user=COLUMN --item=COLUMN
           --time=COLUMN|--order=file [--label='COLUMN==1 and ...'] [--key=value ...]
       {program} FOLDER --out=dataset/NAME [--rule=NAME]

Write a raw log as the atomic files of RecBole. A SOURCE is csv, tsv or other text with a separator
or records of json, both also packed by gzip or zstd, or parquet, and may be a pattern as
'logs/*.csv'; or the folder with the official files of a public data set that is known.
"""


def main(argv: Sequence[str]) -> int:
    """Run `convert`.

    Returns:
        0, or 2 after an error, which is one line on standard error.
    """
    return answer(argv, _help, lambda: _act(argv))


def _act(argv: Sequence[str]) -> None:
    convert(parse_convert(argv))


def convert(request: ConvertRequest, *, quiet: bool = False) -> Written:
    """Convert what was asked for, and say on standard output what has become of it.

    Args:
        request: what `parse_convert` returned.
        quiet: whether nothing is said.

    Raises:
        OpalError: the request or the data is malformed; nothing has been written.
    """
    # Imported only now, with DuckDB: a mistyped flag is told at once.
    from recbole_opal.console.reading_progress import ReadingProgress
    from recbole_opal.conversion.write import write_dataset
    from recbole_opal.data.target import check_target
    from recbole_opal.sql import MEMORY

    if request.is_generic:
        source, known_as = generic_source(request), ""
    else:
        layout = _layout(request)
        source, known_as = _official(layout, request, quiet=quiet), layout.name.lower()
    check_target(request.out, request.overwrite, known_as)
    with ReadingProgress() as progress:
        written = write_dataset(
            source,
            request.out,
            progress.advance,
            drop_duplicates=request.drop_duplicates,
            memory=request.flags.get("memory", MEMORY),
        )
    if not quiet:
        _tell(written)
    return written


def _tell(written: Written) -> None:
    from recbole_opal.conversion.summary import summary_table, warnings_of

    for note in written.tally.notes:
        print(note)
    Console().print(summary_table(written))
    for line in warnings_of(written):
        print(f"warning: {line}")
    folder = written.folder
    if written.categories is not None:
        settings = folder / f"{folder.name}.yaml"
        print(f"categories: {written.categories}, by {settings} (--category_field: another one)")
    if written.split is not None:
        print(f"protocol: {dict(written.split)}, which divides the log as its files do")
    if written.kept is not None:
        print(f"kept: {written.kept}, written by hand; every run on this data reads it")
    if written.removed:
        names = ", ".join(path.name for path in written.removed)
        print(f"removed: {names}, of the data set that was replaced")
    print(f"data set: {folder}")
    print(f"look at it: {describe_command(folder)}")
    print(f"train with: {train_command(folder)}")


def _official(found: Layout, request: ConvertRequest, *, quiet: bool) -> Source:
    """Return the log of a public data set whose official files are recognised."""
    rule = request.flags.get("rule", next(iter(found.rules)))
    own = ("out", "overwrite", "rule", "layout", "drop_duplicates", "memory")
    options = {name: text for name, text in request.flags.items() if name not in own}
    source = found.tables(request.sources[0], rule, options)
    if not quiet:
        print(f"recognised: {found.name}")
        others = ", ".join(name for name in found.rules if name != rule)
        print(
            f"positives: {rule}, {found.rules[rule].meaning}"
            + (f" (--rule: {others})" if others else "")
        )
        print(f"licence: {found.licence}")
        print(f"cite: {found.citation}")
    return source


def _layout(request: ConvertRequest) -> Layout:
    from recbole_opal.conversion.layouts import LAYOUTS, detect_layout, find_layout

    first = request.sources[0]
    if len(request.sources) > 1 or not isinstance(first, Path):
        which = "several sources" if len(request.sources) > 1 else "data frames"
        fix = naming_columns(first, TextFormat())
        raise SettingsError(f"{which} need the names of their columns; {fix}")
    if "layout" in request.flags:
        return find_layout(request.flags["layout"])
    looks_alike = any(one.detect(first) or one.near_misses(first) for one in LAYOUTS)
    if first.is_file() and not looks_alike:
        raise SettingsError(f"--user is missing; {naming_columns(first, TextFormat())}")
    return detect_layout(first)


def _help() -> str:
    lines = [_USAGE.format(program=command(name="convert"))]
    for name, meaning in FLAGS.items():
        text = f"--{name}: {meaning}"
        lines += textwrap.wrap(text, 98, initial_indent="  ", subsequent_indent=" " * 6)
    return "\n".join(lines)
