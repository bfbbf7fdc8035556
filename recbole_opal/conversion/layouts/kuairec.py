"""KuaiRec.

Learnt from the publisher's description (github.com/chongminggao/KuaiRec, README: file tree and
field tables; kuairec.com: version 2.0 and the captions of 2024), and from public code that reads
`kuairec_caption_category.csv` for that file's header. `timestamp` is Unix seconds with a fraction;
rows without one are dropped and counted (public reports: 181,992 of the 4,676,570 rows of
`small_matrix.csv`, none of the big one). There is no like or click: the watch ratio decides, and 2
is the publisher's own example of a liked video. A user may see a video again: the big matrix has
11,564,987 pairs in 12,530,806 rows by the same reports.

Not verified: the quoting of the captions, which several readers found broken in places; lines that
do not fit are counted and left out.
`video_raw_categories_multi.csv` and `user_features_raw.csv` of the later release are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.conversion.layouts.base import OfficialLayout
from recbole_opal.conversion.layouts.captions import CATEGORIES, read_captions
from recbole_opal.conversion.layouts.cells import FloatArray, sequences
from recbole_opal.conversion.layouts.files import Files
from recbole_opal.conversion.layouts.options import WATCH_RATIO, choice
from recbole_opal.conversion.layouts.positives import Positive, everything, positive_rows
from recbole_opal.conversion.layouts.reading import read_items, timed_rows
from recbole_opal.conversion.source import Column, ItemTable, Source, Tally
from recbole_opal.conversion.table_files import total_bytes
from recbole_opal.conversion.times import TimeReader

__all__ = ["KUAIREC", "KuaiRec"]


def _watched(values: Mapping[str, FloatArray], threshold: float) -> npt.NDArray[np.bool_]:
    watched: npt.NDArray[np.bool_] = values["watch_ratio"] >= threshold
    return watched


_POSITIVES = {
    "watch_ratio": Positive(
        "watch_ratio is at least --watch_ratio, by default 2", ("watch_ratio",), _watched, 2.0
    ),
    "watched": Positive(
        "watch_ratio is at least --watch_ratio, by default 1: seen to the end",
        ("watch_ratio",),
        _watched,
        1.0,
    ),
    "shown": everything("every video that was shown"),
}


class KuaiRec(OfficialLayout):
    """The big matrix (7,176 users, as logged) or the small one (1,411 users, almost dense)."""

    name = "KuaiRec"
    licence = "CC BY-SA 4.0 (attribution, share alike)"
    citation = (
        "C. Gao, S. Li, W. Lei, J. Chen, B. Li, P. Jiang, X. He, J. Mao, T.-S. Chua. KuaiRec: A "
        "Fully-Observed Dataset and Insights for Evaluating Recommender Systems. CIKM 2022. "
        "doi:10.1145/3511808.3557220"
    )
    options: Mapping[str, str] = {
        "matrix": "big or small",
        "items": "False: no item table",
        "watch_ratio": WATCH_RATIO,
    }
    log_names = r"(big|small)_matrix\.csv"
    log_columns = ("user_id", "video_id", "timestamp", "watch_ratio")
    looks_for = f"big_matrix.csv or small_matrix.csv with {', '.join(log_columns)}"

    def __init__(self) -> None:
        super().__init__(_POSITIVES)

    def read(
        self, files: Files, positive: Positive, threshold: float, options: Mapping[str, str]
    ) -> Source:
        """Return the log of the positives, and the items; all arguments are checked."""
        log = self._log(files, options)
        table = self.item_table(files, r"item_categories\.csv", log, "item_categories.csv", options)
        captions = files.table(r"kuairec_caption_category\.csv", log) if table else None
        read = [path for path in (log, table) if path is not None]
        tally = Tally(bytes_total=total_bytes(read))
        items = None
        if table:
            names = ("tag", *(CATEGORIES if captions else ()))
            columns = tuple(Column(name, "token_seq") for name in names)
            items = ItemTable(columns, _items(table, captions, tally))
        return Source(_rows(log, positive, threshold, tally), tally, items=items)

    def _log(self, files: Files, options: Mapping[str, str]) -> Path:
        if files.source.is_file():
            return files.source
        matrix = choice(options, "matrix", ("big", "small"))
        found = files.single_logs(rf"{matrix}_matrix\.csv")
        if not found:
            raise self.missing(files, f"{matrix}_matrix.csv (--matrix={matrix})")
        return found[0]


def _rows(log: Path, positive: Positive, threshold: float, tally: Tally) -> Iterator[pd.DataFrame]:
    columns = ("user_id", "video_id", "timestamp")
    clock = TimeReader(tally, "timestamp", "seconds", by_flag=False)
    for found in positive_rows(log, columns, positive, threshold, tally):
        rows, seconds = timed_rows(found, "timestamp", clock, tally)
        yield pd.DataFrame({"user": rows["user_id"], "item": rows["video_id"], "time": seconds})


def _items(table: Path, captions: Path | None, tally: Tally) -> Iterator[pd.DataFrame]:
    """Yield the tags; the table has some ten thousand rows."""
    named = read_captions(captions, tally.notes) if captions else None
    for chunk in read_items(table, ("video_id", "feat"), tally):
        frame = pd.DataFrame({"item": chunk["video_id"], "tag": sequences(chunk["feat"])})
        if named is not None:
            frame = frame.join(named, on="item").fillna(dict.fromkeys(CATEGORIES, ""))
        yield frame


KUAIREC = KuaiRec()
