"""MicroLens: 50k, 100k and 1M.

Learnt from the publisher's pages (github.com/westlake-repl/MicroLens, README; the `readme.txt` that
comes with 50k and 100k), from a published `MicroLens-50k_titles.csv`, and from public code that
reads the 100k files: `MicroLens-100k_pairs.csv` has the header `user,item,timestamp` and integer
Unix milliseconds; `MicroLens-100k_title_en.csv` and `tags_to_summary.csv` have no header, the id
before the first comma and the title, or the one category, behind it. Every pair is a comment that
the user wrote under the video: there is nothing else to choose positives by.

Categories are published for 100k only (`tags_to_summary.csv`); if the file lies beside the pairs of
another size, its categories are matched by video number all the same.

Not verified: the headers of the 50k and 1M pairs (the readme names the columns userID, videoID,
timestamp; both spellings are read, as is a file without a header), that their times are
milliseconds (the size of the numbers decides), and the titles of 1M. `*_likes_and_views.txt` is
left aside: its counts include what is to be predicted. No licence file was found.
"""

from pathlib import Path

from recbole_opal.conversion.columns import Column
from recbole_opal.conversion.layouts.layout import NAME, Field, ItemTable, Layout, Rule
from recbole_opal.tables import Table, TextFormat, open_table

__all__ = ["MICROLENS"]

_COLUMNS = ("user", "item", "timestamp")
# Lines of an id, a comma and a label, which may hold stray quotes and further commas.
_LINES = TextFormat(separator="\x1f", names=("line",), quoted=False)
_ID, _LABEL = (
    rf"regexp_extract({{}}, '^\x{{{{FEFF}}}}?\s*(\d+)\s*,(.*)$', {group})" for group in (1, 2)
)
_LABEL = f"trim({_LABEL}, ' \"')"


def _lines(path: Path, notes: list[str]) -> Table:
    return open_table(path, _LINES)


def _declared(size: str) -> Layout:
    name = f"MicroLens-{size}"
    return Layout(
        name=name,
        licence="no licence file was found; the publisher forbids to offer changed copies for "
        "download (github.com/westlake-repl/MicroLens)",
        citation="Y. Ni, Y. Cheng, X. Liu, J. Fu, Y. Li, X. He, Y. Zhang, F. Yuan. A "
        "Content-Driven Micro-Video Recommendation Dataset at Scale. arXiv:2309.15379, 2023",
        log_names=rf"{name}_pairs\.(csv|tsv)",
        columns=_COLUMNS,
        looks_for=f"{name}_pairs.csv with {', '.join(_COLUMNS)}, or {name}_pairs.tsv",
        rules={"comment": Rule("every pair: the user commented on the video")},
        roles=_COLUMNS,
        by_place=True,
        bare=True,
        sequences=True,
        items=(
            ItemTable(
                "tags_to_summary.csv",
                (Field(Column("category", "token_seq", ""), "line", NAME.format(_LABEL)),),
                key="line",
                id=_ID,
                opened=_lines,
            ),
            ItemTable(
                rf"{name}_titles?(_en)?\.csv",
                (Field(Column("title", "token_seq", ""), "line", _LABEL),),
                key="line",
                id=_ID,
                # A video has one title, its first; some files have a header.
                rest="WHERE c0 NOT ILIKE 'item,%' QUALIFY row_number() OVER (PARTITION BY {}) = 1",
                needed=f"{name}_titles.csv (or _title_en)",
                flag="titles",
                opened=_lines,
            ),
        ),
        note="{} has no times: 0, 1, 2 ... s stand for the order of a user",
    )


MICROLENS = tuple(map(_declared, ("50k", "100k", "1M")))
