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

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from recbole_opal.conversion.columns import Column
from recbole_opal.conversion.layouts.files import Files
from recbole_opal.conversion.layouts.layout import NAME, Layout, Rule, is_on
from recbole_opal.conversion.source import Items, Part
from recbole_opal.errors import DataError
from recbole_opal.tables import TextFormat, open_table

__all__ = ["MICROLENS"]

_HEADERS = (["user", "item", "timestamp"], ["userid", "videoid", "timestamp"])
_NO_HEADER = TextFormat(separator=",", names=("user", "item", "timestamp"))
_SEQUENCES = TextFormat(separator="\t", names=("user", "items"), quoted=False)
# Titles hold stray quotes: a line is taken whole and divided at its first comma.
_WHOLE_LINES = TextFormat(separator="\x1f", quoted=False)
_ID, _REST = (
    rf"regexp_extract({{}}, '^\x{{{{FEFF}}}}?\s*(\d+)\s*,(.*)$', {group})" for group in (1, 2)
)


def _is_log(path: Path, names: Sequence[str]) -> bool:
    """Tell by the header, or the first line."""
    if _untimed(path):
        return len(names) == 2 and _is_number(names[0])
    return list(names) in _HEADERS or _has_no_header(names)


def _untimed(path: Path) -> bool:
    return ".tsv" in path.suffixes


def _is_number(cell: str) -> bool:
    return cell.removeprefix("-").isdigit()


def _has_no_header(names: Sequence[str]) -> bool:
    return len(names) == 3 and all(map(_is_number, names))


def _read(path: Path, rule: Rule) -> Part:
    """Return the pairs; of the sequences each place in a line becomes the time of its video."""
    if _untimed(path):
        table = open_table(path, _SEQUENCES)
        videos = r"regexp_split_to_array(trim(c1), '\s+')"
        return Part(table, f"unnest({videos})", "c0", f"CAST(generate_subscripts({videos}, 1) - 1 "
                    "AS VARCHAR)")  # fmt: skip
    table = open_table(path)
    if _has_no_header(table.names):
        table = open_table(path, _NO_HEADER)
    return Part(table, "c1", "c0", "c2")


def _labels(
    layout: Layout, files: Files, logs: Sequence[Path], options: Mapping[str, str]
) -> Items | None:
    """Return the categories, and the titles on request: lines of an id, a comma and a label."""
    found = {"category": files.table(r"tags_to_summary\.csv", logs[0])}
    if is_on(options, "titles"):
        found["title"] = files.table(rf"{layout.name}_titles?(_en)?\.csv", logs[0])
        if found["title"] is None:
            raise DataError(
                f"{files.source}: --titles=True needs {layout.name}_titles.csv (or _title_en); put "
                "it beside the pairs, or leave the flag out."
            )
    parts = [_label(name, path) for name, path in found.items() if path is not None]
    columns = tuple(
        Column(name, "token_seq", "") for name, path in found.items() if path is not None
    )
    return Items(tuple(parts), columns, " ") if parts else None


def _label(name: str, path: Path) -> Part:
    table = open_table(path, _WHOLE_LINES)
    if _is_number(table.names[0].removeprefix("\ufeff").partition(",")[0].strip()):
        table = open_table(path, TextFormat("\x1f", names=("line",), quoted=False))
    text = f"trim({_REST.format('c0')}, ' \"')"
    # A video has one label, which may be of several words, and one title, its first.
    if name == "category":
        return Part(table, _ID.format("c0"), further={name: NAME.format(text)})
    first = f"QUALIFY row_number() OVER (PARTITION BY {_ID.format('c0')}) = 1"
    return Part(table, _ID.format("c0"), further={name: text}, rest=first)


def _declared(size: str) -> Layout:
    name = f"MicroLens-{size}"
    return Layout(
        name=name,
        licence="no licence file was found; the publisher forbids to offer changed copies for "
        "download (github.com/westlake-repl/MicroLens)",
        citation="Y. Ni, Y. Cheng, X. Liu, J. Fu, Y. Li, X. He, Y. Zhang, F. Yuan. A "
        "Content-Driven Micro-Video Recommendation Dataset at Scale. arXiv:2309.15379, 2023",
        log_names=rf"{name}_pairs\.(csv|tsv)",
        log_columns=tuple(_HEADERS[0]),
        looks_for=f"{name}_pairs.csv with {', '.join(_HEADERS[0])}, or {name}_pairs.tsv",
        rules={"comment": Rule("every pair: the user commented on the video")},
        switches=("titles",),
        roles=("user", "item", "timestamp"),
        is_log=_is_log,
        read=_read,
        read_items=_labels,
        order_only=_untimed,
        notes=("{} has no times: 0, 1, 2 ... s stand for the order of a user",),
    )


MICROLENS = tuple(map(_declared, ("50k", "100k", "1M")))
