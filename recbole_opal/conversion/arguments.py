"""The command line of `convert`: sources, and flags with or without `=`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.process.program import command
from recbole_opal.settings.flags import truth
from recbole_opal.settings.grammar import read_arguments
from recbole_opal.settings.paths import home_path
from recbole_opal.sql import MEMORY

__all__ = ["FLAGS", "ConvertRequest", "parse_convert", "request_of"]

FLAGS = {
    "out": "dataset/NAME, the folder of the data set to write",
    "user": "column of the users",
    "item": "column of the items",
    "time": "column of the times",
    "order": "file, in the place of --time: the rows stand in the order of their times, and the "
    "number of a row becomes its time",
    "valid": "file with the validation part of a log that comes in parts; SOURCE is then its "
    "training part, and every run divides the log as its files do",
    "test": "file with its test part",
    "label": "which rows are positive, for example 'long_view==1 and play_ms>=7000' or "
    "'event in (cart, purchase)'; and, or, in, not in and brackets; default: all",
    "where": "which rows are positive, in SQL over the columns, for example "
    "'play_ms >= duration_ms'",
    "time_unit": "seconds, milliseconds, microseconds, nanoseconds, date, datetime, iso, "
    "iso_zone or number; default: recognised",
    "time_format": "of dates in another form, with Python's signs, as %d/%m/%Y or "
    "'%d.%m.%Y %H:%M:%S'",
    "drop_duplicates": "True: of rows with the same user, item and time only the first is kept",
    "keep": "further columns of the log with RecBole's types, for example tab:token,play_ms:float",
    "item_file": "table of the items",
    "item_key": "its column of the items; default: that of --item",
    "fields": "its columns to take with RecBole's types, for example tag:token_seq,duration:float, "
    "or title:text, its words",
    "list_separator": "between the elements of a _seq column; default: a comma",
    "separator": "between two columns of a text file, as '::'; default: recognised in its header",
    "encoding": "of a text file; default: UTF-8",
    "names": "the columns, where a text file has no header, for example user,item,time",
    "quoted": "False reads quotes as ordinary characters",
    "layout": "name of a known public data set; default: recognised",
    "rule": "which rows of a known public data set are positive; see what is printed",
    "memory": f"how much of it may be used before data waits on the disk; default: {MEMORY}",
    "overwrite": "True, or nothing behind it, replaces the data set that --out holds",
}
_SWITCHES = ("overwrite", "quoted", "drop_duplicates")  # True where no value is given


@dataclass(frozen=True)
class ConvertRequest:
    """What was asked for."""

    sources: tuple[Any, ...]  # files or folders, or data frames
    out: Path  # the folder of the data set
    flags: Mapping[str, str]  # the texts of all
    overwrite: bool  # whether an older data set may be replaced
    drop_duplicates: bool = False
    item_file: Any = None  # or a data frame

    @property
    def is_generic(self) -> bool:
        """Whether the columns are named, so that no public layout is looked for."""
        return bool({"user", "item", "time", "order"} & set(self.flags))


def parse_convert(argv: Sequence[str]) -> ConvertRequest:
    """Read the arguments behind `convert`.

    Args:
        argv: sources and flags; a flag is `--key=value` or `--key value`, and `-` in its name is
            the same as `_`.

    Raises:
        SettingsError: no source, no `--out`, or a malformed flag.
    """
    sources, flags = read_arguments(argv, _SWITCHES)
    for name, text in flags.items():
        if not text:
            raise SettingsError(f"--{name} is empty; write --{name}=VALUE.")
    if not sources:
        raise SettingsError(
            f"no SOURCE is named; write for example {command(name='convert')} log.csv "
            "--out=dataset/NAME --user=user_id --item=video_id --time=timestamp."
        )
    for source in sources:
        if "=" in source and not Path(source).exists():
            raise SettingsError(f"'{source}' is no file; write --{source.lstrip('-')} for a flag.")
    paths = [path for source in sources for path in _matching(source)]
    if "out" not in flags:
        name = Path(sources[0]).name.partition(".")[0] or "NAME"
        raise SettingsError(f"--out is missing; write for example --out=dataset/{name}.")
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice is not None:
        raise SettingsError(f"the SOURCE {twice} is named twice; name it once.")
    return request_of(tuple(paths), flags)


def request_of(
    sources: tuple[Any, ...], flags: Mapping[str, str], item_file: Any = None
) -> ConvertRequest:
    """Return the request of sources and flags, `out` among them.

    Raises:
        SettingsError: a switch is neither True nor False.
    """
    overwrite, drop = (truth(flags, name, False) for name in ("overwrite", "drop_duplicates"))
    if "item_file" in flags:
        item_file = home_path(flags["item_file"])
    return ConvertRequest(sources, home_path(flags["out"]), flags, overwrite, drop, item_file)


def _matching(source: str) -> list[Path]:
    """Return the files that a pattern as `logs/*.csv` matches, in the order of their names."""
    path = home_path(source)
    if not has_magic(source) or path.exists():
        return [path]
    found = sorted(map(Path, glob(str(path), recursive=True)))  # noqa: PTH207, may be absolute
    if not found:
        raise SettingsError(f"no file matches {source}; check the path.")
    return found
