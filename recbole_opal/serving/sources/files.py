"""Files of histories: which format a file has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from recbole_opal.errors import DataError, SettingsError
from recbole_opal.serving.histories import RawHistories
from recbole_opal.serving.sources.columns import Columns

__all__ = ["read_file"]

_TABLES = (".csv", ".tsv", ".txt", ".inter")
_JSON_LINES = (".jsonl", ".ndjson")
_PARQUET = (".parquet", ".pq")


def read_file(path: Path, batch_size: int, columns: Columns) -> Iterator[RawHistories]:
    """Return the histories of a file, by the ending of its name.

    Raises:
        SettingsError: the ending is none that is known.
        DataError: the file is missing, or malformed (this also later, while it is read).
    """
    kind = Path(path.stem).suffix if path.suffix.lower() == ".gz" else path.suffix
    kind = kind.lower()
    if kind not in (*_TABLES, *_JSON_LINES, *_PARQUET):
        raise SettingsError(
            f"{path} has no known ending; give histories as .csv, .tsv, .inter, .jsonl (each also "
            "with .gz) or .parquet."
        )
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is not there"
        raise DataError(f"{path} {what}; give the path of a file of histories.")
    if kind in _JSON_LINES:
        from recbole_opal.serving.sources.json_lines import read_json_lines

        return read_json_lines(path, batch_size, columns)
    if kind in _PARQUET:
        from recbole_opal.serving.sources.parquet_file import read_parquet

        return read_parquet(path, batch_size, columns)
    from recbole_opal.serving.sources.text_table import read_text_table

    return read_text_table(path, batch_size, columns)
