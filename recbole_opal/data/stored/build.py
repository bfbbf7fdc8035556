"""Stored histories are made once: the folder appears whole, and one process builds at a time."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from recbole_opal.data.stored.files import (
    FORMAT,
    MANIFEST,
    TOKENS,
    Manifest,
    StoredHistories,
    UnusableFilesError,
    open_stored,
)
from recbole_opal.data.stored.sorting import Rows, write_file, write_sorted
from recbole_opal.runs.atomic import sync_folder
from recbole_opal.runs.lock import exclusive
from recbole_opal.runs.whole_file import refusal

__all__ = ["Log", "stored_histories"]

_PATIENCE = 24 * 3600.0  # seconds to wait for another process that builds here


class Log(Protocol):
    """What histories are made of; see `LogFile`."""

    time_unit: str

    def rows(self) -> Iterator[Rows]:
        """Yield all rows, once."""

    def tokens(self) -> Mapping[str, bytes]:
        """Return the tokens of "users" and "items" when all rows are read."""


def stored_histories(folder: Path, source: str, log: Log) -> tuple[StoredHistories, str | None]:
    """Return the histories that lie in `folder`, made from `log` if they do not yet.

    `source` is the digest of all that they depend on. What is damaged, or was made from something
    else, is made again, and a line says so.

    Raises:
        DataError: the log is malformed, or the disk is full, or may not be written.
    """
    try:
        return open_stored(folder, source), None
    except (FileNotFoundError, UnusableFilesError):
        pass  # looked at again where no other process builds
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(folder.parent, _PATIENCE):
            return _built(folder, source, log)
    except OSError as error:
        raise refusal(folder, error) from error


def _built(folder: Path, source: str, log: Log) -> tuple[StoredHistories, str | None]:
    note = None
    try:
        return open_stored(folder, source), None
    except FileNotFoundError:
        pass
    except UnusableFilesError as error:
        note = f"{folder} {error}: its histories are built again"
    # Only who holds the folder above builds: what lies there under a hidden name was left by a
    # kill.
    for left in folder.parent.glob(f".{folder.name}.*"):
        shutil.rmtree(left, ignore_errors=True)
    token = secrets.token_hex(8)
    new, old = (folder.with_name(f".{folder.name}.{token}.{kind}") for kind in ("new", "old"))
    new.mkdir()
    try:
        _fill(new, source, log)
        with suppress(FileNotFoundError):
            folder.rename(old)
        new.rename(folder)
        sync_folder(folder.parent)
    finally:
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)
    return open_stored(folder, source), note


def _fill(folder: Path, source: str, log: Log) -> None:
    digests = write_sorted(folder, log.rows())
    for what, tokens in log.tokens().items():
        digests[TOKENS[what]] = write_file(folder / TOKENS[what], tokens)
    manifest = Manifest(format=FORMAT, source=source, time_unit=log.time_unit, files=digests)
    write_file(folder / MANIFEST, manifest.model_dump_json(indent=1).encode())
    sync_folder(folder)
