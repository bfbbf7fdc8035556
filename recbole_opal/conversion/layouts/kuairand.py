"""KuaiRand: Pure, 1K and 27K.

Learnt from the publisher's description (github.com/chongminggao/KuaiRand, README: file tree and
all field tables) and from the header of the published `video_features_basic_pure.csv`. Times are
Unix milliseconds (`time_ms`); the days of the publisher's `date` begin at midnight in UTC+8. The
27K logs come in two parts for each period, and are read one after another.

Not verified: that no header differs from the description, for want of the raw logs, and what
divides the two parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.conversion.layouts.base import OfficialLayout
from recbole_opal.conversion.layouts.cells import FloatArray, numbers, sequences, tokens
from recbole_opal.conversion.layouts.files import Files
from recbole_opal.conversion.layouts.options import WATCH_RATIO, switch
from recbole_opal.conversion.layouts.positives import (
    Positive,
    any_of,
    everything,
    flag,
    positive_rows,
)
from recbole_opal.conversion.layouts.reading import read_items, timed_rows
from recbole_opal.conversion.source import Column, FieldType, ItemTable, Source, Tally
from recbole_opal.conversion.table_files import header, total_bytes
from recbole_opal.conversion.times import TimeReader

__all__ = ["KUAIRAND", "KuaiRand"]

_ACTIONS = ("is_like", "is_follow", "is_comment", "is_forward")
_FIELDS: dict[str, FieldType] = {
    "tag": "token_seq",
    "author_id": "token",
    "video_type": "token",
    "upload_type": "token",
    "video_duration": "float",
}


def _watched(values: Mapping[str, FloatArray], threshold: float) -> npt.NDArray[np.bool_]:
    lengths = values["duration_ms"]
    watched: npt.NDArray[np.bool_] = values["play_time_ms"] >= threshold * lengths
    return watched & (lengths > 0)


_POSITIVES = {
    "long_view": flag("long_view", "long_view is 1: watched to the end, or for 18 s"),
    "click": flag("is_click", "is_click is 1: clicked, or watched to the end or for 7 s"),
    "like": flag("is_like", "is_like is 1"),
    "follow": flag("is_follow", "is_follow is 1"),
    "comment": flag("is_comment", "is_comment is 1"),
    "forward": flag("is_forward", "is_forward is 1"),
    "any_action": any_of(_ACTIONS, "like, follow, comment or forward is 1"),
    "watch_ratio": Positive(
        "play time over duration is at least --watch_ratio, by default 1",
        ("play_time_ms", "duration_ms"),
        _watched,
        1.0,
    ),
    "shown": everything("every video that was shown"),
}


class KuaiRand(OfficialLayout):
    """One of the three sizes.

    By default the logs of the standard recommender make the data set; `--random=True` adds those
    of the random exposure, which no recommender chose.

    Args:
        size: `Pure`, `1K` or `27K`.
    """

    licence = "CC BY-SA 4.0 (attribution, share alike)"
    citation = (
        "C. Gao, S. Li, Y. Zhang, J. Chen, B. Li, W. Lei, P. Jiang, X. He. KuaiRand: An Unbiased "
        "Sequential Recommendation Dataset with Randomly Exposed Videos. CIKM 2022. "
        "doi:10.1145/3511808.3557624"
    )
    options: Mapping[str, str] = {
        "random": "True: also the videos that were shown at random",
        "items": "False: no item table",
        "watch_ratio": WATCH_RATIO,
    }
    log_columns = ("user_id", "video_id", "time_ms", "is_click", "long_view")

    def __init__(self, size: str) -> None:
        super().__init__(_POSITIVES)
        self.name = f"KuaiRand-{size}"
        self._suffix = size.lower()
        parts = ("_part1", "_part2") if size == "27K" else ("",)
        periods = ("4_08_to_4_21", "4_22_to_5_08")
        self._standard = [
            f"log_standard_{period}_{self._suffix}{part}.csv"
            for period in periods
            for part in parts
        ]
        self._random = f"log_random_4_22_to_5_08_{self._suffix}.csv"
        self.looks_for = f"{', '.join(self._standard)} with {', '.join(self.log_columns)}"

    @property
    def log_names(self) -> str:
        """A regular expression for the names of the logs."""
        return rf"log_(standard|random)_\d+_\d+_to_\d+_\d+_{self._suffix}(_part\d+)?\.csv"

    def read(
        self, files: Files, positive: Positive, threshold: float, options: Mapping[str, str]
    ) -> Source:
        """Return the log of the positives, and the items; all arguments are checked."""
        logs = self._logs(files, with_random=switch(options, "random", default=False))
        name = f"video_features_basic_{self._suffix}.csv"
        table = self.item_table(files, name.replace(".", r"\."), logs[0], name, options)
        tally = Tally(bytes_total=total_bytes([*logs, *([table] if table else [])]))
        items = None
        if table:
            fields = [field for field in _FIELDS if field == "tag" or field in header(table)]
            columns = tuple(Column(field, _FIELDS[field]) for field in fields)
            items = ItemTable(columns, _items(table, columns, tally))
        return Source(_log(logs, positive, threshold, tally), tally, items=items)

    def _logs(self, files: Files, *, with_random: bool) -> list[Path]:
        """Return the logs in the order of their periods."""
        found = files.single_logs(self.log_names)
        if files.source.is_file():
            return found
        by_name = {path.name.lower().removesuffix(".gz"): path for path in found}
        wanted = [*self._standard, *([self._random] if with_random else [])]
        for name in wanted:
            if name not in by_name:
                raise self.missing(files, name)
        return [by_name[name] for name in wanted]


def _log(
    logs: list[Path], positive: Positive, threshold: float, tally: Tally
) -> Iterator[pd.DataFrame]:
    clock = TimeReader(tally, "time_ms", "milliseconds", by_flag=False)
    columns = ("user_id", "video_id", "time_ms")
    for path in logs:
        for found in positive_rows(path, columns, positive, threshold, tally):
            rows, seconds = timed_rows(found, "time_ms", clock, tally)
            yield pd.DataFrame({"user": rows["user_id"], "item": rows["video_id"], "time": seconds})


def _items(path: Path, columns: tuple[Column, ...], tally: Tally) -> Iterator[pd.DataFrame]:
    for chunk in read_items(path, ("video_id", *(column.name for column in columns)), tally):
        frame = pd.DataFrame({"item": chunk["video_id"]})
        for column in columns:
            cells = chunk[column.name]
            if column.type == "float":
                frame[column.name] = numbers(chunk, column.name)
            else:
                frame[column.name] = sequences(cells) if column.name == "tag" else tokens(cells)
        yield frame


KUAIRAND = tuple(KuaiRand(size) for size in ("Pure", "1K", "27K"))
