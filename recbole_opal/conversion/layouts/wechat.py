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

__all__ = ["WECHAT"]

_ACTIONS = ("read_comment", "like", "click_avatar", "forward", "comment", "follow", "favorite")
_COLUMNS = ("userid", "feedid", "date_", "like", "read_comment", "click_avatar")
# `12 0.93;7 0.41`: the probabilities go.
_GUESSED = TAGS.format(r"regexp_replace({}, '\s+[\d.eE+-]+', '', 'g')")
_FIELDS = (
    Field(Column("tag", "token_seq"), "manual_tag_list", TAGS),
    Field(Column("machine_tag", "token_seq"), "machine_tag_list", _GUESSED, may_lack=True),
    Field(Column("author_id", "token"), "authorid", NAME),
    Field(Column("video_duration", "float"), "videoplayseconds"),
)

WECHAT = Layout(
    name="WeChat-2021",
    licence="no public licence; the challenge's terms allow its participants to use the data",
    citation="Tencent WeChat. 2021 China College Computer Contest, WeChat Big Data Challenge. "
    "https://algo.weixin.qq.com",
    log_names=r"user_action\d*\.csv",
    columns=_COLUMNS,
    looks_for=f"user_action.csv with {', '.join(_COLUMNS)}",
    rules={
        "any_action": any_of(_ACTIONS, f"at least one of {', '.join(_ACTIONS)} is 1"),
        **{action: any_of([action], f"{action} is 1") for action in _ACTIONS},
        "watch_ratio": Rule(
            "play time over duration is at least --watch_ratio, by default 1",
            "{videoplayseconds} > 0 AND {play} >= {limit} * {videoplayseconds} * 1000",
            1.0,
        ),
        "shown": Rule("every video that was shown"),
    },
    roles=("userid", "feedid", "date_"),
    unit="day",
    items=(ItemTable("feed_info.csv", _FIELDS, key="feedid", needed="feed_info.csv"),),
    joined="videoplayseconds",
    note="only days are known: the rows of a user's day are ties, in the order of the file; split "
    "by day, not by row",
)
