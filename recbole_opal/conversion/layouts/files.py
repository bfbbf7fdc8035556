"""Which of a data set's files are there, by their names."""

import re
from dataclasses import dataclass
from pathlib import Path

from recbole_opal.conversion.table_files import header, require_file
from recbole_opal.errors import DataError

__all__ = ["Files", "holds_columns"]

# The archives unpack to at most `KuaiRec/KuaiRec 2.0/data`.
_DEPTH = 3


@dataclass(frozen=True)
class Files:
    """The files in and below a folder; or a single file, with its neighbours.

    Attributes:
        source: the folder, or the one file that is to be the log.
        paths: all files that were seen, the ones nearest to `source` first.
    """

    source: Path
    paths: tuple[Path, ...]

    @classmethod
    def of(cls, source: Path) -> "Files":
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

    def logs(self, pattern: str) -> list[Path]:
        """Return the files whose whole name, less a final `.gz`, matches, sorted by name.

        Where `source` is a file, it alone can be the log.
        """
        paths = self.paths if self.source.is_dir() else (self.source,)
        found = [path for path in paths if _fits(path, pattern)]
        return sorted(found, key=lambda path: path.name.lower())

    def table(self, pattern: str, log: Path) -> Path | None:
        """Return the table that goes with a log: the one beside it, or else the nearest."""
        found = [path for path in self.paths if _fits(path, pattern)]
        return next((path for path in found if path.parent == log.parent), next(iter(found), None))

    def single_logs(self, pattern: str) -> list[Path]:
        """Return `logs`, no name of which may occur in two folders.

        Raises:
            DataError: one does.
        """
        found = self.logs(pattern)
        for one, other in zip(found, found[1:], strict=False):
            if _stem(one) == _stem(other):
                raise DataError(
                    f"{one} and {other} are the same log twice; name the folder of one of them."
                )
        return found


def holds_columns(path: Path, columns: tuple[str, ...]) -> bool:
    """Tell whether a table's header has all the columns; False if it has none that can be read."""
    try:
        return set(columns) <= set(header(path))
    except DataError:
        return False


def _below(folder: Path, depth: int) -> list[Path]:
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    files = [path for path in entries if path.is_file()]
    if depth:
        for path in entries:
            if path.is_dir():
                files += _below(path, depth - 1)
    return files


def _stem(path: Path) -> str:
    return path.name.lower().removesuffix(".gz")


def _fits(path: Path, pattern: str) -> bool:
    return re.fullmatch(pattern, _stem(path), flags=re.IGNORECASE) is not None
