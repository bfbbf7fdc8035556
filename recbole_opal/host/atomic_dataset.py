"""RecBole's dataset over atomic files that are read once, checked, and of which nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from recbole.data.dataset import SequentialDataset
from recbole.utils import FeatureSource, FeatureType

from recbole_opal.data.atomic_files import (
    Column,
    Roles,
    TableFormat,
    column_in_seconds,
    interval_in_seconds,
    read_blocks,
    read_table,
    require_columns,
)
from recbole_opal.data.atomic_files.suggested_commands import load_col_flag
from recbole_opal.data.repeated_rows import joined_rows
from recbole_opal.errors import DataError
from recbole_opal.host.unit_interval import scaled

__all__ = ["AtomicFileDataset"]

_NUMBERS = (FeatureType.FLOAT, FeatureType.FLOAT_SEQ)


class AtomicFileDataset(SequentialDataset):
    """RecBole's dataset whose files `data.atomic_files` reads, and whose filters count their rows.

    Attributes:
        filtered: rows that are in the files and not in the dataset, by reason; only reasons that
            had an effect.
        time_unit: what the file's times are in, a key of `TIME_UNITS`; in the dataset they are
            seconds.

    Raises:
        DataError: a file cannot be read or is malformed; file and line are named.
    """

    inter_feat: Any
    filtered: dict[str, int]
    time_unit: str

    def _load_data(self, token: str, dataset_path: str) -> None:
        """Refuse a missing file, without whose features RecBole would go on."""
        self.filtered = {}
        self._files: dict[str, str] = {}  # name of a column that is read -> file
        for ending in self._load_col():
            path = Path(dataset_path) / f"{token}.{ending}"
            if not path.is_file():
                what = "is a folder" if path.is_dir() else "is missing"
                why = " --category_field=None" if ending == "item" else ""
                without = {
                    kind: names for kind, names in self._load_col().items() if kind != ending
                }
                raise DataError(
                    f"{path} {what}; put the file there, or write {load_col_flag(without)}{why}."
                )
        super()._load_data(token, dataset_path)

    def _load_feat(self, filepath: str, source: Any) -> pd.DataFrame | None:
        """Read one file as it stands: RecBole takes quotes off ids, and takes `NA` for none."""
        load, leave = self._get_load_and_unload_col(source)
        if load == set():
            return None
        path = Path(filepath)
        key = {FeatureSource.USER: self.uid_field, FeatureSource.ITEM: self.iid_field}.get(source)
        roles = Roles([key]) if key else Roles([self.uid_field, self.iid_field], [self.time_field])
        settings = ("field_separator", "seq_separator", "encoding")
        form = TableFormat(*(self.config[name] for name in settings))

        def choose(given: Sequence[Column]) -> list[Column]:
            return self._choose(given, load, leave, roles, path)

        columns, frame = read_table(path, form, roles=roles, choose=choose)
        if key:
            self._count(f"{source.value}_rows_repeated", int(frame.duplicated(key).sum()))
            lists = [column.name for column in columns if column.kind.endswith("seq")]
            frame = joined_rows(frame, key, lists)
        self._register(columns, frame, source)
        if not key:
            name, unit = self.time_field, self.config["time_unit"]
            times = frame[name].to_numpy(dtype=np.float64)
            again = read_blocks(path, form, roles=roles, choose=choose)
            frame[name], self.time_unit = column_in_seconds(times, unit, name, path, again)
        return frame

    def _load_col(self) -> dict[str, Any]:
        return self.config["load_col"] or {}

    def _choose(
        self,
        given: Sequence[Column],
        load: set[str] | None,
        leave: set[str] | None,
        roles: Roles,
        path: Path,
    ) -> list[Column]:
        """Return the columns to read; refuse a header that cannot be used."""
        ending, names = path.suffix[1:], [column.name for column in given]
        wanted: dict[str, str | None] = dict.fromkeys(sorted(load or ()))
        wanted |= dict.fromkeys(roles.ids, "token") | dict.fromkeys(roles.times, "float")
        of_items = self.config["category_field"] in wanted and not roles.times
        present = load_col_flag(self._load_col() | {ending: [n for n in wanted if n in names]})
        fix = f"add it, or write {present}{' --category_field=None' * of_items}."
        require_columns(given, wanted, path, fix)
        chosen = [
            c for c in given if (load is None or c.name in load) and c.name not in (leave or ())
        ]
        read = [column.name for column in chosen]
        for name in (*roles.ids, *roles.times):
            if name not in read:
                raise DataError(
                    f"{path}: the column {name} is needed and not read; write "
                    f"{load_col_flag(self._load_col() | {ending: [name, *read]})}."
                )
        for name in read:
            other = self._files.setdefault(name, path.name)
            if other != path.name and name not in roles.ids:
                all_files = {
                    kind: "*"
                    for kind in ("inter", "user", "item")
                    if path.with_suffix(f".{kind}").is_file()
                }
                less = (self._load_col() or all_files) | {ending: [n for n in read if n != name]}
                raise DataError(
                    f"{path}, line 1: the column {name} is read from {other} too; rename "
                    f"one, or write {load_col_flag(less)}."
                )
        return chosen

    def _register(self, columns: Sequence[Column], frame: pd.DataFrame, source: Any) -> None:
        """Do what RecBole's reader does with columns; sequences are cut at `seq_len`."""
        for column in columns:
            name = column.name
            self.field2source[name] = source
            self.field2type[name] = FeatureType(column.kind)
            self.field2seqlen[name] = 1
            if "float" in column.kind:
                self.field2bucketnum[name] = 2
            if column.kind.endswith("seq"):
                if limit := (self.config["seq_len"] or {}).get(name):
                    frame[name] = [values[:limit] for values in frame[name]]
                self.field2seqlen[name] = max(len(values) for values in frame[name])

    def _remove_duplication(self) -> None:
        """Keep one of a user's interactions with an item, the earlier in the file among ties.

        RecBole sorts with an unstable sort first, and so keeps any of those with equal times.
        """
        keep = self.config["rm_dup_inter"]
        if keep is not None:
            pair = [self.uid_field, self.iid_field]
            self.inter_feat.sort_values(self.time_field, kind="stable", inplace=True)
            self._drop_duplicates("rows_of_repeated_pairs", pair, keep)

    def _filter_by_field_value(self) -> None:
        """Check the intervals, with which RecBole goes on or breaks, and count what they drop.

        Exact duplicates go only then: two behaviours may stand at the same time.
        """
        given = self.config["val_interval"]
        for name, interval in (given or {}).items():
            self._check_interval(name, interval)
        if given and self.time_field in given:  # RecBole reads the setting itself
            interval = interval_in_seconds(given[self.time_field], self.time_unit)
            self.config["val_interval"] = {**given, self.time_field: interval}
        try:
            self._counting("rows_outside_val_interval", super()._filter_by_field_value)
        finally:
            self.config["val_interval"] = given
        if self.config["drop_duplicates"]:
            key = [self.uid_field, self.iid_field, self.time_field]
            self._drop_duplicates("rows_of_exact_duplicates", key, "first")

    def _filter_inter_by_user_or_item(self) -> None:
        """Count what the filter drops, of which RecBole tells nothing."""
        self._counting("rows_without_features", super()._filter_inter_by_user_or_item)

    def _filter_by_inter_num(self) -> None:
        """Count what the filter drops, of which RecBole tells nothing."""
        self._counting("rows_outside_inter_num_interval", super()._filter_by_inter_num)

    def _normalize(self) -> None:
        """Scale fields to [0, 1] as RecBole does, whose own fails on constant and empty sequences.

        A constant field becomes 1.
        """
        fields = self.config["normalize_field"] or ()
        if self.config["normalize_all"]:
            fields = self.float_like_fields
        for name in fields:
            if self.field2type.get(name) not in _NUMBERS:
                raise DataError(
                    f"--normalize_field: {name} is no column of numbers that is read; choose from "
                    f"{', '.join(self.float_like_fields)}."
                )
            for frame in self.field2feats(name):
                frame[name] = scaled(frame[name], self.field2type[name])

    def _check_interval(self, name: str, interval: Any) -> None:
        if name not in self.field2type:
            also = {"inter": [*self._load_col().get("inter", ()), name]}
            raise DataError(
                f"--val_interval: the column {name} is not read, only "
                f"{', '.join(self.field2type)}; write {load_col_flag(self._load_col() | also)}."
            )
        is_number = self.field2type[name] in _NUMBERS
        if isinstance(interval, str) == is_number:
            return
        right, fix = "an interval such as '[3,inf)'", ""
        if not is_number:
            other = self.field2type[name].value.replace("token", "float")
            right = "a list of tokens"
            fix = f", or write the column as {name}:{other} if it holds numbers"
        raise DataError(f"--val_interval: {name} needs {right}, not {interval!r}; write that{fix}.")

    def _drop_duplicates(self, reason: str, key: list[str], keep: Any) -> None:
        drop = self.inter_feat.drop_duplicates
        self._counting(reason, lambda: drop(key, keep=keep, inplace=True))

    def _counting(self, reason: str, step: Callable[[], Any]) -> None:
        before = len(self.inter_feat)
        step()
        self._count(reason, before - len(self.inter_feat))

    def _count(self, reason: str, number: int) -> None:
        if number:
            self.filtered[reason] = self.filtered.get(reason, 0) + number
