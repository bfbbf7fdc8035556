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

from collections.abc import Mapping, Sequence
from pathlib import Path

from recbole_opal.conversion.columns import Column
from recbole_opal.conversion.layouts.captions import CATEGORIES, read_captions
from recbole_opal.conversion.layouts.files import Files
from recbole_opal.conversion.layouts.layout import (
    TAGS,
    Field,
    Layout,
    Rule,
    item_part,
)
from recbole_opal.conversion.source import Items, Part
from recbole_opal.tables import open_table

__all__ = ["KUAIREC"]

_COLUMNS = ("user_id", "video_id", "timestamp", "watch_ratio")
_WATCHED = "{watch_ratio} >= {limit}"


def _with_captions(
    layout: Layout, files: Files, logs: Sequence[Path], options: Mapping[str, str]
) -> Items | None:
    """Return the tags, and the names of the categories where their table is there."""
    tags = item_part(layout, files, logs, options)
    path = files.table(r"kuairec_caption_category\.csv", logs[0])
    if tags is None or path is None:
        return tags
    notes: list[str] = []
    table = open_table(read_captions(path, notes))
    table.origin = path.name
    named = {name: table.cell(name) for name in CATEGORIES}
    columns = (*tags.columns, *(Column(name, "token_seq") for name in CATEGORIES))
    parts = (*tags.parts, Part(table, table.cell("video_id"), further=named))
    return Items(parts, columns, " ", notes=tuple(notes))


KUAIREC = Layout(
    name="KuaiRec",
    licence="CC BY-SA 4.0 (attribution, share alike)",
    citation="C. Gao, S. Li, W. Lei, J. Chen, B. Li, P. Jiang, X. He, J. Mao, T.-S. Chua. KuaiRec: "
    "A Fully-Observed Dataset and Insights for Evaluating Recommender Systems. CIKM 2022. "
    "doi:10.1145/3511808.3557220",
    log_names=r"(big|small)_matrix\.csv",
    log_columns=_COLUMNS,
    looks_for=f"big_matrix.csv or small_matrix.csv with {', '.join(_COLUMNS)}",
    rules={
        "watch_ratio": Rule(
            "watch_ratio is at least --watch_ratio, by default 2", _WATCHED, ("watch_ratio",), 2.0
        ),
        "watched": Rule(
            "watch_ratio is at least --watch_ratio, by default 1: seen to the end",
            _WATCHED,
            ("watch_ratio",),
            1.0,
        ),
        "shown": Rule("every video that was shown"),
    },
    roles=("user_id", "video_id", "timestamp"),
    unit="seconds",
    files=lambda options: [f"{options.get('matrix', 'big')}_matrix.csv"],
    choices={"matrix": ("big", "small")},
    item_file="item_categories.csv",
    fields=(Field(Column("tag", "token_seq"), "feat", TAGS),),
    read_items=_with_captions,
)
