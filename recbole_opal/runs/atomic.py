"""Files written whole or not at all: hidden temporary name, sync, rename, sync of the folder.

What survives: killed at any moment (`kill -9`, power cut), the path holds either its former
content or the new one, never a mixture. A kill may leave a hidden `.NAME.TOKEN.tmp`, which
`sweep` removes. What is refused: a disk that is full, read-only or gone raises `CheckpointError`
naming the path, the bytes needed and the fix; the former content stays and no temporary file does.
"""

import errno
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from recbole_opal.errors import CheckpointError
from recbole_opal.runs.encoding import encode_json
from recbole_opal.runs.tensors import encode_tensors

__all__ = [
    "discard",
    "publish",
    "stage",
    "sweep",
    "sync_folder",
    "write_bytes",
    "write_error",
    "write_json",
    "write_synced",
    "write_tensors",
    "write_text",
]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
# Some network file systems cannot sync a folder and say so; a rename is then as durable as theirs.
_CANNOT_SYNC = (errno.EINVAL, errno.ENOTSUP)


def write_bytes(path: Path, data: bytes) -> None:
    """Replaces the content of `path` by `data` in one step.

    Raises:
        CheckpointError: The file cannot be written; the former content is intact.
    """
    temporary = stage(path, data, secrets.token_hex(8))
    publish(temporary, path, len(data))


def write_text(path: Path, text: str) -> None:
    """Replaces the content of `path` by `text` in UTF-8; see `write_bytes`."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Replaces the content of `path` by `value` as JSON; see `write_bytes` and `encode_json`."""
    write_bytes(path, encode_json(value))


def write_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Replaces `path` by a safetensors file; see `write_bytes` and `encode_tensors`."""
    write_bytes(path, encode_tensors(tensors, metadata))


def stage(path: Path, data: bytes, token: str) -> Path:
    """Writes `data`, synced, under a hidden temporary name beside `path` and returns that name.

    Args:
        path: The file that `publish` will replace later.
        data: The whole new content.
        token: Part of the temporary name, letters and digits.

    Raises:
        CheckpointError: The file cannot be written; nothing is left behind.
    """
    temporary = path.with_name(f".{path.name}.{token}.tmp")
    try:
        discard(temporary)
        write_synced(temporary, data)
    except OSError as error:
        discard(temporary)
        raise write_error(path, len(data), error) from error
    except BaseException:  # Ctrl-C half way: leave nothing behind
        discard(temporary)
        raise
    return temporary


def publish(temporary: Path, path: Path, size: int) -> None:
    """Renames a staged file to its final name and syncs the folder.

    Args:
        temporary: What `stage` returned.
        path: The final name.
        size: Bytes of the file, for the message.

    Raises:
        CheckpointError: The rename failed (the former content is intact, the staged file is
            removed), or the folder could not be synced (the new content is in place).
    """
    try:
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        discard(temporary)
        raise write_error(path, size, error) from error


def write_synced(path: Path, data: bytes) -> None:
    """Creates `path` (never through an existing file or link), writes `data` and syncs it.

    Raises:
        OSError: It is there already, or cannot be written; part of it may be there then.
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
    """Makes the names inside `folder` durable (a no-op on Windows, which has no such call).

    Raises:
        OSError: The folder cannot be synced.
    """
    if os.name == "nt":
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
    """Removes the hidden temporary files that a kill left in `folder` and returns their paths.

    Raises:
        CheckpointError: A temporary file cannot be removed.
    """
    stale = sorted(folder.glob(".*.tmp"))
    for path in stale:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise write_error(path, 0, error) from error
    return stale


def discard(path: Path) -> None:
    """Removes a file if it is there and can be removed; used while another error is on its way."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # the error that led here is the one to tell; `sweep` meets the file again


def write_error(path: Path, size: int, error: OSError) -> CheckpointError:
    """Words an `OSError` of a write as one line: path, bytes needed, reason, fix."""
    reason = error.strerror or type(error).__name__
    if error.errno in _FULL:
        fix = f"free at least {size} bytes there or set --checkpoint_dir to another disk"
    elif error.errno in _READ_ONLY:
        fix = "make the folder writable or set --checkpoint_dir to one that is"
    else:
        fix = "check that the folder still exists and that the disk is healthy"
    return CheckpointError(f"cannot write {path} ({size} bytes needed): {reason}; {fix}.")
