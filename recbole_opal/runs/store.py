"""A folder of verified files that are changed together or not at all.

How an update is made: (1) every new file is written and synced under a hidden name that carries
its digest, `.NAME.DIGEST.tmp`; (2) `manifest.json` is replaced: the commit point; (3) the staged
files are renamed to their final names and the dropped ones deleted. Killed before (2), the folder
is as it was and the staged files are rubbish; killed after (2), they match the manifest and the
next opening finishes the renames. One process writes at a time: an update holds the folder's lock,
which a longer `working` block keeps over many of them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from recbole_opal.runs import atomic
from recbole_opal.runs.creation import growing_folder, new_folder
from recbole_opal.runs.lock import exclusive
from recbole_opal.runs.manifest import MANIFEST_NAME, FileDigest, Manifest, check_name
from recbole_opal.runs.reader import RunReader

__all__ = ["VerifiedFolder"]

Folder = TypeVar("Folder", bound="VerifiedFolder")


class VerifiedFolder(RunReader):
    """A folder of files to write; see the module for what survives a kill.

    Opening it finishes or undoes an update that was cut off, unless the caller says that it holds
    the folder's lock. A CheckpointError tells that there is no sound manifest, that the folder
    cannot be tidied up, or that another one holds it.
    """

    def __init__(self, path: Path, *, held: bool = False) -> None:
        super().__init__(path)  # what is no run folder is refused before it is locked
        self._draft: dict[str, FileDigest] | None = None
        self._held = self._settled = held
        with self.working():
            pass  # tidied up

    @classmethod
    @contextmanager
    def making(cls: type[Folder], path: Path, files: Mapping[str, bytes]) -> Iterator[Folder]:
        """Make a new folder with these files in it, and hold it in the block; see `new_folder`."""
        digests = {check_name(name, path): FileDigest.of(data) for name, data in files.items()}
        with new_folder(path, {**files, MANIFEST_NAME: Manifest(digests).encode()}):
            folder = cls(path, held=True)
            try:
                yield folder
            finally:
                folder._held = False

    @classmethod
    @contextmanager
    def growing(cls: type[Folder], path: Path, *, replace: bool = False) -> Iterator[Folder]:
        """Give the block a new folder that nobody sees; whole, it appears when the block ends.

        All that the block writes is one update; for `replace` see `growing_folder`.
        """
        files = {MANIFEST_NAME: Manifest().encode()}
        with growing_folder(path, files, replace=replace) as hidden:
            folder = cls(hidden, held=True)
            with folder.update():
                yield folder

    @contextmanager
    def working(self) -> Iterator[None]:
        """Keep every other process and every other opening out; an inner block joins the outer one.

        What the folder holds is read anew, since another one may have worked in it meanwhile.
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
        """Add or replace a file; inside `update` it counts when the block ends."""
        with self.update() as draft:
            entry = FileDigest.of(data)
            atomic.stage(self.path / check_name(name, self.path), data, entry.sha256)
            draft[name] = entry

    def drop(self, name: str) -> None:
        """Take a file out of the folder; inside `update` it counts when the block ends."""
        with self.update() as draft:
            draft.pop(name, None)

    @contextmanager
    def update(self) -> Iterator[dict[str, FileDigest]]:
        """Make all writes and drops of the block one step; an inner block joins the outer one.

        If the block raises, is interrupted, or cannot be written, nothing of it counts. It is given
        the manifest as it will be.
        """
        if self._draft is not None:
            yield self._draft
            return
        with self.working():
            if not self._settled:  # the disk failed in an update before
                self._settle()
            self._draft = dict(self._files)
            try:
                yield self._draft
                self._commit(self._draft)
            except BaseException:  # Ctrl-C included: the disk says on which side of the commit
                self._settle()
                raise
            finally:
                self._draft = None

    def _commit(self, files: dict[str, FileDigest]) -> None:
        """Steps 2 and 3 of the module's description."""
        path = self.path / MANIFEST_NAME
        data = Manifest(files).encode()
        temporary = atomic.stage(path, data, FileDigest.of(data).sha256)
        with atomic.writing(path, len(data)):
            atomic.sync_folder(self.path)  # staged names must be durable before they count
        atomic.publish(temporary, path, len(data))
        dropped = self._files.keys() - files.keys()
        self._files = files
        for name, entry in files.items():
            self._finish(name, entry)
        for name in sorted(dropped):
            with atomic.writing(self.path / name):
                (self.path / name).unlink(missing_ok=True)
        atomic.sweep(self.path)  # of what was written, and then written again or dropped

    def _settle(self) -> None:
        """Take the manifest from the disk, finish a committed update, sweep everything else."""
        self._settled = False
        self._files = dict(Manifest.read(self.path).files)
        for name, entry in self._files.items():
            if self._staged_bytes(name, entry) is not None:  # else half of it
                self._finish(name, entry)
        atomic.sweep(self.path)
        self._settled = True

    def _finish(self, name: str, entry: FileDigest) -> None:
        """Give a staged file, if there is one, its final name."""
        staged = self._staged_path(name, entry)
        if staged.exists():
            with atomic.writing(self.path / name):
                atomic.replace(staged, self.path / name)
