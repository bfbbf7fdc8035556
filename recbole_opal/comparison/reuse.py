"""Is a run done already, or half done? Found by its origin, never by its name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recbole_opal.errors import CheckpointError
from recbole_opal.runs import RunFolder
from recbole_opal.runs.origin import PACKAGES, Origin

__all__ = ["KnownRuns"]


@dataclass(frozen=True)
class KnownRuns:
    """The run folders of one parent folder that can stand for a run or be continued.

    A run that another process is training, or whose files are damaged, counts as unknown.

    Attributes:
        parent: the folder of the run folders.
    """

    parent: Path

    def finished(self, origin: Origin) -> Path | None:
        """Return the newest finished run of this origin, or None.

        Args:
            origin: what the run must be made from. Its versions are compared with those at the
                run's end too, since a run may be continued after an update.
        """
        for path in self._of(origin):
            folder = _opened(path)
            if folder is not None and "metrics.json" in folder.names and _sound(folder, origin):
                return path
        return None

    def unfinished(self, origin: Origin) -> Path | None:
        """Return the newest run of this origin that can be continued, or None.

        Args:
            origin: what the run must be made from.
        """
        for path in self._of(origin):
            folder = _opened(path)
            if folder is not None and "metrics.json" not in folder.names and folder.has_state():
                return path
        return None

    def _of(self, origin: Origin) -> list[Path]:
        paths = [path.parent for path in self.parent.glob("*/origin.json")]
        found = [path for path in paths if _origin(path) == origin]
        return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def _origin(path: Path) -> Origin | None:
    """Read the origin alone: to open a folder is to tidy it up, which is for matching ones."""
    try:
        text = (path / "origin.json").read_bytes()
    except OSError:
        return None
    try:
        return Origin.from_bytes(text)
    except CheckpointError:
        return None


def _opened(path: Path) -> RunFolder | None:
    try:
        return RunFolder.open(path)
    except CheckpointError:
        return None


def _sound(folder: RunFolder, origin: Origin) -> bool:
    try:
        folder.verify()
        found = folder.load_json("metrics.json")["versions"]
    except CheckpointError:
        return False
    return all(found.get(name) == origin.versions[name] for name in PACKAGES)
