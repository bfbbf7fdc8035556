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

from recbole_opal.conversion.columns import Column
from recbole_opal.conversion.layouts.layout import NAME, Field, ItemTable, Layout, Rule, any_of

__all__ = ["MICROVIDEO"]

_COLUMNS = ("user_id", "item_id", "cate_id", "is_click", "timestamp")
_TRAIN, _TEST = "train_data.csv", "test_data.csv"

MICROVIDEO = Layout(
    name="MicroVideo-1.7M",
    licence="no licence was found; offered for research by the authors of THACIL",
    citation="X. Chen, D. Liu, Z.-J. Zha, W. Zhou, Z. Xiong, Y. Li. Temporal Hierarchical "
    "Attention at Category- and Item-Level for Micro-Video Click-Through Prediction. ACM "
    "Multimedia 2018",
    log_names=r"(train|test)_data\.csv",
    columns=_COLUMNS,
    looks_for=f"train_data.csv and test_data.csv with five columns, {', '.join(_COLUMNS)}",
    rules={
        "click": any_of(["is_click"], "is_click is 1"),
        "shown": Rule("every video that was shown"),
    },
    roles=("user_id", "item_id", "timestamp"),
    flag="part",
    logs={"both": [_TRAIN, _TEST], "train": [_TRAIN], "test": [_TEST]},
    items=(ItemTable("", (Field(Column("category", "token_seq"), "cate_id", NAME),)),),
    by_place=True,
    prefixes={_TEST: "test-"},
)
