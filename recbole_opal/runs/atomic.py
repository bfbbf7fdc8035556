"""Files written whole or not at all: hidden temporary name, sync, rename, sync of the folder.

Killed at any moment, the path holds either its former content or the new one; a hidden
`.NAME.TOKEN.tmp` that is left goes with `sweep`. A failing disk raises `CheckpointError` and leaves
the former content and no temporary file.
"""

import errno
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from recbole_opal.errors import CheckpointError
from recbole_opal.runs.encoding import encode_json

__all__ = [
    "discard",
    "hidden_name",
    "publish",
    "replace",
    "stage",
    "sweep",
    "sync_folder",
    "write_bytes",
    "write_error",
    "write_json",
    "write_synced",
    "write_text",
    "writing",
]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
_ELSEWHERE = "name another place by --checkpoint_dir, or by --out where a command has that"
# Some network file systems cannot sync a folder and say so; a rename is then as durable as theirs.
_CANNOT_SYNC = (errno.EINVAL, errno.ENOTSUP)
# Windows opens no folder, and renames over no file that somebody reads at that moment: a look into
# a run, a virus scan.
_FOLDERS_OPEN, _HELD_BY_READERS = os.name != "nt", os.name == "nt"
_PATIENCE, _PAUSE = 5.0, 0.02  # seconds


def write_bytes(path: Path, data: bytes) -> None:
    """Replace the content of `path` in one step; after a CheckpointError the former is intact."""
    publish(stage(path, data, secrets.token_hex(8)), path, len(data))


def write_text(path: Path, text: str) -> None:
    """Replace the content of `path` by `text` in UTF-8; see `write_bytes`."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Replace the content of `path` by `value` as JSON; see `write_bytes` and `encode_json`."""
    write_bytes(path, encode_json(value))


def stage(path: Path, data: bytes, token: str) -> Path:
    """Write `data`, synced, under a hidden temporary name beside `path` and return that name."""
    temporary = hidden_name(path, token)
    try:
        with writing(path, len(data)):
            discard(temporary)
            write_synced(temporary, data)
    except BaseException:  # Ctrl-C half way included: leave nothing behind
        discard(temporary)
        raise
    return temporary


def hidden_name(path: Path, token: str | None = None) -> Path:
    """Return the name of a temporary file beside `path`, which `sweep` knows."""
    return path.with_name(f".{path.name}.{token or secrets.token_hex(8)}.tmp")


def publish(temporary: Path, path: Path, size: int) -> None:
    """Rename a staged file of `size` bytes to its final name and sync the folder.

    Where the rename fails, the former content is intact and the staged file is removed.
    """
    try:
        with writing(path, size):
            replace(temporary, path)
            sync_folder(path.parent)
    except CheckpointError:
        discard(temporary)
        raise


def replace(temporary: Path, path: Path) -> None:
    """Rename a file over another one; where readers hold that (Windows), wait for them a while."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            temporary.replace(path)
        except PermissionError:
            if not _HELD_BY_READERS or path.is_dir() or time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE)
        else:
            return


def write_synced(path: Path, data: bytes) -> None:
    """Create `path`, never through an existing file or link, write `data` and sync it.

    After an OSError a part of it may be there.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        rest = memoryview(data)
        while rest:  # one call writes at most 2 GiB on Linux
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names inside `folder` durable (Windows has no such call)."""
    if not _FOLDERS_OPEN:
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise
    finally:
        os.close(descriptor)


def sweep(folder: Path) -> list[Path]:
    """Remove the hidden temporary files that a kill left in `folder` and return their paths."""
    stale = sorted(folder.glob(".*.tmp"))
    for path in stale:
        with writing(path):
            path.unlink(missing_ok=True)
    return stale


def discard(path: Path) -> None:
    """Remove a file if that can be done; else `sweep` meets it again."""
    with suppress(OSError):  # the error that led here is the one to tell
        path.unlink(missing_ok=True)


@contextmanager
def writing(path: Path, size: int = 0) -> Iterator[None]:
    """Word an `OSError` of the block as `write_error` does."""
    try:
        yield
    except OSError as error:
        raise write_error(path, size, error) from error


def write_error(path: Path, size: int, error: OSError) -> CheckpointError:
    """Word an `OSError` of a write as one line: path, bytes needed, reason, fix."""
    reason = error.strerror or type(error).__name__
    if error.errno in _FULL:
        fix = f"free at least {size} bytes there, or {_ELSEWHERE}"
    elif error.errno in _READ_ONLY:
        fix = f"make the folder writable, or {_ELSEWHERE}"
    else:
        fix = "check that the folder still exists and that the disk is healthy"
    return CheckpointError(f"cannot write {path} ({size} bytes needed): {reason}; {fix}.")
