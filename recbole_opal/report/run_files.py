"""The run folders behind a comparison, read when they are asked for."""

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import numpy.typing as npt

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.run_files import load_arrays, load_training_log
from recbole_opal.errors import CheckpointError
from recbole_opal.runs import RunReader

__all__ = ["RunFiles"]

Content = TypeVar("Content")


class RunFiles:
    """Reads files of a comparison's runs; what cannot be read is told, and stops nothing.

    `problems` gets one line for each folder or file that cannot be read.
    """

    def __init__(self, comparison: ComparisonResult) -> None:
        self.problems: list[str] = []
        self._comparison = comparison
        self._folders: dict[str, RunReader | None] = {}

    def folder(self, path: Path) -> RunReader | None:
        """Return an opened run folder, or None and a problem told."""
        whole = os.path.abspath(path)  # noqa: PTH100, `resolve` fails on some paths
        if whole not in self._folders:
            self._folders[whole] = self._or_tell(self._comparison.open_run, Path(whole))
        return self._folders[whole]

    def arrays(self, path: Path, name: str) -> dict[str, npt.NDArray[Any]] | None:
        """Return an npz file of a run, None where the run has none."""
        folder = self.folder(path)
        there = folder is not None and name in folder.names
        return self._or_tell(load_arrays, folder, name) if there else None

    def epochs(self, path: Path) -> list[dict[str, Any]]:
        """Return the log of a run's training, empty where the run has none."""
        folder = self.folder(path)
        return self._or_tell(load_training_log, folder) or [] if folder else []

    def digest(self, path: Path, name: str) -> str:
        """Return what tells a file of a run from that of another run, empty where it has none."""
        folder = self.folder(path)
        if folder is None or name not in folder.names:
            return ""
        content = self._or_tell(folder.read, name)
        return sha256(content).hexdigest() if content is not None else ""

    def tell(self, problem: str) -> None:
        """Keep a problem; the same one once."""
        if problem not in self.problems:
            self.problems.append(problem)

    def _or_tell(self, load: Callable[..., Content], *given: Any) -> Content | None:
        try:
            return load(*given)
        except CheckpointError as error:
            self.tell(str(error))
            return None
