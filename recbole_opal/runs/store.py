"""A folder of verified files that are changed together or not at all.

How an update is made: (1) every new file is written and synced under a hidden name that carries
its digest, `.NAME.DIGEST.tmp`; (2) `manifest.json` is replaced: the commit point; (3) the staged
files are renamed to their final names and the dropped ones deleted. Killed before (2), the folder
is as it was and the staged files are rubbish; killed after (2), the staged files match the manifest
and the next opening finishes the renames. So a reader accepts exactly one digest a file, and
several files (weights, state, log) never disagree. Cost: one sync a file, one for the manifest, two
for the folder. One process writes at a time: an update holds the folder's lock, which a longer
`holding` block keeps over many of them, and what is in the folder is read anew under the lock.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from recbole_opal.runs import atomic
from recbole_opal.runs.creation import new_folder
from recbole_opal.runs.lock import exclusive
from recbole_opal.runs.manifest import MANIFEST_NAME, FileDigest, Manifest, check_name
from recbole_opal.runs.verified import VerifiedFiles, committed_bytes, staged_path

__all__ = ["VerifiedFolder"]


class VerifiedFolder(VerifiedFiles):
    """Plain files behind a manifest; see the module for what survives a kill.

    Attributes:
        path: The folder.
    """

    def __init__(self, path: Path, *, held: bool = False) -> None:
        """Opens a folder that has a manifest, finishing or undoing an update that was cut off.

        Args:
            path: The folder.
            held: Whether the caller holds its lock.

        Raises:
            CheckpointError: The folder has no sound manifest, cannot be tidied up, or another
                one holds it.
        """
        super().__init__(path)  # what is no run folder is refused before it is locked
        self._draft: dict[str, FileDigest] | None = None
        self._staged: dict[str, Path] = {}
        self._held = held
        self._settled = held
        if not held:
            with self.holding():
                pass  # tidied up

    @classmethod
    def create(cls, path: Path, files: Mapping[str, bytes] | None = None) -> "VerifiedFolder":
        """Makes a new folder that appears with these files in it; see `begin`."""
        with cls.begin(path, files or {}) as folder:
            return folder

    @classmethod
    @contextmanager
    def begin(cls, path: Path, files: Mapping[str, bytes]) -> Iterator["VerifiedFolder"]:
        """Makes a new folder that appears with these files in it, and holds it in the block.

        Raises:
            FileExistsError: `path` is taken.
            CheckpointError: The folder cannot be made, or a name is not plain.
        """
        digests = {check_name(name, path): FileDigest.of(data) for name, data in files.items()}
        with new_folder(path, {**files, MANIFEST_NAME: Manifest(digests).encode()}):
            folder = cls(path, held=True)
            try:
                yield folder
            finally:
                folder._held = False

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Keeps every other process, and every other opening, out while the block runs.

        What the folder holds is read anew when the block begins; an inner block joins the outer.

        Raises:
            CheckpointError: Another one holds the folder, or it cannot be tidied up.
        """
        if self._held:
            yield
            return
        with exclusive(self.path):
            self._settle()
            self._held = True
            try:
                yield
            finally:
                self._held = False

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
        with self.holding():
            if not self._settled:  # the disk failed in an update before
                self._settle()
            self._draft = dict(self._files)
            try:
                yield
                self._commit(self._draft)
            except BaseException:  # Ctrl-C included: the disk says on which side of the commit
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

    def _settle(self) -> None:
        """Takes the manifest from the disk, finishes a committed update, sweeps everything else."""
        self._settled = False
        self._files = dict(Manifest.read(self.path).files)
        for name, entry in self._files.items():
            staged = staged_path(self.path, name, entry)
            if committed_bytes(staged, entry) is not None:
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
