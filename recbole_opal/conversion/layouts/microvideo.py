"""MicroVideo-1.7M (THACIL).

Learnt from the authors' repositories (github.com/Ocxs/THACIL, github.com/whn09/THACIL: file names,
commas, one header line, then by place user, video, category, click and, last, the time), the BARS
benchmark's description (videos of the test file are all new) and public code that gives the files
the columns `user_id,item_id,cate_id,is_click,timestamp`.

The two files number their videos apart: 0 to 984,982 index the cover images of the train part,
0 to 719,896 those of the test part. A test video is therefore written as `test-17`, so that it is
not taken for train video 17. The authors split by time: all test videos are new, so under a split
that keeps the authors' parts no model without content can know them.

Not verified: the header of `train_data.csv` (columns go by place; only the first and the last name
are looked at), the unit of the times (their size decides; small numbers, as of seconds since the
first row, are taken as they are) and that both files share one clock: their times must have one
unit.
No licence was found. The images (`.npy`) are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from recbole_opal.conversion.known_ids import KnownIds
from recbole_opal.conversion.layouts.base import OfficialLayout
from recbole_opal.conversion.layouts.cells import tokens
from recbole_opal.conversion.layouts.files import Files
from recbole_opal.conversion.layouts.options import choice, switch
from recbole_opal.conversion.layouts.positives import Positive, everything, flag, positive_rows
from recbole_opal.conversion.layouts.reading import read_items, timed_rows
from recbole_opal.conversion.source import Column, ItemTable, Source, Tally
from recbole_opal.conversion.table_files import header, total_bytes
from recbole_opal.conversion.times import TimeReader
from recbole_opal.errors import DataError

__all__ = ["MICROVIDEO", "MicroVideo"]

_CLICK = "is_click"
_PLACES = ("user_id", "item_id", "cate_id", _CLICK, "timestamp")
_POSITIVES = {
    "click": flag(_CLICK, "is_click is 1"),
    "shown": everything("every video that was shown"),
}


class MicroVideo(OfficialLayout):
    """`train_data.csv` and `test_data.csv`."""

    name = "MicroVideo-1.7M"
    licence = "no licence was found; offered for research by the authors of THACIL"
    citation = (
        "X. Chen, D. Liu, Z.-J. Zha, W. Zhou, Z. Xiong, Y. Li. Temporal Hierarchical Attention at "
        "Category- and Item-Level for Micro-Video Click-Through Prediction. ACM Multimedia 2018"
    )
    options: Mapping[str, str] = {
        "part": "both, train or test",
        "items": "False: no item table",
    }
    log_names = r"(train|test)_data\.csv"
    log_columns = _PLACES
    looks_for = f"train_data.csv and test_data.csv with five columns, {', '.join(_PLACES)}"

    def __init__(self) -> None:
        super().__init__(_POSITIVES)

    def is_log(self, path: Path) -> bool:
        """Tell by number, first and last of the columns whether a file with a log's name is one."""
        try:
            names = [name.lower() for name in header(path)]
        except DataError:
            return False
        return len(names) == 5 and "user" in names[0] and "time" in names[-1]

    def read(
        self, files: Files, positive: Positive, threshold: float, options: Mapping[str, str]
    ) -> Source:
        """Return the log of the positives, and the categories; all arguments are checked."""
        part = choice(options, "part", ("both", "train", "test"))
        found = files.single_logs(self.log_names)
        if files.source.is_dir():
            by_name = {path.name.lower().removesuffix(".gz"): path for path in found}
            wanted = [f"{each}_data.csv" for each in ("train", "test") if part in ("both", each)]
            for name in wanted:
                if name not in by_name:
                    raise self.missing(files, f"{name} (--part={part})")
            found = [by_name[name] for name in wanted]
        with_items = switch(options, "items", default=True)
        tally = Tally(bytes_total=total_bytes(found) * (1 + with_items))
        rows = _rows(found, positive, threshold, tally)
        if not with_items:
            return Source(rows, tally)
        items = ItemTable((Column("category", "token_seq"),), _items(found, tally))
        return Source(rows, tally, items=items)


def _rows(
    logs: list[Path], positive: Positive, threshold: float, tally: Tally
) -> Iterator[pd.DataFrame]:
    clock = TimeReader(tally, _PLACES[-1], by_flag=False)
    for path in logs:
        user, item, _, click, timestamp = _columns(path)
        rule = replace(
            positive,
            columns=(click,) if positive.columns else (),
            test=lambda values, threshold, click=click: positive.test(  # type: ignore[misc]
                {_CLICK: values[click]}, threshold
            ),
        )
        for found in positive_rows(path, (user, item, timestamp), rule, threshold, tally):
            rows, seconds = timed_rows(found, timestamp, clock, tally)
            yield pd.DataFrame(
                {"user": rows[user], "item": _named(path, rows[item]), "time": seconds}
            )
    clock.finish()


def _items(logs: list[Path], tally: Tally) -> Iterator[pd.DataFrame]:
    """Read the logs once more: the different categories of each video, which the writer joins."""
    seen = KnownIds()
    for path in logs:
        _, item, category, _, _ = _columns(path)
        for chunk in read_items(path, (item, category), tally):
            rows = chunk.drop_duplicates()
            frame = pd.DataFrame(
                {"item": _named(path, rows[item]), "category": tokens(rows[category])}
            )
            pairs = frame["item"] + "\t" + frame["category"]
            new = ~seen.holds(pairs)
            seen.add(pairs)
            yield frame[new]


def _columns(path: Path) -> list[str]:
    """Return the five names of the columns, whatever they are."""
    names = header(path)
    if len(names) != len(_PLACES):
        raise DataError(
            f"{path}, line 1: {len(names)} columns, but MicroVideo-1.7M has five "
            f"({', '.join(_PLACES)}); get the file again."
        )
    return names


def _named(path: Path, items: pd.Series[str]) -> pd.Series[str]:
    """Tell a test video from the train video of its number."""
    is_test = path.name.lower().startswith("test")
    return ("test-" + items).where(items != "", "") if is_test else items


MICROVIDEO = MicroVideo()
