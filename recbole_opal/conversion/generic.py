"""Any tables with a column of users, one of items and one of times, as the flags name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from recbole_opal.conversion.arguments import FLAGS, ConvertRequest
from recbole_opal.conversion.columns import Column, fields_to_name, parse_columns
from recbole_opal.conversion.label import parse_label
from recbole_opal.conversion.source import Items, Part, Source
from recbole_opal.conversion.times import Clock
from recbole_opal.conversion.where import parse_where
from recbole_opal.conversion.written_dates import check_format
from recbole_opal.errors import DataError, SettingsError
from recbole_opal.settings.flags import refuse_unknown, truth
from recbole_opal.settings.paths import home_path
from recbole_opal.suggest import did_you_mean
from recbole_opal.tables import Table, TextFormat, open_table
from recbole_opal.tables.header_advice import columns_to_name

__all__ = ["generic_source", "naming_columns"]

_NAMED_SEPARATORS = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";"}
_BY_ORDER = (
    "times: the numbers of the rows, which stand in the order of their times; only the order counts"
)


def generic_source(request: ConvertRequest) -> Source:
    """Return the log that the flags name; nothing but the headers is read yet.

    Args:
        request: with at least one of `--user`, `--item`, `--time`, `--order`.

    Raises:
        SettingsError: a flag is unknown, missing or malformed.
        DataError: a table is missing, or lacks a column.
    """
    flags = request.flags
    refuse_unknown(flags, FLAGS, "convert")
    form = _text_format(flags)
    _check_flags(request, form)
    list_separator = _separator(flags.get("list_separator", ","))
    keep, fields = (
        parse_columns(flags[name], name) if name in flags else () for name in ("keep", "fields")
    )
    label = parse_label(flags["label"]) if "label" in flags else None
    items, clock = None, None
    if request.item_file is not None:
        items = _items(open_table(request.item_file, form), flags, fields, list_separator)
    if "time" in flags:
        clock = Clock(flags["time"], flags.get("time_unit"), form=flags.get("time_format"))
    last = [home_path(flags[name]) for name in ("valid", "test") if name in flags]
    tables = [open_table(file, form) for file in (*request.sources, *last)]
    where = parse_where(flags["where"], tables[0].names) if "where" in flags else None
    further = [column.name for column in keep]
    further += [name for one in (label, where) if one for name in one.columns]
    return Source(
        tuple(_part(table, flags, further) for table in tables),
        clock,
        () if label is None else (label,),
        where,
        keep,
        list_separator,
        items,
        (*[0] * len(request.sources), 1, 2) if last else None,
        no_time=f"no time in {flags.get('time')}",
        time_unit=_unit(clock),
        notes=(_BY_ORDER,) if clock is None else (),
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


def _check_flags(request: ConvertRequest, form: TextFormat) -> None:
    """Refuse flags that are missing, or say a thing twice."""
    flags = request.flags
    for name in ("rule", "layout"):
        if name in flags:
            raise SettingsError(
                f"--{name} is for known public data sets; leave it away, or --user, --item and "
                "--time."
            )
    _check_times(flags)
    for name in ("user", "item", *(() if "order" in flags else ("time",))):
        if name not in flags:
            raise SettingsError(f"--{name} is missing; {naming_columns(request.sources[0], form)}")
    if request.item_file is None and {"fields", "item_key"} & set(flags):
        raise SettingsError("--fields and --item_key need the table of the items; add --item_file.")
    if request.item_file is not None and "fields" not in flags:
        names = open_table(request.item_file, form).names
        example = fields_to_name(names, flags.get("item_key", flags["item"]))
        raise SettingsError(f"--item_file needs --fields; write for example {example}.")
    if ("valid" in flags) != ("test" in flags):
        raise SettingsError("--valid and --test go together; add the other, or leave it away.")
    roles = [flags[name] for name in ("user", "item", "time") if name in flags]
    twice = next((name for name in roles if roles.count(name) > 1), None)
    if twice is not None:
        raise SettingsError(
            f"{twice} is named as two of --user, --item and --time; "
            f"{naming_columns(request.sources[0], form)}"
        )


def _check_times(flags: Mapping[str, str]) -> None:
    if (order := flags.get("order", "file")) != "file":
        raise SettingsError(
            f"--order={order} is not known; write --order=file, or --time=COLUMN in its place."
        )
    given = [name for name in ("time", "time_unit", "time_format") if name in flags]
    if "order" in flags and given:
        raise SettingsError(
            f"--order=file and --{given[0]} name the times twice; leave --{given[0]} away, or the "
            "other."
        )
    if len(given) == 3:
        raise SettingsError(
            "--time_unit and --time_format say twice how times are written; leave one away."
        )
    if "time_format" in flags:
        check_format(flags["time_format"])


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


def _part(table: Table, flags: Mapping[str, str], further: Sequence[str]) -> Part:
    roles = [flags[name] for name in ("user", "item", "time") if name in flags]
    wanted = list(dict.fromkeys([*roles, *further]))
    cells = {name: table.cell(name, wanted) for name in wanted}
    user, item, *time = (cells[name] for name in roles)
    _refuse_lists(table, roles[:2])
    named = {name: cells[name] for name in further}
    return Part(table, item, user, time[0] if time else "''", named, header=cells)


def _unit(clock: Clock | None) -> Literal["order", "number", "seconds"] | None:
    """Return the unit that runs must be told, since the numbers alone may tell another one."""
    if clock is None:
        return "order"
    if clock.unit == "number":
        return "number"
    return "seconds" if clock.form else None


def _items(
    table: Table, flags: Mapping[str, str], fields: tuple[Column, ...], list_separator: str
) -> Items:
    names, key = list(table.names), flags.get("item_key", flags["item"])
    for flag, name in [("item_key", key), *(("fields", one.name) for one in fields)]:
        if name not in names:
            hint = did_you_mean(name, names) or f"; choose from {', '.join(names[:20])}."
            raise DataError(f"--{flag}: {table.origin} has no column {name}{hint}")
    _refuse_lists(table, [key])
    further = {one.name: table.cell(one.name) for one in fields}
    return Items((Part(table, table.cell(key), further=further),), fields, list_separator)


def _refuse_lists(table: Table, ids: Sequence[str]) -> None:
    for name in ids:
        if name in table.lists():
            raise DataError(
                f"{table.origin}: {name} holds lists, and an id is one value; write a row for each "
                "of its elements."
            )
