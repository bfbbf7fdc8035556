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

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from recbole_opal.conversion.layouts.base import OfficialLayout
from recbole_opal.conversion.layouts.cells import tokens
from recbole_opal.conversion.layouts.files import Files
from recbole_opal.conversion.layouts.options import switch
from recbole_opal.conversion.layouts.positives import Positive, everything
from recbole_opal.conversion.layouts.reading import one_of_each_item, read_items, timed_rows
from recbole_opal.conversion.source import Column, ItemTable, Source, Tally
from recbole_opal.conversion.table_files import header, read_table, total_bytes
from recbole_opal.conversion.text_table import TextFormat
from recbole_opal.conversion.times import TimeReader
from recbole_opal.errors import DataError

__all__ = ["MICROLENS", "MicroLens"]

_HEADERS = (("user", "item", "timestamp"), ("userid", "videoid", "timestamp"))
_NO_HEADER = TextFormat(separator=",", names=("user", "item", "timestamp"))
_SEQUENCES = TextFormat(separator="\t", names=("user", "items"), quoted=False)
# Titles hold stray quotes: a line is taken whole and split at its first comma.
_WHOLE_LINES = TextFormat(separator="\x1f", names=("line",), quoted=False)
_POSITIVES = {"comment": everything("every pair: the user commented on the video")}


class MicroLens(OfficialLayout):
    """One of the three sizes.

    The pairs with times (`_pairs.csv`) are read if they are there; of the sequences without times
    (`_pairs.tsv`) the times become 0, 1, 2 ... s within each user.

    Args:
        size: `50k`, `100k` or `1M`.
    """

    licence = (
        "no licence file was found; the publisher forbids to offer changed copies for download "
        "(github.com/westlake-repl/MicroLens)"
    )
    citation = (
        "Y. Ni, Y. Cheng, X. Liu, J. Fu, Y. Li, X. He, Y. Zhang, F. Yuan. A Content-Driven "
        "Micro-Video Recommendation Dataset at Scale. arXiv:2309.15379, 2023"
    )
    options: Mapping[str, str] = {
        "titles": "True: also the words of the titles",
        "items": "False: no item table",
    }
    log_columns = _HEADERS[0]

    def __init__(self, size: str) -> None:
        super().__init__(_POSITIVES)
        self.name = f"MicroLens-{size}"
        self.looks_for = (
            f"{self.name}_pairs.csv with {', '.join(_HEADERS[0])}, or {self.name}_pairs.tsv"
        )

    @property
    def log_names(self) -> str:
        """A regular expression for the names of the logs."""
        return rf"{self.name}_pairs\.(csv|tsv)"

    def is_log(self, path: Path) -> bool:
        """Tell by the header, or the first line, whether a file with a log's name is one."""
        try:
            first = [name.lower() for name in header(path)]
        except DataError:
            return False
        if _is_sequences(path):
            return len(first) == 2 and _is_number(first[0])
        return tuple(first) in _HEADERS or _has_no_header(first)

    def read(
        self, files: Files, positive: Positive, threshold: float, options: Mapping[str, str]
    ) -> Source:
        """Return the pairs, and the categories or titles; all arguments are checked."""
        titled = switch(options, "titles", default=False)
        logs = files.single_logs(self.log_names)  # csv comes before tsv
        log = next(filter(self.is_log, logs), None)
        if log is None:
            raise self.missing(files, self.looks_for)
        tables = self._item_files(files, log, titled) if switch(options, "items", True) else {}
        tally = Tally(bytes_total=total_bytes([log, *tables.values()]))
        untimed = _is_sequences(log)
        rows = _sequences(log, tally) if untimed else _pairs(log, tally)
        items = None
        if tables:
            columns = tuple(Column(name, "token_seq") for name in tables)
            items = ItemTable(columns, _items(tables, tally))
        return Source(rows, tally, items=items, time_unit="order" if untimed else None)

    def _item_files(self, files: Files, log: Path, titled: bool) -> dict[str, Path]:
        """Return field -> file."""
        found = {"category": files.table(r"tags_to_summary\.csv", log)}
        if titled:
            found["title"] = files.table(rf"{self.name}_titles?(_en)?\.csv", log)
            if found["title"] is None:
                raise DataError(
                    f"{files.source}: --titles=True needs {self.name}_titles.csv (or _title_en); "
                    "put it beside the pairs, or leave the flag out."
                )
        return {name: path for name, path in found.items() if path is not None}


def _is_sequences(path: Path) -> bool:
    return path.name.lower().removesuffix(".gz").endswith(".tsv")


def _is_number(cell: str) -> bool:
    return cell.removeprefix("-").isdigit()


def _has_no_header(first: list[str]) -> bool:
    return len(first) == 3 and all(_is_number(cell) for cell in first)


def _pairs(path: Path, tally: Tally) -> Iterator[pd.DataFrame]:
    names = header(path)
    bare = _has_no_header(names)
    form, columns = (_NO_HEADER, _HEADERS[0]) if bare else (TextFormat(separator=","), names)
    user, item, timestamp = columns
    clock = TimeReader(tally, timestamp, by_flag=False)
    for chunk in read_table(path, columns, tally, form):
        rows, seconds = timed_rows(chunk, timestamp, clock, tally)
        yield pd.DataFrame({"user": rows[user], "item": rows[item], "time": seconds})
    clock.finish()


def _sequences(path: Path, tally: Tally) -> Iterator[pd.DataFrame]:
    """Yield a row for each video of a line, its place in the line as the time."""
    tally.notes.append(f"{path.name} has no times: 0, 1, 2 ... s stand for the order of a user")
    for chunk in read_table(path, ("user", "items"), tally, _SEQUENCES):
        rows = chunk.assign(items=chunk["items"].str.split()).explode("items")
        tally.rows += len(rows) - len(chunk)
        places = rows.groupby(level=0, sort=False).cumcount().astype("float64")
        yield pd.DataFrame(
            {"user": rows["user"], "item": rows["items"].fillna(""), "time": places}
        ).reset_index(drop=True)


def _items(tables: Mapping[str, Path], tally: Tally) -> Iterator[pd.DataFrame]:
    """Yield the fields joined by video; the tables have some ten thousand rows."""
    columns = [_labels(name, path, tally) for name, path in tables.items()]
    yield pd.concat(columns, axis=1).fillna("").rename_axis("item").reset_index()


def _labels(name: str, path: Path, tally: Tally) -> pd.Series[str]:
    """Read lines of an id, a comma and a label; what has no number as its id is no such line."""
    chunks = read_items(path, ["line"], tally, _WHOLE_LINES)
    lines = pd.concat([chunk["line"] for chunk in chunks])
    parts = lines.str.removeprefix("\ufeff").str.partition(",")
    known = parts[0].str.strip().str.isdigit().to_numpy()
    unfit = int((~known[1:]).sum())  # the first line may be a header
    if unfit:
        tally.notes.append(f"{path.name}: {unfit} lines without a video number were left out")
    cells = parts[2][known].str.strip().str.strip('"')
    if name == "category":
        cells = tokens(cells)  # one label a video, which may be of several words
    labels = pd.Series(cells.to_numpy(), index=parts[0][known].str.strip(), name=name)
    return one_of_each_item(labels, path, tally, join=name == "category")


MICROLENS = tuple(MicroLens(size) for size in ("50k", "100k", "1M"))
