"""Lists of recommendations as csv, jsonl or parquet, written batch by batch."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

from recbole_opal.errors import SettingsError
from recbole_opal.process.program import installation
from recbole_opal.runs.whole_file import whole_file

if TYPE_CHECKING:
    from recbole_opal.serving.lists import Lists

__all__ = ["WRITERS", "ListsWriter", "lists_file", "writer_of"]

_COLUMNS = ("user", "rank", "item", "score", "interest", "by_popularity")
_ROW_GROUP = 100_000  # rows: with fewer, small batches would make a file of headers


class ListsWriter(Protocol):
    """Writes lists into an open file, which it never closes; at last `finish` or `abandon`."""

    def write(self, lists: Lists) -> None:
        """Write the lists of a batch."""

    def finish(self) -> None:
        """Write what the format has at its end."""

    def abandon(self) -> None:
        """Let go of a file that will be thrown away."""


@contextmanager
def lists_file(path: Path) -> Iterator[ListsWriter]:
    """Give a writer for a block, at whose end the file appears; after an error the old one stays.

    Raises:
        SettingsError: the ending of the name is not known, or pyarrow is not installed.
        DataError: the file cannot be written.
    """
    kind = writer_of(path)
    with whole_file(path) as file:
        writer = kind(file)
        try:
            yield writer
            writer.finish()
        except BaseException:
            writer.abandon()
            raise


def writer_of(path: Path) -> Callable[[BinaryIO], ListsWriter]:
    """Return the writer of a file's format, by the ending of its name.

    Raises:
        SettingsError: there is none, or pyarrow is not installed.
    """
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise SettingsError(f"{path} has no known ending; name it {', '.join(WRITERS)}.")
    if writer is _Parquet:
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError as error:
            raise SettingsError(
                f"{path}: writing parquet needs pyarrow; install it with {installation('parquet')}."
            ) from error
    return writer


class _Csv:
    """A row an item, in UTF-8: user, rank (from 1), item, score, interest, by_popularity."""

    def __init__(self, file: BinaryIO) -> None:
        self._text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        self._rows = csv.writer(self._text, lineterminator="\n")
        self._rows.writerow(_COLUMNS)

    def write(self, lists: Lists) -> None:
        rows, places = np.nonzero(lists.ids)
        users, tokens = list(map(str, lists.users)), lists.tokens
        popular = np.where(lists.by_popularity, "True", "False")
        self._rows.writerows(
            zip(
                [users[row] for row in rows.tolist()],
                (places + 1).tolist(),
                [tokens[number] for number in lists.ids[rows, places].tolist()],
                _short(lists.scores[rows, places]),
                lists.interests[rows, places].tolist(),
                popular[rows].tolist(),
                strict=True,
            )
        )

    def finish(self) -> None:
        self._text.detach()

    def abandon(self) -> None:
        return


class _JsonLines:
    """A user a line, in UTF-8: user, items, scores, interests, by_popularity."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._tokens: list[str] = []  # as JSON has them

    def write(self, lists: Lists) -> None:
        if not self._tokens:
            self._tokens = [_json(token) for token in lists.tokens]
        filled = lists.ids != 0
        ends = np.cumsum(filled.sum(axis=1)).tolist()
        items = [self._tokens[number] for number in lists.ids[filled].tolist()]
        scores = _short(lists.scores[filled])
        interests = lists.interests[filled].astype(str).tolist()
        popular = lists.by_popularity.tolist()
        lines = []
        for row, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
            lines.append(
                f'{{"user": {_json(str(lists.users[row]))}, '
                f'"items": [{", ".join(items[start:end])}], '
                f'"scores": [{", ".join(scores[start:end])}], '
                f'"interests": [{", ".join(interests[start:end])}], '
                f'"by_popularity": {_json(popular[row])}}}\n'
            )
        self._file.write("".join(lines).encode())

    def finish(self) -> None:
        return

    def abandon(self) -> None:
        return


class _Parquet:
    """A row an item, the columns of csv; a row group holds at least 100,000 rows."""

    def __init__(self, file: BinaryIO) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        kinds = (pa.string(), pa.int32(), pa.string(), pa.float32(), pa.int16(), pa.bool_())
        self._schema = pa.schema(list(zip(_COLUMNS, kinds, strict=True)))
        self._writer = parquet.ParquetWriter(file, self._schema)
        self._waiting: list[Any] = []
        self._tokens: Any = None

    def write(self, lists: Lists) -> None:
        import pyarrow as pa

        if self._tokens is None:
            self._tokens = pa.array(lists.tokens, pa.string())
        rows, places = np.nonzero(lists.ids)
        columns = (
            pa.array(list(map(str, lists.users)), pa.string()).take(pa.array(rows)),
            (places + 1).astype(np.int32),
            self._tokens.take(pa.array(lists.ids[rows, places])),
            lists.scores[rows, places],
            lists.interests[rows, places],
            lists.by_popularity[rows],
        )
        self._waiting.append(pa.table(list(columns), schema=self._schema))
        if sum(map(len, self._waiting)) >= _ROW_GROUP:
            self._write_group()

    def finish(self) -> None:
        if self._waiting:
            self._write_group()
        self._writer.close()

    def abandon(self) -> None:
        # Else it is closed when it is collected, and complains of a file that is closed by then.
        with suppress(Exception):
            self._writer.close()
        self._writer.is_open = False

    def _write_group(self) -> None:
        import pyarrow as pa

        whole = pa.concat_tables(self._waiting)
        self._waiting.clear()
        self._writer.write_table(whole, row_group_size=max(1, len(whole)))


WRITERS: dict[str, Callable[[BinaryIO], ListsWriter]] = {
    ".csv": _Csv,
    ".jsonl": _JsonLines,
    ".parquet": _Parquet,
}
"""The writer of each ending of a file's name."""


def _short(scores: npt.NDArray[np.float32]) -> list[str]:
    """Return each score by the fewest digits that read back as the same float32."""
    texts: list[str] = scores.astype(str).tolist()
    return texts


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
