"""RecBole's dataset over atomic files that are read once, checked, and of which nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from recbole.data.dataset import SequentialDataset
from recbole.utils import FeatureSource, FeatureType

from recbole_opal.data.reading import (
    Column,
    Roles,
    TableFormat,
    as_seconds,
    interval_in_seconds,
    line_of_row,
    read_table,
    refuse_ticks,
    require_columns,
)
from recbole_opal.data.reading.advice import load_col_flag
from recbole_opal.data.repeated_rows import joined_rows
from recbole_opal.errors import DataError
from recbole_opal.host.unit_interval import scaled

__all__ = ["AtomicFileDataset"]


class AtomicFileDataset(SequentialDataset):
    """RecBole's dataset whose files are read by `reading`, and whose filters count what they drop.

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
        self.filtered = {}
        self._files: dict[str, str] = {}  # name of a column that is read -> file
        load = self.config["load_col"] or {}
        for ending in load:
            path = Path(dataset_path) / f"{token}.{ending}"
            if not path.is_file():  # RecBole would go on without the features
                what = "is a folder" if path.is_dir() else "is missing"
                why = " --category_field=None" if ending == "item" else ""
                without = {one: names for one, names in load.items() if one != ending}
                raise DataError(
                    f"{path} {what}; put the file there, or write {load_col_flag(without)}{why}."
                )
        super()._load_data(token, dataset_path)

    def _load_feat(self, filepath: str, source: Any) -> pd.DataFrame | None:
        """Read one file, with RecBole's bookkeeping of the columns."""
        load, leave = self._get_load_and_unload_col(source)
        if load == set():
            return None
        path = Path(filepath)
        ids = {FeatureSource.USER: [self.uid_field], FeatureSource.ITEM: [self.iid_field]}
        roles = (
            Roles(ids[source])
            if source in ids
            else Roles([self.uid_field, self.iid_field], [self.time_field])
        )
        form = TableFormat(
            self.config["field_separator"], self.config["seq_separator"], self.config["encoding"]
        )
        columns, frame = read_table(
            path,
            form,
            roles=roles,
            choose=lambda given: self._choose(given, load, leave, roles, path),
        )
        if source in ids:
            self._count_repeated(frame, ids[source][0], str(source.value))
            lists = [column.name for column in columns if column.kind.endswith("seq")]
            frame = joined_rows(frame, ids[source][0], lists)
        self._register(columns, frame, source, path)
        if source not in ids:
            self._to_seconds(frame, path, form)
        return frame

    def _to_seconds(self, frame: pd.DataFrame, path: Path, form: TableFormat) -> None:
        """Judge the unit of the times from all of them, and put seconds in their place."""
        name, unit = self.time_field, self.config["time_unit"]
        numbers = frame[name].to_numpy(dtype=np.float64)

        def place(wrong: npt.NDArray[np.bool_]) -> str:
            return f"{path}, line {line_of_row(path, form, int(wrong.argmax()))}"

        refuse_ticks(numbers, unit, name, place)
        frame[name], self.time_unit = as_seconds(numbers, unit, name, place)

    def _choose(
        self,
        given: Sequence[Column],
        load: set[str] | None,
        leave: set[str] | None,
        roles: Roles,
        path: Path,
    ) -> list[Column]:
        """Return the columns to read; refuse a header that cannot be used."""
        wanted: dict[str, str | None] = dict.fromkeys(sorted(load or ()))
        wanted |= dict.fromkeys(roles.ids, "token") | dict.fromkeys(roles.times, "float")
        names = [column.name for column in given]
        present = [name for name in wanted if name in names]
        of_items = self.config["category_field"] in wanted and not roles.times
        less = {**(self.config["load_col"] or {}), path.suffix[1:]: present}
        fix = f"add it, or write {load_col_flag(less)}{' --category_field=None' * of_items}."
        require_columns(given, wanted, path, fix)
        chosen = [
            c for c in given if (load is None or c.name in load) and c.name not in (leave or ())
        ]
        for name in (*roles.ids, *roles.times):
            if name not in {column.name for column in chosen}:
                also = {path.suffix[1:]: [name, *(column.name for column in chosen)]}
                raise DataError(
                    f"{path}: the column {name} is needed and not read; write "
                    f"{load_col_flag({**(self.config['load_col'] or {}), **also})}."
                )
        for column in chosen:
            other = self._files.setdefault(column.name, path.name)
            if other != path.name and column.name not in roles.ids:
                raise DataError(
                    f"{path}, line 1: the column {column.name} is read from {other} too; rename "
                    f"one, or write {self._flag_without(column, chosen, path)}."
                )
        return chosen

    def _flag_without(self, column: Column, chosen: Sequence[Column], path: Path) -> str:
        """Return the flag that leaves a column of a file away."""
        load = self.config["load_col"] or {
            ending: "*"
            for ending in ("inter", "user", "item")
            if path.with_suffix(f".{ending}").is_file()
        }
        others = [one.name for one in chosen if one != column]
        return load_col_flag({**load, path.suffix[1:]: others})

    def _register(
        self, columns: Sequence[Column], frame: pd.DataFrame, source: Any, path: Path
    ) -> None:
        for column in columns:
            self.field2source[column.name] = source
            self.field2type[column.name] = FeatureType(column.kind)
            self.field2seqlen[column.name] = 1
            if "float" in column.kind:
                self.field2bucketnum[column.name] = 2
            if column.kind.endswith("seq"):
                self._limit_length(frame, column.name)

    def _limit_length(self, frame: pd.DataFrame, name: str) -> None:
        """Cut sequences at `seq_len`, as RecBole does."""
        limit = (self.config["seq_len"] or {}).get(name)
        if limit:
            frame[name] = [values[:limit] for values in frame[name]]
        self.field2seqlen[name] = max(len(values) for values in frame[name])

    def _count_repeated(self, frame: pd.DataFrame, name: str, kind: str) -> None:
        """Count the rows of which only the lists are kept, in the first row of their id."""
        self._count(f"{kind}_rows_repeated", int(frame.duplicated(name).sum()))

    def _remove_duplication(self) -> None:
        self._counting("rows_of_repeated_pairs", self._keep_one_of_each_pair)

    def _drop_exact_duplicates(self) -> None:
        """Keep the first of the rows that have the same user, item and time, where that is asked.

        Only after the rows were chosen by value: two behaviours may stand at the same time.
        """
        if self.config["drop_duplicates"]:
            key = [self.uid_field, self.iid_field, self.time_field]
            self.inter_feat.drop_duplicates(key, keep="first", inplace=True)

    def _keep_one_of_each_pair(self) -> None:
        """Keep one of a user's interactions with an item, the earlier in the file among ties.

        RecBole sorts with an unstable sort first, and so keeps any of those with equal times.
        """
        keep = self.config["rm_dup_inter"]
        if keep is None:
            return
        self.inter_feat.sort_values(self.time_field, kind="stable", inplace=True)
        self.inter_feat.drop_duplicates([self.uid_field, self.iid_field], keep=keep, inplace=True)

    def _filter_by_field_value(self) -> None:
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
        self._counting("rows_of_exact_duplicates", self._drop_exact_duplicates)

    def _filter_inter_by_user_or_item(self) -> None:
        self._counting("rows_without_features", super()._filter_inter_by_user_or_item)

    def _filter_by_inter_num(self) -> None:
        self._counting("rows_outside_inter_num_interval", super()._filter_by_inter_num)

    def _normalize(self) -> None:
        """Scale fields to [0, 1] as RecBole does, whose own fails on constant and empty sequences.

        A constant field becomes 1.
        """
        fields = self.config["normalize_field"] or ()
        if self.config["normalize_all"]:
            fields = self.float_like_fields
        for name in fields:
            if self.field2type.get(name) not in (FeatureType.FLOAT, FeatureType.FLOAT_SEQ):
                raise DataError(
                    f"--normalize_field: {name} is no column of numbers that is read; choose from "
                    f"{', '.join(self.float_like_fields)}."
                )
            for frame in self.field2feats(name):
                frame[name] = scaled(frame[name], self.field2type[name])

    def _check_interval(self, name: str, interval: Any) -> None:
        if name not in self.field2type:
            known = ", ".join(self.field2type)
            columns = self.config["load_col"] or {}
            also = {"inter": [*columns.get("inter", ()), name]}
            raise DataError(
                f"--val_interval: the column {name} is not read, only {known}; write "
                f"{load_col_flag({**columns, **also})}."
            )
        is_number = self.field2type[name] in (FeatureType.FLOAT, FeatureType.FLOAT_SEQ)
        if isinstance(interval, str) != is_number:
            right = "an interval such as '[3,inf)'" if is_number else "a list of tokens"
            other = self.field2type[name].value.replace("token", "float")
            fix = (
                "" if is_number else f", or write the column as {name}:{other} if it holds numbers"
            )
            raise DataError(
                f"--val_interval: {name} needs {right}, not {interval!r}; write that{fix}."
            )

    def _counting(self, reason: str, step: Any) -> None:
        before = len(self.inter_feat)
        step()
        self._count(reason, before - len(self.inter_feat))

    def _count(self, reason: str, number: int) -> None:
        if number:
            self.filtered[reason] = self.filtered.get(reason, 0) + number
