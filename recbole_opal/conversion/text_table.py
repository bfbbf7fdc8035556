"""Delimited text, plain or gzipped, in chunks of text columns."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recbole_opal.conversion.source import Tally
from recbole_opal.conversion.strict_lines import refuse_malformed_lines
from recbole_opal.conversion.text_header import TextFormat, places, read_header
from recbole_opal.conversion.text_stream import CheckedText, opened_text
from recbole_opal.errors import DataError

__all__ = ["TextFormat", "read_text", "text_header"]

_CHUNK_ROWS = 100_000
_CHUNK_CELLS = 1_000_000  # a wide table has shorter chunks


def text_header(path: Path, form: TextFormat = TextFormat()) -> list[str]:  # noqa: B008, frozen
    """Return the names of the columns.

    Args:
        path: of the file, plain or gzipped.
        form: how it is written.

    Raises:
        DataError: the file is missing, empty or no text.
    """
    with opened_text(path, form.encoding, Tally()) as text:
        return read_header(path, text, form)[0]


def read_text(
    path: Path,
    columns: Sequence[str],
    tally: Tally,
    form: TextFormat = TextFormat(),  # noqa: B008, frozen
) -> Iterator[pd.DataFrame]:
    """Yield the columns as text, some hundred thousand rows at a time.

    A cell is exactly what stands in the file, an empty one `""`. The index is the number of the
    line in which the row begins, its name `PATH, line`. Lines without any content are skipped.

    Args:
        path: of the file, plain or gzipped.
        columns: those wanted, in the order wanted.
        tally: counts the rows, and the bytes of the file as it lies on the disk.
        form: how it is written.

    Raises:
        DataError: the file is missing, empty, no text, damaged, without one of the columns, or a
            line has more fields than the header; or (this is told after the last chunk) fewer and
            is not all empty, or a quote in the middle of a field.
    """
    rows, last_is_empty = 0, False
    with opened_text(path, form.encoding, tally) as text:
        names, separator, first_line = read_header(path, text, form)
        text.separator, line = separator, first_line
        wanted = places(path, names, columns)
        check = partial(
            refuse_malformed_lines,
            *(path, form.encoding, separator, form.quoted, len(names), first_line),
        )
        for chunk in _parsed(path, text, separator, len(names), wanted, form.quoting, check):
            line = _number(chunk, path, line, inner_breaks=form.quoted and text.quotes > 0)
            surplus = chunk[len(names)].astype(str).to_numpy() != ""
            if surplus.any():
                check()  # it finds this row, or the stray quote before it
                place = f"{chunk.index.name} {chunk.index[surplus.argmax()]}"
                raise DataError(f"{place}: more fields than the header has; correct the line.")
            rows += len(chunk)
            last_is_empty |= bool((chunk[len(names) - 1] == "").any())
            frame = chunk[wanted].set_axis(list(columns), axis=1)
            blank = (frame == "").all(axis=1).to_numpy()
            if blank.any():
                # A line with separators only is a row too; it is told by its other columns.
                blank &= (chunk.drop(columns=wanted).astype(str) == "").all(axis=1).to_numpy()
                frame = frame[~blank]
            tally.rows += len(frame)
            yield frame
    quotes = form.quoted and text.quotes
    # Without quotes the separators tell by their number whether any is missing.
    if quotes or (last_is_empty and text.separators != rows * (len(names) - 1)):
        check()


def _parsed(
    path: Path,
    text: CheckedText,
    separator: str,
    width: int,
    places: Sequence[int],
    quoting: int,
    check: Callable[[], None],
) -> Iterator[pd.DataFrame]:
    """Yield chunks with the columns 0 to `width`; what the last one holds is too much.

    Where pandas gives up, `check` is called to tell why in the user's terms.
    """
    # Columns that are not wanted are read too: with `usecols` pandas keeps silent about rows that
    # are too long. As categories they cost little.
    kinds = {place: "str" if place in places else "category" for place in range(width + 1)}
    rows = min(_CHUNK_ROWS, max(1000, _CHUNK_CELLS // (len(places) + width // 4)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            # Its stubs know neither this kind of file nor columns named by numbers.
            read_csv: Any = pd.read_csv
            reader = read_csv(
                text,
                sep=separator,
                header=None,
                names=list(range(width + 1)),
                dtype=kinds,
                index_col=False,
                na_filter=False,
                skip_blank_lines=False,
                chunksize=rows,
                engine="c",
                low_memory=False,
                quoting=quoting,
            )
            for chunk in reader:
                if len(chunk):
                    yield chunk
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        check()
        reason = str(error).strip().splitlines()[-1]
        raise DataError(f"{path} cannot be parsed ({reason}); correct the file.") from error


def _number(chunk: pd.DataFrame, path: Path, first: int, *, inner_breaks: bool) -> int:
    """Make the line in which each row begins its index; return the line behind the chunk."""
    if not inner_breaks:
        chunk.index = pd.RangeIndex(first, first + len(chunk), name=f"{path}, line")
        return first + len(chunk)
    heights = np.ones(len(chunk), dtype=np.int64)  # (n,) lines of each row
    for place in chunk:
        cells = chunk[place]
        texts = cells.cat.categories if isinstance(cells.dtype, pd.CategoricalDtype) else cells
        if _line_breaks("".join(texts)):
            heights += cells.map(_line_breaks).to_numpy(np.int64)
    ends = first + np.cumsum(heights)
    chunk.index = pd.Index(ends - heights, name=f"{path}, line")
    return int(ends[-1])


def _line_breaks(cell: str) -> int:
    return cell.count("\n") + cell.count("\r") - cell.count("\r\n")
