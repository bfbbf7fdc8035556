"""A folder of verified files that are changed together or not at all.

How an update is made: (1) every new file is written and synced under a hidden name that carries
its digest, `.NAME.DIGEST.tmp`; (2) `manifest.json` is replaced: the commit point; (3) the staged
files are renamed to their final names and the dropped ones deleted. Killed before (2), the folder
is as it was and the staged files are rubbish; killed after (2), the staged files match the manifest
and the next opening finishes the renames. So a reader accepts exactly one digest a file, and
several files (weights, state, log) never disagree. Cost: one sync a file, one for the manifest, two
for the folder. One process writes at a time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recbole_opal.runs import atomic
from recbole_opal.runs.manifest import (
    MANIFEST_NAME,
    FileDigest,
    Manifest,
    check_name,
    verified_bytes,
)

__all__ = ["VerifiedFolder"]


class VerifiedFolder:
    """Plain files behind a manifest; see the module for what survives a kill.

    Attributes:
        path: The folder.
    """

    path: Path

    def __init__(self, path: Path) -> None:
        """Opens a folder that has a manifest, finishing or undoing an update that was cut off.

        Raises:
            CheckpointError: The folder has no sound manifest, or cannot be tidied up.
        """
        self.path = path
        self._files: dict[str, FileDigest] = {}
        self._draft: dict[str, FileDigest] | None = None
        self._staged: dict[str, Path] = {}
        self._settle()

    @classmethod
    def create(cls, path: Path) -> "VerifiedFolder":
        """Makes a new folder with an empty manifest.

        Raises:
            FileExistsError: `path` is taken.
            CheckpointError: The folder cannot be made.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:  # a file in the way included
            raise atomic.write_error(path, 0, error) from error
        try:
            path.mkdir()
        except FileExistsError:
            raise
        except OSError as error:
            raise atomic.write_error(path, 0, error) from error
        try:
            atomic.write_bytes(path / MANIFEST_NAME, Manifest().encode())
        except BaseException:  # Ctrl-C included
            _remove_if_empty(path)
            raise
        return cls(path)

    def discard(self) -> None:
        """Removes the folder if nothing was ever committed to it."""
        if not self._files:
            atomic.discard(self.path / MANIFEST_NAME)
            _remove_if_empty(self.path)

    @property
    def names(self) -> list[str]:
        """Names of the committed files, sorted."""
        return sorted(self._files)

    def read(self, name: str) -> bytes:
        """Content of a committed file, verified; see `verified_bytes` for the errors."""
        self._settle_if_needed()
        return verified_bytes(self.path, name, Manifest(self._files))

    def write(self, name: str, data: bytes) -> None:
        """Adds or replaces a file; inside `update` it counts when the block ends.

        Raises:
            CheckpointError: `name` is not plain, or the file cannot be written; the former
                content is intact.
        """
        with self.update():
            entry = FileDigest.of(data)
            former = self._staged.pop(check_name(name, self.path), None)
            if former is not None:
                atomic.discard(former)
            self._staged[name] = atomic.stage(self.path / name, data, entry.sha256)
            self._drafted()[name] = entry

    def drop(self, name: str) -> None:
        """Takes a file out of the folder; inside `update` it counts when the block ends."""
        with self.update():
            self._drafted().pop(name, None)
            former = self._staged.pop(name, None)
            if former is not None:
                atomic.discard(former)

    @contextmanager
    def update(self) -> Iterator[None]:
        """Makes all writes and drops of the block one step; an inner block joins the outer one.

        If the block raises, or is interrupted, nothing of it counts.

        Raises:
            CheckpointError: The update cannot be written. Either all of it counts or nothing.
        """
        if self._draft is not None:
            yield
            return
        self._settle_if_needed()
        self._draft = dict(self._files)
        try:
            yield
            self._commit(self._draft)
        except BaseException:  # Ctrl-C included: the disk says on which side of the commit we are
            self._settled = False
            self._settle()
            raise
        finally:
            self._draft = None
            self._staged = {}

    def _drafted(self) -> dict[str, FileDigest]:
        assert self._draft is not None  # noqa: S101 only called inside `update`
        return self._draft

    def _commit(self, files: dict[str, FileDigest]) -> None:
        """Steps 2 and 3 of the module's description."""
        path = self.path / MANIFEST_NAME
        data = Manifest(files).encode()
        temporary = atomic.stage(path, data, FileDigest.of(data).sha256)
        try:
            atomic.sync_folder(self.path)  # staged names must be durable before they count
        except OSError as error:
            raise atomic.write_error(path, len(data), error) from error
        atomic.publish(temporary, path, len(data))
        dropped = self._files.keys() - files.keys()
        self._files = files
        for name, staged in self._staged.items():
            self._rename(staged, self.path / name)
        for name in sorted(dropped):
            self._remove(self.path / name)

    def _settle_if_needed(self) -> None:
        if not self._settled:
            self._settle()

    def _settle(self) -> None:
        """Takes the manifest from the disk, finishes a committed update, sweeps everything else."""
        self._settled = False
        self._files = dict(Manifest.read(self.path).files)
        for name, entry in self._files.items():
            staged = self.path / f".{name}.{entry.sha256}.tmp"
            if staged.is_file() and FileDigest.of(staged.read_bytes()) == entry:
                self._rename(staged, self.path / name)
        atomic.sweep(self.path)
        self._settled = True

    def _rename(self, staged: Path, path: Path) -> None:
        try:
            staged.replace(path)
        except OSError as error:
            raise atomic.write_error(path, 0, error) from error

    def _remove(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise atomic.write_error(path, 0, error) from error


def _remove_if_empty(folder: Path) -> None:
    """Removes a folder that holds nothing; used while another error is on its way."""
    try:
        folder.rmdir()
    except OSError:
        return  # somebody else has put something there, or it is gone
