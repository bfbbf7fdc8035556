"""What a declaration of a public data set's official files says, and how it becomes a source."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from recbole_opal.conversion.cells import raw
from recbole_opal.conversion.columns import Column
from recbole_opal.conversion.layouts.files import Files
from recbole_opal.conversion.source import Filter, Items, Part, Source
from recbole_opal.conversion.times import Clock
from recbole_opal.errors import DataError, SettingsError
from recbole_opal.suggest import did_you_mean
from recbole_opal.tables import Table, open_table

__all__ = ["NAME", "TAGS", "Field", "Layout", "Rule", "any_of", "is_on", "item_part"]

NAME = r"regexp_replace(stripped({}), '\s+', '_', 'g')"
"""SQL for a name as a single token: `Home_cooking`."""
TAGS = r"""trim(regexp_replace({}, '[\[\](),;''"\s]+', ' ', 'g'))"""
"""SQL for lists of tags: `[27, 9]`, `27,9` and `27;9` all become `27 9`."""

Options = Mapping[str, str]
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Rule:
    """Which rows of a log are positive.

    Attributes:
        meaning: one line for the user.
        condition: in SQL, `{column}` being its number, `{limit}` the smallest watch ratio.
        columns: of the log that it looks at.
        limit: the smallest watch ratio that is positive, None: the rule has none.
    """

    meaning: str
    condition: str = "true"
    columns: tuple[str, ...] = ()
    limit: float | None = None


@dataclass(frozen=True)
class Field:
    """A field of the items.

    Attributes:
        column: its name and type.
        source: the column of the publisher's table.
        taken: SQL for what is taken of its cell `{}`.
        optional: whether it may be missing; it is empty then, or left out where it is `dropped`.
    """

    column: Column
    source: str
    taken: str = "{}"
    optional: bool = False
    dropped: bool = True


@dataclass(frozen=True)
class Layout:
    """The official files of a data set.

    Attributes:
        name: of the data set, as `KuaiRand-Pure`.
        licence: of its publisher, one line.
        citation: what to cite.
        log_names: a regular expression for the names of the logs.
        log_columns: by which a log is told from another file of its name.
        looks_for: names and columns by which it is detected, for the user.
        rules: which rows are positive, by name; the first is the default.
        switches: flags of its own that are True or False, beside `--items`.
        roles: the columns of user, item and time.
        unit: of the times; None: recognised.
        files: from the options to the names of the logs that are read, in their order; None: all.
        choices: flags of its own that are one of several words, the first by default.
        item_file: the name of the table of the items.
        item_key: its column of ids.
        fields: what is taken of it.
        is_log: by the names of the columns, in lower case, where `log_columns` cannot tell.
        read: what is read of a log, where `roles` cannot tell.
        read_items: what is read of the items, where `item_file` cannot tell.
        needs: the column of the table of the items that the rules with a limit look at.
        notes: what the user must be told.
    """

    name: str
    licence: str
    citation: str
    log_names: str
    log_columns: tuple[str, ...]
    looks_for: str
    rules: Mapping[str, Rule]
    switches: tuple[str, ...] = ()
    roles: tuple[str, str, str] = ("user_id", "video_id", "time_ms")
    unit: str | None = None
    files: Callable[[Options], Sequence[str]] | None = None
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    item_file: str = ""
    item_key: str = "video_id"
    fields: tuple[Field, ...] = ()
    is_log: Callable[[Path, Sequence[str]], bool] | None = None
    read: Callable[[Path, Rule], Part] | None = None
    read_items: Callable[[Layout, Files, Sequence[Path], Options], Items | None] | None = None
    needs: str | None = None
    order_only: Callable[[Path], bool] = lambda path: False
    notes: tuple[str, ...] = ()

    def detect(self, source: Path) -> bool:
        """Tell by file names and headers whether a folder or a file holds this data set.

        Raises:
            DataError: there is nothing at `source`.
        """
        return any(self.tells(path) for path in Files.of(source).logs(self.log_names))

    def near_misses(self, source: Path) -> list[Path]:
        """Return files that have a log's name, but not its columns."""
        return [path for path in Files.of(source).logs(self.log_names) if not self.tells(path)]

    def tells(self, path: Path) -> bool:
        """Tell by the header whether a file with a log's name is one."""
        try:
            names = open_table(path).names
        except DataError:
            return False
        if self.is_log is not None:
            return self.is_log(path, [name.lower() for name in names])
        return set(self.log_columns) <= set(names)

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
        self._check_options(options)
        chosen, limit = self._chosen(rule, options)
        files = Files.of(source)
        logs = self._logs(files, options)
        items = None
        if is_on(options, "items", default=True):
            items = (self.read_items or item_part)(self, files, logs, options)
        joined = self._lengths(files, logs, items) if chosen.limit and self.needs else None
        filters = () if chosen.condition == "true" else (self._filter(rule, chosen, limit),)
        untimed = self.order_only(logs[0])
        unit = "number" if untimed else self.unit
        clock = Clock(self.roles[2], unit, by_flag=False)
        return Source(
            tuple(self._part(path, chosen, joined) for path in logs),
            clock,
            filters,
            list_separator=" ",
            items=items,
            time_unit="order" if untimed else None,
            notes=tuple(note.format(logs[0].name) for note in self.notes if untimed or self.unit),
        )

    def missing(self, files: Files, what: str) -> DataError:
        """Word that a file which belongs to the data set is not there."""
        return DataError(
            f"{files.source} is not all of {self.name}: {what} is missing; unpack it there, or "
            "name one log file to convert that alone."
        )

    def _logs(self, files: Files, options: Options) -> list[Path]:
        found = files.single_logs(self.log_names)
        if not found:
            raise self.missing(files, f"its log ({self.looks_for})")
        if files.source.is_file():
            return list(found.values())
        if self.files is None:
            known = [path for path in found.values() if self.is_log is None or self.tells(path)]
            if not known:
                raise self.missing(files, self.looks_for)
            return known if self.is_log is None else known[:1]
        wanted = self.files(options)
        chosen = "".join(f" (--{name}={options.get(name, self.choices[name][0])})"
                         for name in self.choices)  # fmt: skip
        for name in wanted:
            if name not in found:
                raise self.missing(files, f"{name}{chosen}")
        return [found[name] for name in wanted]

    def _part(self, path: Path, rule: Rule, joined: tuple[Table, str, str] | None) -> Part:
        if self.read is not None:
            return self.read(path, rule)
        table = open_table(path)
        own = [name for name in rule.columns if name != self.needs]
        user, item, time = (table.cell(name, [*self.roles, *own]) for name in self.roles)
        further = {name: table.cell(name) for name in own}
        if joined is None:
            return Part(table, item, user, time, further)
        lengths, key, cell = joined
        further[str(self.needs)] = "coalesce(o.length, '')"
        return Part(table, item, user, time, further, join=(lengths, key, {"length": cell}))

    def _lengths(
        self, files: Files, logs: Sequence[Path], items: Items | None
    ) -> tuple[Table, str, str]:
        path = files.table(re.escape(self.item_file), logs[0])
        if items is None or path is None:
            raise DataError(
                f"{files.source}: --rule=watch_ratio needs the durations of {self.item_file}; "
                "leave --items=False out."
            )
        table = open_table(path)
        return table, table.cell(self.item_key), table.cell(str(self.needs))

    def _filter(self, name: str, rule: Rule, limit: float) -> Filter:
        cells = {column: f"number({raw(column)})" for column in rule.columns}
        condition = rule.condition.format(**cells, limit=repr(limit))
        shown = f" --watch_ratio={limit:g}" if rule.limit is not None else ""
        reason = f"not positive by --rule={name}{shown}"
        must = tuple(column for column in rule.columns if column != self.needs)
        return Filter(f"coalesce({condition}, false)", reason, reason, must)

    def _check_options(self, options: Options) -> None:
        own = [*self.choices, *self.switches, "items", "watch_ratio"]
        if not any(rule.limit for rule in self.rules.values()):
            own.remove("watch_ratio")
        for name, given in options.items():
            if name not in own:
                flags = ", ".join(f"--{each}" for each in own)
                hint = did_you_mean(name, own, "--") or f"; its own flags are {flags}."
                raise SettingsError(f"--{name} is no flag of {self.name}{hint}")
            if name in self.choices and given not in self.choices[name]:
                known = ", ".join(self.choices[name])
                raise SettingsError(f"--{name}={given}: choose from {known}.")
            if name not in (*self.choices, "watch_ratio"):
                is_on(options, name)

    def _chosen(self, name: str, options: Options) -> tuple[Rule, float]:
        """Return a rule and its limit, from `--watch_ratio` or its own."""
        if name not in self.rules:
            known = ", ".join(self.rules)
            hint = did_you_mean(name, self.rules, "--rule=") or f"; choose from {known}."
            raise SettingsError(f"--rule={name}: {self.name} has no such rule{hint}")
        rule = self.rules[name]
        given = options.get("watch_ratio")
        if given is None:
            return rule, rule.limit or 0.0
        if rule.limit is None:
            limited = ", ".join(each for each in self.rules if self.rules[each].limit is not None)
            fix = f"; write --rule={limited} or leave it out." if limited else "; leave it out."
            raise SettingsError(f"--watch_ratio={given} has no meaning under --rule={name}{fix}")
        try:
            limit = float(given)
        except ValueError:
            limit = -1.0
        if not 0 < limit < float("inf"):
            raise SettingsError(f"--watch_ratio={given}: give a number above 0, for example 1.0.")
        return rule, limit


def any_of(columns: Sequence[str], meaning: str) -> Rule:
    """Make the rule that at least one of several 0/1 columns is 1."""
    return Rule(meaning, " OR ".join(f"{{{column}}} > 0" for column in columns), tuple(columns))


def item_part(layout: Layout, files: Files, logs: Sequence[Path], options: Options) -> Items | None:
    """Return the fields of the table of the items, which must be there.

    Raises:
        DataError: it is missing, or lacks a column.
    """
    path = files.table(re.escape(layout.item_file), logs[0])
    if path is None:
        raise DataError(
            f"{files.source}: there is no {layout.item_file}, which holds {layout.name}'s item "
            "categories; put it beside the log, or write --items=False to do without."
        )
    table = open_table(path)
    there = [
        one for one in layout.fields
        if one.source in table.names or not (one.optional and one.dropped)
    ]  # fmt: skip
    further = {
        one.column.name: one.taken.format(table.cell(one.source))
        if one.source in table.names or not one.optional
        else "''"
        for one in there
    }
    part = Part(table, table.cell(layout.item_key), further=further)
    return Items((part,), tuple(one.column for one in there), " ")


def is_on(options: Options, name: str, *, default: bool = False) -> bool:
    """Tell whether a switch is on.

    Raises:
        SettingsError: it is neither on nor off.
    """
    given = options.get(name, str(default)).lower()
    if given not in _TRUTH:
        raise SettingsError(f"--{name}={options[name]}: write True or False.")
    return _TRUTH[given]
