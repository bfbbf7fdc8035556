"""KuaiRec's table of captions, of which the names of the categories are wanted."""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from recbole_opal.errors import DataError

__all__ = ["CATEGORIES", "read_captions"]

# Coarse to fine; each becomes a field of its own, so that diversity counts one level only.
CATEGORIES = ("category", "subcategory", "leaf_category")
_COLUMNS = tuple(f"{level}_level_category_name" for level in ("first", "second", "third"))
_UNKNOWN = ("UNKNOWN", "nan", "")


def read_captions(path: Path, notes: list[str]) -> pd.DataFrame:
    """Return the names of the categories by video: text columns `video_id` and `CATEGORIES`.

    Captions hold stray quotes and line breaks, which no parser can mend: a row counts only if it
    has as many fields as the header and a number as its video.

    Args:
        path: of the table.
        notes: is told how many rows did not fit.

    Raises:
        DataError: the file cannot be read, or lacks a column.
    """
    found: dict[str, list[str]] = {}
    unfit = repeated = 0
    rows = _records(path)
    names = next(rows, [])
    lacking = [name for name in ("video_id", *_COLUMNS) if name not in names]
    if lacking:
        raise DataError(
            f"{path} has no column {lacking[0]}; get the file again, or move it away to do "
            "without the names of the categories."
        )
    video = names.index("video_id")
    places = [names.index(name) for name in _COLUMNS]
    for row in rows:
        if len(row) == len(names) and row[video].isdigit():
            cells = [_token(row[place]) for place in places]
            known = found.setdefault(row[video], cells)
            if known is not cells:
                repeated += 1
                found[row[video]] = [_joined(*pair) for pair in zip(known, cells, strict=True)]
        else:
            unfit += 1
    if unfit:
        notes.append(f"{path.name}: {unfit} malformed rows were left out (broken quotes)")
    if repeated:
        notes.append(f"{path.name}: {repeated:,} rows repeat a video; their categories are joined")
    table = [[video, *cells] for video, cells in found.items()]
    return pd.DataFrame(table, columns=["video_id", *CATEGORIES], dtype="object")


def _token(name: str) -> str:
    return "" if name in _UNKNOWN else "_".join(name.split())


def _joined(one: str, other: str) -> str:
    return " ".join(dict.fromkeys(f"{one} {other}".split()))


def _records(path: Path) -> Iterator[list[str]]:
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="\n") as lines:
            yield from csv.reader(line.replace("\r", " ").replace("\0", "") for line in lines)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{path} cannot be read ({error}); get it again, or move it away to do without the "
            "names of the categories."
        ) from error
