"""A new folder appears whole and held: built under a hidden name, then renamed.

What `new_folder` makes is worked in from then on; `growing_folder` is worked in before, and appears
when that is done. The hidden `.NAME.new` that a kill leaves is removed by the next creation beside
it; one that is being built is held, so it stays. The lock is taken before anything lies in the
folder and outlives the rename.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from recbole_opal.errors import CheckpointError
from recbole_opal.runs import atomic
from recbole_opal.runs.lock import exclusive

__all__ = ["growing_folder", "mend", "new_folder"]

_UNBORN = re.compile(r"\.[A-Za-z0-9][A-Za-z0-9._+-]*\.new")


@contextmanager
def new_folder(path: Path, files: Mapping[str, bytes]) -> Iterator[None]:
    """Make the folder `path`, and its parent, with these files and hold it while the block runs.

    Raises:
        FileExistsError: `path` is taken.
        CheckpointError: The folder cannot be made; nothing of it is left.
    """
    with ExitStack() as held:
        with _hidden_folder(path, files, held):
            pass  # it has all that it begins with
        yield


@contextmanager
def growing_folder(
    path: Path, files: Mapping[str, bytes], *, replace: bool = False
) -> Iterator[Path]:
    """Give the block a hidden folder with these files; what it has then becomes `path`.

    Nobody else works in the hidden folder meanwhile. If the block fails or is interrupted, nothing
    is left of it, and `path` is as it was.

    Args:
        path: of the folder; its parent is made too.
        files: what the hidden folder begins with.
        replace: there is a folder of files `path`, which goes. It is whole under a hidden name
            until the new one is there; a kill between the two renames is mended by the next
            `growing_folder` of this path.

    Raises:
        FileExistsError: `path` is taken, or another process builds it.
        CheckpointError: the folder cannot be made.
    """
    _clear(_hidden(path))
    mend(path)
    with ExitStack() as held, _hidden_folder(path, files, held, replace=replace) as hidden:
        yield hidden
    mend(path)


@contextmanager
def _hidden_folder(
    path: Path, files: Mapping[str, bytes], held: ExitStack, *, replace: bool = False
) -> Iterator[Path]:
    """Give the block a hidden folder with these files, `held`; it is `path` at the end, or gone."""
    hidden, renamed = _hidden(path), False
    _make(path, hidden)
    try:
        _hold(held, hidden)
        for name, data in files.items():
            with atomic.writing(path / name, len(data)):
                atomic.write_synced(hidden / name, data)
        yield hidden
        if not replace and (path.exists() or path.is_symlink()):
            raise FileExistsError(path)
        with atomic.writing(path):
            atomic.sync_folder(hidden)
            if replace:
                path.rename(_former(path))
            hidden.rename(path)
            renamed = True
            atomic.sync_folder(path.parent)
    except BaseException:  # Ctrl-C included: half a folder helps nobody
        _undo(path, hidden, renamed)
        mend(path)
        raise


def _clear(hidden: Path) -> None:
    """Remove what a kill left of an earlier making of the same folder, unless it goes on."""
    if hidden.is_dir() and not hidden.is_symlink():
        with suppress(CheckpointError), exclusive(hidden, patience=0.0):
            _remove(hidden)


def mend(path: Path) -> None:
    """Finish or undo a replacement that a kill cut off: the former folder goes, or comes back."""
    former = _former(path)
    if former.is_dir() and path.exists():
        _remove(former)
    elif former.is_dir():
        with suppress(OSError):  # the error that led here is the one to tell
            former.rename(path)


def _hidden(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")


def _former(path: Path) -> Path:
    return path.with_name(f".{path.name}.former")


def _make(path: Path, hidden: Path) -> None:
    """Make the hidden folder, after removing what kills left of other ones."""
    with atomic.writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
    try:
        hidden.mkdir()
    except OSError as error:
        if hidden.is_dir():  # taken: another name is drawn
            raise
        raise atomic.write_error(path, 0, error) from error


def _hold(stack: ExitStack, hidden: Path) -> None:
    """Take the lock; another creation that swept the folder just before makes it draw again."""
    try:
        stack.enter_context(exclusive(hidden))
    except CheckpointError:
        if hidden.is_dir():
            raise
    if not hidden.is_dir():
        raise FileExistsError(hidden)


def _undo(path: Path, hidden: Path, renamed: bool) -> None:
    """Remove the folder, hidden first, so that never half of it has the final name."""
    with suppress(OSError):  # then all of it is there, and stays
        if renamed:
            path.rename(hidden)
    _remove(hidden)


def _sweep(parent: Path) -> None:
    """Remove the hidden folders that nobody is building any more."""
    for path in sorted(parent.glob(".*.new")):
        if _UNBORN.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            with suppress(CheckpointError), exclusive(path, patience=0.0):
                _remove(path)  # else it is being built, or swept by another one


def _remove(folder: Path) -> None:
    """Remove a folder of files as far as it can; what is left is met by the next sweep."""
    with suppress(OSError):  # somebody else has put a folder there, or it is gone
        for path in folder.iterdir():
            atomic.discard(path)
        folder.rmdir()
