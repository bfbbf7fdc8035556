"""The command line of `convert`: sources, and flags with or without `=`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import Any

from recbole_opal.conversion.generic import GenericTable
from recbole_opal.conversion.header_advice import columns_to_name, fields_to_name
from recbole_opal.conversion.label import parse_label
from recbole_opal.conversion.source import parse_columns
from recbole_opal.conversion.tables import open_table
from recbole_opal.conversion.text_file import TextFormat
from recbole_opal.conversion.written_dates import check_format
from recbole_opal.errors import SettingsError
from recbole_opal.process.program import command
from recbole_opal.settings.flags import refuse_unknown, truth
from recbole_opal.settings.grammar import read_arguments
from recbole_opal.settings.paths import home_path
from recbole_opal.sql import MEMORY

__all__ = [
    *("FLAGS", "ConvertRequest", "generic_table", "naming_columns", "parse_convert", "request_of"),
]

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
_NAMED_SEPARATORS = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";"}


@dataclass(frozen=True)
class ConvertRequest:
    """What was asked for.

    Attributes:
        sources: files or folders, or data frames.
        out: the folder of the data set.
        flags: the texts of all flags.
        overwrite: whether an older data set may be replaced.
        drop_duplicates: whether of the rows with the same user, item and time one is kept.
        item_file: the table of the items, a file or a data frame, or None.
    """

    sources: tuple[Any, ...]
    out: Path
    flags: Mapping[str, str]
    overwrite: bool
    drop_duplicates: bool = False
    item_file: Any = None

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
    paths: list[Path] = []
    for source in sources:
        if "=" in source and not Path(source).exists():
            raise SettingsError(f"'{source}' is no file; write --{source.lstrip('-')} for a flag.")
        paths += _matching(source)
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
    overwrite = truth(flags, "overwrite", False)
    drop_duplicates = truth(flags, "drop_duplicates", False)
    if "item_file" in flags:
        item_file = home_path(flags["item_file"])
    out = home_path(flags["out"])
    return ConvertRequest(sources, out, flags, overwrite, drop_duplicates, item_file)


def generic_table(request: ConvertRequest) -> GenericTable:
    """Return the tables and columns that the flags name.

    Args:
        request: with at least one of `--user`, `--item`, `--time`, `--order`.

    Raises:
        SettingsError: a flag is unknown, missing or malformed.
        DataError: the item table cannot be read.
    """
    flags = request.flags
    refuse_unknown(flags, FLAGS, "convert")
    for name in ("rule", "layout"):
        if name in flags:
            raise SettingsError(
                f"--{name} is for known public data sets; leave it away, or --user, --item and "
                "--time."
            )
    form = _text_format(flags)
    _check_times(flags)
    for name in ("user", "item", *(() if "order" in flags else ("time",))):
        if name not in flags:
            raise SettingsError(f"--{name} is missing; {naming_columns(request.sources[0], form)}")
    _check_items(request, form)
    if ("valid" in flags) != ("test" in flags):
        raise SettingsError("--valid and --test go together; add the other, or leave it away.")
    roles = [flags[name] for name in ("user", "item", "time") if name in flags]
    twice = next((name for name in roles if roles.count(name) > 1), None)
    if twice is not None:
        raise SettingsError(
            f"{twice} is named as two of --user, --item and --time; "
            f"{naming_columns(request.sources[0], form)}"
        )
    return GenericTable(
        files=request.sources,
        user=flags["user"],
        item=flags["item"],
        time=flags.get("time"),
        label=parse_label(flags["label"]) if "label" in flags else (),
        label_text=flags.get("label", ""),
        where=flags.get("where"),
        time_unit=flags.get("time_unit"),
        time_format=flags.get("time_format"),
        valid=home_path(flags["valid"]) if "valid" in flags else None,
        test=home_path(flags["test"]) if "test" in flags else None,
        keep=parse_columns(flags["keep"], "keep") if "keep" in flags else (),
        form=form,
        list_separator=_separator(flags.get("list_separator", ",")),
        item_file=request.item_file,
        item_fields=parse_columns(flags["fields"], "fields") if "fields" in flags else (),
        item_column=flags.get("item_key", flags["item"]),
    )


def naming_columns(source: Any, form: TextFormat) -> str:
    """Return what to write so that the columns of a table are known, as the end of an error.

    Raises:
        DataError: it cannot be read.
    """
    if isinstance(source, Path) and source.is_dir():
        return "name the file with the log, and its columns with --user=, --item= and --time=."
    table = open_table(source, form)
    return columns_to_name(table.origin, table.names)


def _matching(source: str) -> list[Path]:
    """Return the files that a pattern as `logs/*.csv` matches, in the order of their names."""
    path = home_path(source)
    if not has_magic(source) or path.exists():
        return [path]
    found = sorted(map(Path, glob(str(path), recursive=True)))  # noqa: PTH207, may be absolute
    if not found:
        raise SettingsError(f"no file matches {source}; check the path.")
    return found


def _check_items(request: ConvertRequest, form: TextFormat) -> None:
    flags, table = request.flags, request.item_file
    if table is None and {"fields", "item_key"} & set(flags):
        raise SettingsError("--fields and --item_key need the table of the items; add --item_file.")
    if table is not None and "fields" not in flags:
        names = open_table(table, form).names
        raise SettingsError(
            "--item_file needs --fields; write for example "
            f"{fields_to_name(names, flags.get('item_key', flags['item']))}."
        )


def _check_times(flags: Mapping[str, str]) -> None:
    order = flags.get("order", "file")
    if order != "file":
        raise SettingsError(
            f"--order={order} is not known; write --order=file, or --time=COLUMN in its place."
        )
    given = [name for name in ("time", "time_unit", "time_format") if name in flags]
    if "order" in flags and given:
        raise SettingsError(
            f"--order=file and --{given[0]} name the times twice; leave --{given[0]} away, or the "
            "other."
        )
    if given == ["time", "time_unit", "time_format"]:
        raise SettingsError(
            "--time_unit and --time_format say twice how times are written; leave one away."
        )
    check_format(flags.get("time_format"))


def _text_format(flags: Mapping[str, str]) -> TextFormat:
    names = tuple(name.strip() for name in flags["names"].split(",")) if "names" in flags else None
    if names is not None and len(set(names)) < len(names):
        raise SettingsError(f"--names={flags['names']} names a column twice; rename one.")
    return TextFormat(
        separator=_separator(flags["separator"]) if "separator" in flags else None,
        encoding=flags.get("encoding", "utf-8-sig"),
        names=names,
        quoted=truth(flags, "quoted", True),
    )


def _separator(text: str) -> str:
    separator = _NAMED_SEPARATORS.get(text.lower(), text)
    if not 1 <= len(separator.encode()) <= 4 or set(separator) & set('"\r\n'):
        raise SettingsError(
            f"'{text}' is no separator; give one to four characters, or tab, space, comma, "
            "semicolon."
        )
    return separator
