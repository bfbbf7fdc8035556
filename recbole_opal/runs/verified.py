"""Reading a folder of verified files: nothing is written, renamed, deleted or locked.

A reader needs no lock. Where an update was committed but a kill, or a writer that is at it, left
the new content under its staged name, it is read from there: its name carries its digest. Where a
writer commits between two reads, the manifest is read again.
"""

from pathlib import Path

from recbole_opal.errors import CheckpointError
from recbole_opal.runs.manifest import FileDigest, Manifest, regular_bytes, verified_bytes

__all__ = ["VerifiedFiles", "committed_bytes", "staged_path"]


class VerifiedFiles:
    """The files that a folder's manifest states.

    Attributes:
        path: The folder.
    """

    path: Path

    def __init__(self, path: Path) -> None:
        """Reads the manifest.

        Raises:
            CheckpointError: The folder has no sound manifest.
        """
        self.path = path
        self._files: dict[str, FileDigest] = dict(Manifest.read(path).files)

    @property
    def names(self) -> list[str]:
        """Names of the committed files, sorted."""
        return sorted(self._files)

    def read(self, name: str) -> bytes:
        """Content of a committed file, verified; see `verified_bytes` for the errors."""
        while True:
            try:
                return self._read(name)
            except CheckpointError:
                former, self._files = self._files, dict(Manifest.read(self.path).files)
                if self._files == former:  # no writer's doing
                    raise

    def _read(self, name: str) -> bytes:
        entry = self._files.get(name)
        if entry is not None:
            # In this order: a writer renames the staged file to its final name, never back.
            data = committed_bytes(staged_path(self.path, name, entry), entry)
            if data is not None:
                return data
        return verified_bytes(self.path, name, Manifest(self._files))


def staged_path(folder: Path, name: str, entry: FileDigest) -> Path:
    """Where the new content of a file waits for the commit.

    Args:
        folder: The folder.
        name: The file's final name.
        entry: The digest of the new content.
    """
    return folder / f".{name}.{entry.sha256}.tmp"


def committed_bytes(staged: Path, entry: FileDigest) -> bytes | None:
    """Content of a staged file if it is what the manifest states, None if not or not there.

    Args:
        staged: Its path.
        entry: What the manifest states of the file.
    """
    try:
        if not staged.exists():
            return None
        data = regular_bytes(staged, entry.size)
    except (CheckpointError, OSError):
        return None
    return data if FileDigest.of(data) == entry else None
