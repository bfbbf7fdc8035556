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

from recbole_opal.conversion.columns import Column
from recbole_opal.conversion.layouts.captions import open_captions
from recbole_opal.conversion.layouts.layout import NAME, TAGS, Field, ItemTable, Layout, Rule

__all__ = ["KUAIREC"]

_COLUMNS = ("user_id", "video_id", "timestamp", "watch_ratio")
_WATCHED = "{watch_ratio} >= {limit}"
_NAME = f"CASE WHEN {{0}} IN ('UNKNOWN', 'nan') THEN '' ELSE {NAME.format('{0}')} END"
# Coarse to fine; each becomes a field of its own, so that diversity counts one level only.
_CATEGORIES = {"category": "first", "subcategory": "second", "leaf_category": "third"}

KUAIREC = Layout(
    name="KuaiRec",
    licence="CC BY-SA 4.0 (attribution, share alike)",
    citation="C. Gao, S. Li, W. Lei, J. Chen, B. Li, P. Jiang, X. He, J. Mao, T.-S. Chua. KuaiRec: "
    "A Fully-Observed Dataset and Insights for Evaluating Recommender Systems. CIKM 2022. "
    "doi:10.1145/3511808.3557220",
    log_names=r"(big|small)_matrix\.csv",
    columns=_COLUMNS,
    looks_for=f"big_matrix.csv or small_matrix.csv with {', '.join(_COLUMNS)}",
    rules={
        "watch_ratio": Rule("watch_ratio is at least --watch_ratio, by default 2", _WATCHED, 2.0),
        "watched": Rule(
            "watch_ratio is at least --watch_ratio, by default 1: seen to the end", _WATCHED, 1.0
        ),
        "shown": Rule("every video that was shown"),
    },
    roles=("user_id", "video_id", "timestamp"),
    unit="seconds",
    flag="matrix",
    logs={"big": ["big_matrix.csv"], "small": ["small_matrix.csv"]},
    items=(
        ItemTable(
            "item_categories.csv",
            (Field(Column("tag", "token_seq"), "feat", TAGS),),
            needed="item_categories.csv",
        ),
        ItemTable(
            "kuairec_caption_category.csv",
            tuple(
                Field(Column(name, "token_seq"), f"{level}_level_category_name", _NAME)
                for name, level in _CATEGORIES.items()
            ),
            opened=open_captions,
        ),
    ),
)
