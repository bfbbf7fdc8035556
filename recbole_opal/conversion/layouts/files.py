"""The files of a data set in and below a folder, found by their names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from recbole_opal.errors import DataError
from recbole_opal.tables import require_file

__all__ = ["Files", "stem"]

_DEPTH = 3  # the archives unpack to at most `KuaiRec/KuaiRec 2.0/data`


@dataclass(frozen=True)
class Files:
    """The files in and below a folder, the nearest first; or a single file, with its neighbours."""

    source: Path
    paths: tuple[Path, ...]

    @classmethod
    def of(cls, source: Path) -> Files:
        """List the files, three folders deep; hidden ones are passed over.

        Raises:
            DataError: there is nothing at `source`, a pipe, or a folder that cannot be listed.
        """
        if not source.exists():
            raise DataError(f"there is no file or folder {source}; check the path.")
        try:
            if source.is_dir():
                return cls(source, tuple(_below(source, _DEPTH)))
            require_file(source)
            return cls(source, tuple(_below(source.parent, 0)))
        except OSError as error:
            raise DataError(f"{source} cannot be listed ({error.strerror}).") from error

    def named(self, pattern: str) -> list[Path]:
        """Return the files whose unpacked name matches; of a single file no other."""
        paths = self.paths if self.source.is_dir() else (self.source,)
        return sorted((path for path in paths if _fits(path, pattern)), key=stem)

    def different(self, pattern: str) -> dict[str, Path]:
        """Return those of `named` by their names, none of which may occur in two folders.

        Raises:
            DataError: one does.
        """
        found: dict[str, Path] = {}
        for path in self.named(pattern):
            if (other := found.setdefault(stem(path), path)) is not path:
                raise DataError(
                    f"{other} and {path} are the same log twice; name the folder of one of them."
                )
        return found

    def beside(self, log: Path, pattern: str) -> Path | None:
        """Return the file of a name that goes with a log: beside it, or else the nearest."""
        found = [path for path in self.paths if _fits(path, pattern)]
        return min(found, key=lambda path: path.parent != log.parent, default=None)


def stem(path: Path) -> str:
    """Return the name of a file, unpacked and in lower case."""
    return re.sub(r"\.(gz|zst)$", "", path.name.lower())


def _below(folder: Path, depth: int) -> list[Path]:
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    files = [path for path in entries if path.is_file()]
    folders = [path for path in entries if depth and path.is_dir()]
    return files + [path for below in folders for path in _below(below, depth - 1)]


def _fits(path: Path, pattern: str) -> bool:
    return re.fullmatch(pattern, stem(path), flags=re.IGNORECASE) is not None
