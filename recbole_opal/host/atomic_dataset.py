"""RecBole's dataset over atomic files that are read once, checked, and of which nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import TypeAdapter, ValidationError
from recbole.data.dataset import SequentialDataset
from recbole.utils import FeatureSource, FeatureType

from recbole_opal.data.atomic_files import (
    Column,
    Roles,
    TableFormat,
    column_in_seconds,
    read_blocks,
    read_table,
    require_columns,
)
from recbole_opal.data.atomic_files.suggested_commands import load_col_flag
from recbole_opal.data.atomic_files.time_units import interval_in_seconds
from recbole_opal.data.empty_parts import why_filtered
from recbole_opal.data.repeated_rows import joined_rows
from recbole_opal.errors import DataError
from recbole_opal.settings.fields import Interval, typed

__all__ = ["AtomicFileDataset"]

FloatArray = npt.NDArray[np.float64]
_NUMBERS = (FeatureType.FLOAT, FeatureType.FLOAT_SEQ)
_SOURCES = (FeatureSource.INTERACTION, FeatureSource.USER, FeatureSource.ITEM)
_INTERVAL: TypeAdapter[str | None] = TypeAdapter(Interval)


class AtomicFileDataset(SequentialDataset):
    """RecBole's dataset whose files `data.atomic_files` reads, and whose filters count their rows.

    Raises:
        DataError: a file cannot be read or is malformed; file and line are named.
    """

    inter_feat: Any
    filtered: dict[str, int]  # rows of the files that are not in the dataset, by reason
    item_numbers: dict[str, FloatArray]  # (N,) of each float column of the item file, NaN: missing
    time_unit: str  # of the file's times, a key of `TIME_UNITS`; in the dataset they are seconds

    def _load_data(self, token: str, dataset_path: str) -> None:
        """Read the files as they stand: RecBole takes quotes off ids, and takes `NA` for none.

        RecBole would go on without the features of a missing file.
        """
        self.filtered = {}
        self._files: dict[str, str] = {}  # name of a column that is read -> file
        self._asked: dict[str, Any] = self.config["load_col"] or {}
        for source in _SOURCES:
            ending = source.value
            path = Path(dataset_path) / f"{token}.{ending}"
            there = path.is_file()
            if ending in self._asked and not there:
                what = "is a folder" if path.is_dir() else "is missing"
                why = " --category_field=None" if ending == "item" else ""
                without = {kind: names for kind, names in self._asked.items() if kind != ending}
                raise DataError(
                    f"{path} {what}; put the file there, or write {load_col_flag(without)}{why}."
                )
            read = there and (ending in self._asked or not self._asked)
            setattr(self, f"{ending}_feat", self._read(path, source) if read else None)
        self.field2source[self.uid_field] = FeatureSource.USER_ID
        self.field2source[self.iid_field] = FeatureSource.ITEM_ID

    def _read(self, path: Path, source: FeatureSource) -> pd.DataFrame:
        """Read one file, and tell RecBole of its columns; sequences are cut at `seq_len`."""
        key = {FeatureSource.USER: self.uid_field, FeatureSource.ITEM: self.iid_field}.get(source)
        roles = Roles([key]) if key else Roles([self.uid_field, self.iid_field], [self.time_field])
        settings = ("field_separator", "seq_separator", "encoding")
        form = TableFormat(*(self.config[name] for name in settings))

        def choose(given: Sequence[Column]) -> list[Column]:
            return self._choose(given, roles, path)

        columns, frame = read_table(path, form, roles=roles, choose=choose)
        lists = [column.name for column in columns if column.kind.endswith("seq")]
        if key:
            self._count(f"{source.value}_rows_repeated", int(frame.duplicated(key).sum()))
            frame = joined_rows(frame, key, lists)
        for column in columns:
            self.field2source[column.name] = source
            self.field2type[column.name] = FeatureType(column.kind)
            self.field2seqlen[column.name] = 1
        for name in lists:
            if limit := (self.config["seq_len"] or {}).get(name):
                frame[name] = [values[:limit] for values in frame[name]]
            self.field2seqlen[name] = max(len(values) for values in frame[name])
        if not key:
            name, unit = self.time_field, self.config["time_unit"]
            times = frame[name].to_numpy(dtype=np.float64)
            again = read_blocks(path, form, roles=roles, choose=choose)
            frame[name], self.time_unit = column_in_seconds(times, unit, name, path, again)
        return frame

    def _choose(self, given: Sequence[Column], roles: Roles, path: Path) -> list[Column]:
        """Return the columns to read; refuse a header that cannot be used."""
        ending, names = path.suffix[1:], [column.name for column in given]
        asked = self._asked.get(ending, "*")
        load = names if asked == "*" else asked
        leave = (self.config["unload_col"] or {}).get(ending, ())
        wanted: dict[str, str | None] = dict.fromkeys(sorted(() if asked == "*" else set(asked)))
        wanted |= dict.fromkeys(roles.ids, "token") | dict.fromkeys(roles.times, "float")
        of_items = self.config["category_field"] in wanted and not roles.times
        present = load_col_flag(self._asked | {ending: [n for n in wanted if n in names]})
        fix = f"add it, or write {present}{' --category_field=None' * of_items}"
        of_features = self.config["item_features"] or ()
        if ending == "item" and not set(of_features) <= set(names):
            there = [name for name in of_features if name in names]
            fix += f" --item_features={typed(there)}"
        fix += "."
        require_columns(given, wanted, path, fix)
        read = [name for name in names if name in load and name not in leave]
        for name in (*roles.ids, *roles.times):
            if name not in read:
                raise DataError(
                    f"{path}: the column {name} is needed and not read; write "
                    f"{load_col_flag(self._asked | {ending: [name, *read]})}."
                )
        for name in read:
            other = self._files.setdefault(name, path.name)
            if other != path.name and name not in roles.ids:
                endings = [one.value for one in _SOURCES]
                files = {one: "*" for one in endings if path.with_suffix(f".{one}").is_file()}
                less = (self._asked or files) | {ending: [n for n in read if n != name]}
                raise DataError(
                    f"{path}, line 1: the column {name} is read from {other} too; rename "
                    f"one, or write {load_col_flag(less)}."
                )
        return [column for column in given if column.name in read]

    def _data_filtering(self) -> None:
        """Filter as RecBole does, and count what each filter drops, of which RecBole tells nothing.

        File order, in which ids are given, is kept.
        """
        for reason, step in {
            "rows_of_repeated_pairs": self._remove_duplication,
            "rows_outside_val_interval": self._filter_by_field_value,
            "rows_of_exact_duplicates": self._drop_exact_duplicates,
            "rows_without_features": self._filter_inter_by_user_or_item,
            "rows_outside_inter_num_interval": self._filter_by_inter_num,
        }.items():
            before = len(self.inter_feat)
            step()
            self._count(reason, before - len(self.inter_feat))
        self.inter_feat.sort_index(inplace=True)
        for name in self.feat_name_list:
            frame = getattr(self, name)
            if frame.empty:
                what = {"inter_feat": "interaction", "user_feat": "user", "item_feat": "item"}[name]
                raise DataError(
                    f"no {what} of dataset '{self.dataset_name}' is left after filtering: "
                    f"{why_filtered(self.filtered, self.config)}."
                )
            frame.reset_index(drop=True, inplace=True)

    def _fill_nan(self) -> None:
        """Fill missing values as RecBole does, numbers by means; keep what the items' file says."""
        frame = self.item_feat
        names = () if frame is None else [n for n in frame if self.field2type[n] == _NUMBERS[0]]
        self.item_numbers = {name: np.array(frame[name], dtype=np.float64) for name in names}
        super()._fill_nan()

    def _remove_duplication(self) -> None:
        """Keep one of a user's interactions with an item, the earlier in the file among ties.

        RecBole sorts with an unstable sort first, and so keeps any of those with equal times.
        """
        keep = self.config["rm_dup_inter"]
        if keep is not None:
            pair = [self.uid_field, self.iid_field]
            self.inter_feat.sort_values(self.time_field, kind="stable", inplace=True)
            self.inter_feat.drop_duplicates(pair, keep=keep, inplace=True)

    def _drop_exact_duplicates(self) -> None:
        """Drop them once other filters have spoken: two behaviours may stand at the same time."""
        if self.config["drop_duplicates"]:
            key = [self.uid_field, self.iid_field, self.time_field]
            self.inter_feat.drop_duplicates(key, inplace=True)

    def _filter_by_field_value(self) -> None:
        """Keep rows with a value that is asked for; RecBole goes on with intervals that are none.

        Of a list one value is enough.
        """
        for name, given in (self.config["val_interval"] or {}).items():
            wanted = self._checked_interval(name, given)
            if name == self.time_field:
                wanted = interval_in_seconds(str(wanted), self.time_unit)
            for frame in self.field2feats(name):
                values = frame[name].explode()
                if isinstance(wanted, str):
                    inside = _within(values.to_numpy(dtype=np.float64), wanted)
                else:
                    inside = values.isin(wanted).to_numpy()
                frame.drop(frame.index.difference(values.index[inside]), inplace=True)

    def _checked_interval(self, name: str, given: Any) -> str | list[str]:
        """Return the interval of a column of numbers, or the tokens of another column."""
        kind = self.field2type.get(name)
        if kind is None:
            also = {"inter": [*self._asked.get("inter", ()), name]}
            raise DataError(
                f"--val_interval: the column {name} is not read, only "
                f"{', '.join(self.field2type)}; write {load_col_flag(self._asked | also)}."
            )
        wanted: str | list[str] | None = None
        if kind in _NUMBERS:
            with suppress(ValidationError):
                wanted = _INTERVAL.validate_python(given)
            right, fix = "an interval such as '[3,inf)'", ""
        else:
            if isinstance(given, list | tuple):
                wanted = [str(token) for token in given]
            right, other = "a list of tokens", kind.value.replace("token", "float")
            fix = f", or write the column as {name}:{other} if it holds numbers"
        if wanted is None:
            raise DataError(
                f"--val_interval: {name} needs {right}, not {given!r}; write that{fix}."
            )
        return wanted

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
                frame[name] = _scaled(frame[name])

    def _count(self, reason: str, number: int) -> None:
        if number:
            self.filtered[reason] = self.filtered.get(reason, 0) + number


def _within(values: FloatArray, intervals: str) -> npt.NDArray[np.bool_]:
    """Return where numbers lie in one of the intervals, as `[3,inf)` or `[0,1];(3,4]`."""
    inside = np.zeros(len(values), dtype=bool)
    for interval in intervals.split(";"):
        text = interval.strip()
        low, high = map(float, text[1:-1].split(","))
        above = values >= low if text[0] == "[" else values > low
        inside |= above & (values <= high if text[-1] == "]" else values < high)
    return inside


def _scaled(column: Any) -> Any:
    """Return (R,) numbers, or arrays of them, scaled together to [0, 1]."""
    lists = column.dtype == object
    values = np.concatenate(column.to_list()) if lists else column.to_numpy(dtype=np.float64)
    low, high = np.min(values, initial=np.inf), np.max(values, initial=-np.inf)
    values = (values - low) / (high - low) if high > low else np.ones_like(values)
    if not lists:
        return values
    ends = np.cumsum([len(cell) for cell in column])
    return pd.Series(np.split(values, ends[:-1]), index=column.index, dtype=object)
