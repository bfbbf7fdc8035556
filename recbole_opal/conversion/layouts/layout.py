"""What a declaration of a public data set's official files says, and how it becomes a source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Formatter
from typing import Any

from recbole_opal.conversion.cells import raw
from recbole_opal.conversion.columns import Column
from recbole_opal.conversion.layouts.files import Files, stem
from recbole_opal.conversion.source import Filter, Items, Part, Source
from recbole_opal.conversion.times import Clock
from recbole_opal.data.atomic_files.header import is_number
from recbole_opal.errors import DataError, SettingsError
from recbole_opal.sql import literal
from recbole_opal.suggest import did_you_mean
from recbole_opal.tables import Table, TextFormat, open_table

__all__ = ["NAME", "TAGS", "Field", "ItemTable", "Layout", "Rule", "any_of"]

NAME = r"regexp_replace(stripped({}), '\s+', '_', 'g')"
"""SQL for a name as a single token: `Home_cooking`."""
TAGS = r"""trim(regexp_replace({}, '[\[\](),;''"\s]+', ' ', 'g'))"""
"""SQL for lists of tags: `[27, 9]`, `27,9` and `27;9` all become `27 9`."""

Options = Mapping[str, str]
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_SEQUENCES = TextFormat(separator="\t", names=("user", "items"), quoted=False)


@dataclass(frozen=True)
class Rule:
    """Which rows of a log are positive."""

    meaning: str  # one line for the user
    condition: str = "true"  # SQL; `{column}` is its number, `{limit}` the smallest watch ratio
    limit: float | None = None  # the usual one

    @property
    def columns(self) -> list[str]:
        """Those that the condition looks at."""
        named = [name for _, name, _, _ in Formatter().parse(self.condition) if name]
        return [name for name in dict.fromkeys(named) if name != "limit"]


@dataclass(frozen=True)
class Field:
    """A field of the items, and the SQL for what is taken of a cell `{}` of the source."""

    column: Column
    source: str
    taken: str = "{}"
    may_lack: bool = False  # then there is no such field


@dataclass(frozen=True)
class ItemTable:
    """A table of the items beside a log."""

    file: str  # a regular expression; empty: the log itself
    fields: tuple[Field, ...]
    key: str = "video_id"
    id: str = "{}"  # SQL for the id in a cell of the key
    rest: str = ""  # SQL behind the table, `{}` being the id
    needed: str = ""  # its name, where it may not be missing
    flag: str = ""  # of one that is read on request
    opened: Callable[[Path, list[str]], Table] = lambda path, notes: open_table(path)


@dataclass(frozen=True)
class Layout:
    """The official files of a data set."""

    name: str
    licence: str  # of its publisher, one line
    citation: str
    log_names: str  # a regular expression
    columns: tuple[str, ...]  # by which a log is told from another file of its name
    looks_for: str  # names and columns, for the user
    rules: Mapping[str, Rule]  # the first is the default
    roles: tuple[str, str, str] = ("user_id", "video_id", "time_ms")
    unit: str | None = None  # of the times; None: recognised
    flag: str = ""  # which chooses what logs are read
    logs: Mapping[Any, Sequence[str]] = field(default_factory=dict)  # by its values
    items: tuple[ItemTable, ...] = ()
    joined: str = ""  # a column of the first of them that a rule looks at
    by_place: bool = False  # `columns` are all that there are, however they are called
    bare: bool = False  # a log may have no header
    sequences: bool = False  # a log may be a tsv: a user, and the items in their order
    prefixes: Mapping[str, str] = field(default_factory=dict)  # of the items of a log, by its name
    note: str = ""  # for the user, where the times are not as they seem

    def detect(self, source: Path) -> bool:
        """Tell by file names and headers whether a folder or a file holds this data set.

        Raises:
            DataError: there is nothing at `source`.
        """
        return any(self._tells(path) for path in Files.of(source).named(self.log_names))

    def near_misses(self, source: Path) -> list[Path]:
        """Return files that have a log's name, but not its columns."""
        return [path for path in Files.of(source).named(self.log_names) if not self._tells(path)]

    def tables(self, source: Path, rule: str, options: Options) -> Source:
        """Return the log of the positives, and the items.

        Args:
            source: the folder, or one log.
            rule: a key of `rules`.
            options: flags of its own, as typed.

        Raises:
            DataError: a file is missing or malformed.
            SettingsError: the rule or an option is unknown or malformed.
        """
        self._check(options)
        chosen, limit = self._chosen(rule, options)
        files = Files.of(source)
        logs = self._logs(files, options)
        own = [name for name in chosen.columns if name != self.joined]
        parts = [self._part(path, own) for path in logs]
        items = None
        if _is_on(options, "items", default=True):
            items = self._items(files, logs, parts, options)
        if self.joined in chosen.columns:
            parts = [self._with_joined(part, files, items) for part in parts]
        filters = () if chosen.condition == "true" else (self._filter(rule, chosen, limit, own),)
        untimed = self._holds_sequences(logs[0])
        return Source(
            tuple(parts),
            Clock(self.roles[2], "number" if untimed else self.unit, by_flag=False),
            filters,
            list_separator=" ",
            items=items,
            time_unit="order" if untimed else None,
            notes=(self.note.format(logs[0].name),) if self.note and (untimed or self.unit) else (),
        )

    def _tells(self, path: Path) -> bool:
        try:
            names = open_table(path).names
        except DataError:
            return False
        if self._holds_sequences(path):
            return len(names) == 2 and is_number(names[0])
        if not self.by_place:
            return set(self.columns) <= set(names)
        named = "user" in names[0].lower() and "time" in names[-1].lower()
        return len(names) == len(self.columns) and (named or self._has_no_header(names))

    def _holds_sequences(self, path: Path) -> bool:
        return self.sequences and ".tsv" in path.suffixes

    def _has_no_header(self, names: Sequence[str]) -> bool:
        return self.bare and all(map(is_number, names))

    def _logs(self, files: Files, options: Options) -> list[Path]:
        found = files.different(self.log_names)
        wanted, chosen = list(found), ""
        if self.by_place and not self.logs:  # other tables may have the name
            wanted = [name for name, path in found.items() if self._tells(path)]
        if not wanted:
            raise self._missing(files, f"its log ({self.looks_for})")
        if self.sequences:  # as a table and as sequences it is the same
            wanted = wanted[:1]
        if self.logs and files.source.is_dir():
            value = options.get(self.flag, str(next(iter(self.logs))))
            wanted = list(self.logs.get(value, ()) or self.logs[_is_on(options, self.flag)])
            chosen = "" if True in self.logs else f" (--{self.flag}={value})"
        for name in wanted:
            if name not in found:
                raise self._missing(files, f"{name}{chosen}")
        return [found[name] for name in wanted]

    def _missing(self, files: Files, what: str) -> DataError:
        return DataError(
            f"{files.source} is not all of {self.name}: {what} is missing; unpack it there, or "
            "name one log file to convert that alone."
        )

    def _part(self, path: Path, further: Sequence[str]) -> Part:
        if self._holds_sequences(path):
            videos = r"regexp_split_to_array(trim(c1), '\s+')"
            place = f"CAST(generate_subscripts({videos}, 1) - 1 AS VARCHAR)"
            return Part(open_table(path, _SEQUENCES), f"unnest({videos})", "c0", place)
        table = open_table(path)
        if self._has_no_header(table.names):
            table = open_table(path, TextFormat(separator=",", names=self.columns))
        if self.by_place:
            if len(table.names) != len(self.columns):
                raise DataError(
                    f"{path}, line 1: {len(table.names)} columns, but {self.name} has "
                    f"{len(self.columns)} ({', '.join(self.columns)}); get the file again."
                )
            table.names = self.columns
        user, item, time = (table.cell(name, [*self.roles, *further]) for name in self.roles)
        if prefix := self.prefixes.get(stem(path)):
            item = f"CASE WHEN {item} = '' THEN '' ELSE {literal(prefix)} || {item} END"
        return Part(table, item, user, time, {name: table.cell(name) for name in further})

    def _items(
        self, files: Files, logs: Sequence[Path], parts: Sequence[Part], options: Options
    ) -> Items | None:
        found: list[Part] = []
        columns: dict[Column, None] = {}
        notes: list[str] = []
        for one in self.items:
            if one.flag and not _is_on(options, one.flag):
                continue
            tables = [(part.table, part.item) for part in parts]
            if one.file:
                path = files.beside(logs[0], one.file)
                if path is None and one.needed:
                    raise DataError(f"{files.source}: {self._lacking(one)}")
                opened = [one.opened(path, notes)] if path else []
                tables = [(each, one.id.format(each.cell(one.key))) for each in opened]
            for table, item in tables:
                there = [f for f in one.fields if f.source in table.names or not f.may_lack]
                further = {f.column.name: f.taken.format(table.cell(f.source)) for f in there}
                found.append(Part(table, item, further=further, rest=one.rest.format(item)))
                columns |= dict.fromkeys(f.column for f in there)
        from_log = not self.items[0].file
        return Items(tuple(found), tuple(columns), " ", from_log, tuple(notes)) if found else None

    def _lacking(self, table: ItemTable) -> str:
        if table.flag:
            return (
                f"--{table.flag}=True needs {table.needed}; put it beside the log, or leave the "
                "flag out."
            )
        return (
            f"there is no {table.needed}, which holds {self.name}'s item categories; put it beside "
            "the log, or write --items=False to do without."
        )

    def _with_joined(self, part: Part, files: Files, items: Items | None) -> Part:
        """Return a part with the column that stands in the table of the items."""
        if items is None:
            raise DataError(
                f"{files.source}: --rule=watch_ratio needs the durations of "
                f"{self.items[0].needed}; leave --items=False out."
            )
        table = items.parts[0].table
        join = (table, table.cell(self.items[0].key), {"length": table.cell(self.joined)})
        further = {**part.further, self.joined: "coalesce(o.length, '')"}
        return replace(part, further=further, join=join)

    def _filter(self, name: str, rule: Rule, limit: float, must: Sequence[str]) -> Filter:
        cells = {column: f"number({raw(column)})" for column in rule.columns}
        condition = rule.condition.format(**cells, limit=repr(limit))
        shown = f" --watch_ratio={limit:g}" if rule.limit is not None else ""
        reason = f"not positive by --rule={name}{shown}"
        return Filter(f"coalesce({condition}, false)", reason, reason, tuple(must))

    def _check(self, options: Options) -> None:
        own = [self.flag, *(one.flag for one in self.items), "items"]
        own += ["watch_ratio"] if any(rule.limit for rule in self.rules.values()) else []
        own = [name for name in own if name]
        for name, given in options.items():
            if name not in own:
                flags = ", ".join(f"--{each}" for each in own)
                hint = did_you_mean(name, own, "--") or f"; its own flags are {flags}."
                raise SettingsError(f"--{name} is no flag of {self.name}{hint}")
            if name == self.flag and True not in self.logs:
                if given not in self.logs:
                    raise SettingsError(f"--{name}={given}: choose from {', '.join(self.logs)}.")
            elif name != "watch_ratio":
                _is_on(options, name)

    def _chosen(self, name: str, options: Options) -> tuple[Rule, float]:
        """Return a rule and its limit, from `--watch_ratio` or its own."""
        if name not in self.rules:
            known = ", ".join(self.rules)
            hint = did_you_mean(name, self.rules, "--rule=") or f"; choose from {known}."
            raise SettingsError(f"--rule={name}: {self.name} has no such rule{hint}")
        rule, given = self.rules[name], options.get("watch_ratio")
        if given is None:
            return rule, rule.limit or 0.0
        if rule.limit is None:
            limited = next(each for each in self.rules if self.rules[each].limit)
            raise SettingsError(
                f"--watch_ratio={given} has no meaning under --rule={name}; write "
                f"--rule={limited} or leave it out."
            )
        limit = float(given) if is_number(given) else -1.0
        if not 0 < limit < float("inf"):
            raise SettingsError(f"--watch_ratio={given}: give a number above 0, for example 1.0.")
        return rule, limit


def any_of(columns: Sequence[str], meaning: str) -> Rule:
    """Make the rule that at least one of several 0/1 columns is 1."""
    return Rule(meaning, " OR ".join(f"{{{column}}} > 0" for column in columns))


def _is_on(options: Options, name: str, *, default: bool = False) -> bool:
    given = options.get(name, str(default)).lower()
    if given not in _TRUTH:
        raise SettingsError(f"--{name}={options[name]}: write True or False.")
    return _TRUTH[given]
