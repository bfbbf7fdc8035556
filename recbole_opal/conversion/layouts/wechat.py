"""The WeChat Big Data Challenge 2021 (short videos of WeChat Channels), both rounds.

Learnt from the organiser's description of the data (the competition's page at
cloud.tencent.com/developer/competition/introduction/10010: fields of the feed table), its baseline
(github.com/WeChat-Big-Data-Challenge-2021: file names, `date_` 1 to 14, the seven actions,
`videoplayseconds`), and public entries (tag lists parted by `;`, a machine tag being its number
and, behind a blank, its probability).

Only the day is known. The time of a row is midnight of its day, day 1 at 0 s: all rows of a user's
day are ties, and stable sorting keeps them in the order of the file, which nothing says is the
order in which they were watched. A cut between days (the protocols by day or by time) is exact,
one within a day, as leave-one-out makes, is not.

Not verified: the order of the columns (they are found by name), the unit of `play` (milliseconds
by the description as entries quote it), and the licence: no public one is known.
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
from recbole_opal.conversion.layouts.options import WATCH_RATIO
from recbole_opal.conversion.layouts.positives import (
    Derive,
    Positive,
    any_of,
    everything,
    flag,
    positive_rows,
)
from recbole_opal.conversion.layouts.reading import read_items
from recbole_opal.conversion.source import Column, ItemTable, Source, Tally
from recbole_opal.conversion.table_files import header, read_table, total_bytes
from recbole_opal.errors import DataError

__all__ = ["WECHAT", "WeChat2021"]

_DAY = 86_400.0
_LAST_DAY = 366  # published are 1 to 14; a date or a time of another form is larger
_LENGTH = "videoplayseconds"
_ACTIONS = ("read_comment", "like", "click_avatar", "forward", "comment", "follow", "favorite")
_COLUMNS = (
    Column("tag", "token_seq"),
    Column("machine_tag", "token_seq"),
    Column("author_id", "token"),
    Column("video_duration", "float"),
)


def _watched(values: Mapping[str, FloatArray], threshold: float) -> npt.NDArray[np.bool_]:
    lengths = values[_LENGTH] * 1000.0
    watched: npt.NDArray[np.bool_] = values["play"] >= threshold * lengths
    return watched & (lengths > 0)


_POSITIVES = {
    "any_action": any_of(_ACTIONS, f"at least one of {', '.join(_ACTIONS)} is 1"),
    **{action: flag(action, f"{action} is 1") for action in _ACTIONS},
    "watch_ratio": Positive(
        "play time over duration is at least --watch_ratio, by default 1",
        ("play",),
        _watched,
        1.0,
    ),
    "shown": everything("every video that was shown"),
}


class WeChat2021(OfficialLayout):
    """`user_action.csv` with `feed_info.csv`."""

    name = "WeChat-2021"
    licence = "no public licence; the challenge's terms allow its participants to use the data"
    citation = (
        "Tencent WeChat. 2021 China College Computer Contest, WeChat Big Data Challenge. "
        "https://algo.weixin.qq.com"
    )
    options: Mapping[str, str] = {"items": "False: no item table", "watch_ratio": WATCH_RATIO}
    log_names = r"user_action\d*\.csv"
    log_columns = ("userid", "feedid", "date_", "like", "read_comment", "click_avatar")
    looks_for = f"user_action.csv with {', '.join(log_columns)}"

    def __init__(self) -> None:
        super().__init__(_POSITIVES)

    def read(
        self, files: Files, positive: Positive, threshold: float, options: Mapping[str, str]
    ) -> Source:
        """Return the log of the positives, and the items; all arguments are checked."""
        logs = files.single_logs(self.log_names)
        table = self.item_table(files, r"feed_info\.csv", logs[0], "feed_info.csv", options)
        tally = Tally(bytes_total=total_bytes([*logs, *([table] if table else [])]))
        derive = None
        if "play" in positive.columns:
            derive = _lengths(table, files)
        rows = _rows(logs, positive, threshold, tally, derive)
        items = ItemTable(_COLUMNS, _items(table, tally)) if table else None
        return Source(rows, tally, items=items)


def _rows(
    logs: list[Path], positive: Positive, threshold: float, tally: Tally, derive: Derive | None
) -> Iterator[pd.DataFrame]:
    tally.notes.append(
        "only days are known: the rows of a user's day are ties, in the order of the file; split "
        "by day, not by row"
    )
    columns = ("userid", "feedid", "date_")
    for path in logs:
        for found in positive_rows(path, columns, positive, threshold, tally, derive):
            days = numbers(found, "date_")
            fits = (days >= 1) & (days <= _LAST_DAY) & (days % 1 == 0) | np.isnan(days)
            rows = tally.keep(found, fits, f"date_ is no day from 1 to {_LAST_DAY}")
            seconds = (days[fits] - 1.0) * _DAY
            yield pd.DataFrame({"user": rows["userid"], "item": rows["feedid"], "time": seconds})


def _lengths(table: Path | None, files: Files) -> Derive:
    """Return what looks up the durations in s of a chunk's videos, NaN where unknown."""
    if table is None:
        raise DataError(
            f"{files.source}: --rule=watch_ratio needs the durations of feed_info.csv; leave "
            "--items=False out."
        )
    lengths: dict[str, float] = {}
    for chunk in read_table(table, ("feedid", _LENGTH), Tally()):
        lengths.update(zip(chunk["feedid"], numbers(chunk, _LENGTH), strict=True))

    def derive(chunk: pd.DataFrame) -> dict[str, FloatArray]:
        return {_LENGTH: np.asarray(chunk["feedid"].map(lengths), dtype=np.float64)}

    return derive


def _items(path: Path, tally: Tally) -> Iterator[pd.DataFrame]:
    wanted = ["feedid", "manual_tag_list", "authorid", _LENGTH]
    machine = "machine_tag_list"
    if machine in header(path):
        wanted.append(machine)
    for chunk in read_items(path, wanted, tally):
        guessed = chunk[machine] if machine in wanted else pd.Series("", index=chunk.index)
        yield pd.DataFrame(
            {
                "item": chunk["feedid"],
                "tag": sequences(chunk["manual_tag_list"]),
                # `12 0.93;7 0.41`: the probabilities go.
                "machine_tag": sequences(guessed.str.replace(r"\s+[\d.eE+-]+", "", regex=True)),
                "author_id": tokens(chunk["authorid"]),
                "video_duration": numbers(chunk, _LENGTH),
            }
        )


WECHAT = WeChat2021()
