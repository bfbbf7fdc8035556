"""A new folder appears whole and held: built under a hidden name, then renamed.

Killed before the rename, nothing stands under the final name, and the hidden `.NAME.new` is rubbish
that the next creation beside it removes; a hidden folder that is being built is held, so it stays.
The lock is taken before anything lies in the folder and outlives the rename: from its first moment
on nobody else can open the folder for writing.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from recbole_opal.errors import CheckpointError
from recbole_opal.runs import atomic
from recbole_opal.runs.lock import exclusive

__all__ = ["new_folder"]

_UNBORN = re.compile(r"\.[A-Za-z0-9][A-Za-z0-9._+-]*\.new")


@contextmanager
def new_folder(path: Path, files: Mapping[str, bytes]) -> Iterator[None]:
    """Makes the folder `path` with these files and holds it while the block runs.

    Args:
        path: The folder; its parent is made too.
        files: Plain name to content.

    Raises:
        FileExistsError: `path` is taken.
        CheckpointError: The folder cannot be made; nothing of it is left.
    """
    hidden = path.with_name(f".{path.name}.new")
    _make(path, hidden)
    renamed = False
    with ExitStack() as stack:
        try:
            _hold(stack, hidden)
            for name, data in files.items():
                _write(path / name, hidden / name, data)
            if path.exists() or path.is_symlink():
                raise FileExistsError(path)
            try:
                atomic.sync_folder(hidden)
                hidden.rename(path)
                renamed = True
                atomic.sync_folder(path.parent)
            except OSError as error:
                raise atomic.write_error(path, 0, error) from error
        except BaseException:  # Ctrl-C included: half a folder helps nobody
            if renamed:
                _rename_back(path, hidden)
            _remove(hidden)
            raise
        yield


def _make(path: Path, hidden: Path) -> None:
    """Makes the hidden folder, after removing what kills left of other ones."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        hidden.mkdir()
    except FileExistsError as error:
        if hidden.is_dir():
            raise
        raise atomic.write_error(path, 0, error) from error  # a file in the parent's place
    except OSError as error:
        raise atomic.write_error(path, 0, error) from error


def _hold(stack: ExitStack, hidden: Path) -> None:
    """Takes the lock; another creation that swept the folder just before makes it draw again."""
    try:
        stack.enter_context(exclusive(hidden))
    except CheckpointError:
        if hidden.is_dir():
            raise
    if not hidden.is_dir():
        raise FileExistsError(hidden)


def _write(path: Path, hidden: Path, data: bytes) -> None:
    try:
        atomic.write_synced(hidden, data)
    except OSError as error:
        raise atomic.write_error(path, len(data), error) from error


def _rename_back(path: Path, hidden: Path) -> None:
    """Hides the folder before it is removed, so that never half of it has the final name."""
    try:
        path.rename(hidden)
    except OSError:
        return  # all of it is there, and stays


def _sweep(parent: Path) -> None:
    """Removes the hidden folders that nobody is building any more."""
    for path in sorted(parent.glob(".*.new")):
        if _UNBORN.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            try:
                with exclusive(path, patience=0.0):
                    _remove(path)
            except CheckpointError:
                continue  # being built, or swept by another one


def _remove(folder: Path) -> None:
    """Removes a folder of files as far as it can; what is left is met by the next sweep."""
    try:
        for path in folder.iterdir():
            atomic.discard(path)
        folder.rmdir()
    except OSError:
        return  # somebody else has put a folder there, or it is gone
