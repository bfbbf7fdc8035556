"""Several new files of a folder, of any size, that appear together or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType

from recbole_opal.errors import CheckpointError, DataError
from recbole_opal.runs.atomic import discard, hidden_name, replace, sweep, sync_folder
from recbole_opal.runs.lock import exclusive
from recbole_opal.runs.whole_file import refusal

__all__ = ["StagedFiles"]


class StagedFiles:
    """Files that are written under hidden names, and renamed once all of them are complete.

    After an error or Ctrl-C the folder is as it was; if it was made here, it is gone. A kill can
    leave hidden `.NAME.TOKEN.tmp` files, which the next use of the folder removes. One command at a
    time writes into a folder.

    Args:
        folder: where the files will be; made, with its parents, if it is not there.

    Raises:
        DataError: on entering, writing and leaving: the disk is full, read-only or gone; on
            entering: another command is writing into the folder.

    Examples:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> with StagedFiles(folder) as files:
        ...     files.write("a.inter", [b"user_id:token", b"..."])
        >>> (folder / "a.inter").read_bytes()
        b'user_id:token...'
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[Path] = []  # the innermost first
        self._staged: dict[Path, Path] = {}
        self._held = ExitStack()

    def __enter__(self) -> StagedFiles:
        """Make the folder."""
        missing = [path for path in (self._folder, *self._folder.parents) if not path.exists()]
        try:
            for path in reversed(missing):
                path.mkdir()
                self._made.insert(0, path)
            self._held.enter_context(exclusive(self._folder))
            sweep(self._folder)  # only now: the files of one that goes on are not ours
        except CheckpointError as error:
            self._undo()
            raise DataError(str(error)) from error
        except OSError as error:
            self._undo()
            raise refusal(self._folder, error) from error
        return self

    def write(self, name: str, parts: Iterable[bytes]) -> None:
        """Write a file; it appears at the end of the block.

        Args:
            name: of the file, in the folder.
            parts: its content, piece by piece.

        Raises:
            DataError: it cannot be written.
        """
        with self.place(name) as temporary, temporary.open("xb") as file:
            for part in parts:
                file.write(part)

    @contextmanager
    def place(self, name: str) -> Iterator[Path]:
        """Give the place of a file, to be written in the block; it appears at the end of them all.

        Raises:
            DataError: it cannot be written.
        """
        path = self._folder / name
        temporary = hidden_name(path)
        self._staged[temporary] = path
        try:
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        except OSError as error:
            raise refusal(path, error) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Rename all files, or remove them."""
        with self._held:
            self._leave(error)

    def _leave(self, error: BaseException | None) -> None:
        if error is not None:
            self._undo()
            return
        try:
            for temporary, path in self._staged.items():
                replace(temporary, path)
            sync_folder(self._folder)
        except OSError as failure:
            self._undo()
            raise refusal(self._folder, failure) from failure

    def _undo(self) -> None:
        with self._held:
            for temporary in self._staged:
                discard(temporary)
            for folder in self._made:
                try:
                    folder.rmdir()
                except OSError:  # somebody else has put something there
                    return
