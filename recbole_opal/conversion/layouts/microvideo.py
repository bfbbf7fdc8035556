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

from collections.abc import Mapping, Sequence
from pathlib import Path

from recbole_opal.conversion.columns import Column
from recbole_opal.conversion.layouts.files import Files
from recbole_opal.conversion.layouts.layout import NAME, Layout, Rule, any_of
from recbole_opal.conversion.source import Items, Part
from recbole_opal.errors import DataError
from recbole_opal.tables import open_table

__all__ = ["MICROVIDEO"]

_PLACES = ("user_id", "item_id", "cate_id", "is_click", "timestamp")


def _read(path: Path, rule: Rule) -> Part:
    """Read the columns by places; a test video is not the train video of its number."""
    table = open_table(path)
    if len(table.names) != len(_PLACES):
        raise DataError(
            f"{path}, line 1: {len(table.names)} columns, but MicroVideo-1.7M has five "
            f"({', '.join(_PLACES)}); get the file again."
        )
    user, item, category, click, time = (table.cell(name) for name in table.names)
    if path.name.lower().startswith("test"):
        item = f"CASE WHEN {item} = '' THEN '' ELSE 'test-' || {item} END"
    further = {"category": NAME.format(category), "is_click": click}
    return Part(table, item, user, time, further)


def _categories(
    layout: Layout, files: Files, logs: Sequence[Path], options: Mapping[str, str]
) -> Items:
    """Return the logs once more: the different categories of each video, which are joined."""
    parts = tuple(_read(path, layout.rules["shown"]) for path in logs)
    return Items(parts, (Column("category", "token_seq"),), " ", from_log=True)


def _files(options: Mapping[str, str]) -> list[str]:
    part = options.get("part", "both")
    return [f"{each}_data.csv" for each in ("train", "test") if part in ("both", each)]


MICROVIDEO = Layout(
    name="MicroVideo-1.7M",
    licence="no licence was found; offered for research by the authors of THACIL",
    citation="X. Chen, D. Liu, Z.-J. Zha, W. Zhou, Z. Xiong, Y. Li. Temporal Hierarchical "
    "Attention at Category- and Item-Level for Micro-Video Click-Through Prediction. ACM "
    "Multimedia 2018",
    log_names=r"(train|test)_data\.csv",
    log_columns=_PLACES,
    looks_for=f"train_data.csv and test_data.csv with five columns, {', '.join(_PLACES)}",
    rules={
        "click": any_of(["is_click"], "is_click is 1"),
        "shown": Rule("every video that was shown"),
    },
    roles=("user_id", "item_id", "timestamp"),
    files=_files,
    choices={"part": ("both", "train", "test")},
    is_log=lambda _, names: len(names) == 5 and "user" in names[0] and "time" in names[-1],
    read=_read,
    read_items=_categories,
)
