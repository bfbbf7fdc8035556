"""KuaiRand: Pure, 1K and 27K.

Learnt from the publisher's description (github.com/chongminggao/KuaiRand, README: file tree and
all field tables) and from the header of the published `video_features_basic_pure.csv`. Times are
Unix milliseconds (`time_ms`); the days of the publisher's `date` begin at midnight in UTC+8. The
27K logs come in two parts for each period, and are read one after another.

Not verified: that no header differs from the description, for want of the raw logs, and what
divides the two parts.
"""

from recbole_opal.conversion.columns import Column
from recbole_opal.conversion.layouts.layout import (
    NAME,
    TAGS,
    Field,
    ItemTable,
    Layout,
    Rule,
    any_of,
)

__all__ = ["KUAIRAND"]

_ACTIONS = ("is_like", "is_follow", "is_comment", "is_forward")
_COLUMNS = ("user_id", "video_id", "time_ms", "is_click", "long_view")
_RULES = {
    "long_view": any_of(["long_view"], "long_view is 1: watched to the end, or for 18 s"),
    "click": any_of(["is_click"], "is_click is 1: clicked, or watched to the end or for 7 s"),
    **{action.removeprefix("is_"): any_of([action], f"{action} is 1") for action in _ACTIONS},
    "any_action": any_of(_ACTIONS, "like, follow, comment or forward is 1"),
    "watch_ratio": Rule(
        "play time over duration is at least --watch_ratio, by default 1",
        "{duration_ms} > 0 AND {play_time_ms} >= {limit} * {duration_ms}",
        1.0,
    ),
    "shown": Rule("every video that was shown"),
}
_FIELDS = (
    Field(Column("tag", "token_seq"), "tag", TAGS),
    Field(Column("author_id", "token"), "author_id", NAME, may_lack=True),
    Field(Column("video_type", "token"), "video_type", NAME, may_lack=True),
    Field(Column("upload_type", "token"), "upload_type", NAME, may_lack=True),
    Field(Column("video_duration", "float"), "video_duration", may_lack=True),
)


def _declared(size: str) -> Layout:
    suffix = size.lower()
    parts = ("_part1", "_part2") if size == "27K" else ("",)
    periods = ("4_08_to_4_21", "4_22_to_5_08")
    standard = [f"log_standard_{period}_{suffix}{part}.csv" for period in periods for part in parts]
    random = f"log_random_4_22_to_5_08_{suffix}.csv"  # no recommender chose what was shown
    features = f"video_features_basic_{suffix}.csv"
    return Layout(
        name=f"KuaiRand-{size}",
        licence="CC BY-SA 4.0 (attribution, share alike)",
        citation="C. Gao, S. Li, Y. Zhang, J. Chen, B. Li, W. Lei, P. Jiang, X. He. KuaiRand: An "
        "Unbiased Sequential Recommendation Dataset with Randomly Exposed Videos. CIKM 2022. "
        "doi:10.1145/3511808.3557624",
        log_names=rf"log_(standard|random)_\d+_\d+_to_\d+_\d+_{suffix}(_part\d+)?\.csv",
        columns=_COLUMNS,
        looks_for=f"{', '.join(standard)} with {', '.join(_COLUMNS)}",
        rules=_RULES,
        unit="milliseconds",
        flag="random",
        logs={False: standard, True: [*standard, random]},
        items=(ItemTable(features, _FIELDS, needed=features),),
    )


KUAIRAND = tuple(map(_declared, ("Pure", "1K", "27K")))
