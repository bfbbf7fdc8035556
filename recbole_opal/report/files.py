"""The run folders behind a comparison, read when they are asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy.typing as npt

from recbole_opal.errors import CheckpointError
from recbole_opal.report.schema import checked_lines
from recbole_opal.report.source import Row
from recbole_opal.runs import RunReader
from recbole_opal.runs.refusal import reason_of
from recbole_opal.runs.shapes import misfit

__all__ = ["Arrays", "RunFiles"]

Arrays = dict[str, npt.NDArray[Any]]


class RunFiles:
    """Reads files of runs; what cannot be read is told once, and never stops the report.

    Attributes:
        problems: one line for each folder or file that could not be read.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._folders: dict[Path, RunReader | None] = {}

    def folder(self, path: Path) -> RunReader | None:
        """Return an opened run folder, or None and a problem told."""
        key = Path(os.path.abspath(path))  # noqa: PTH100, `resolve` fails on some paths
        if key not in self._folders:
            self._folders[key] = self._open(key)
        return self._folders[key]

    def arrays(self, path: Path, name: str) -> Arrays | None:
        """Return an npz file of a run, None where the run has none."""
        folder = self.folder(path)
        if folder is None or name not in folder.names:
            return None
        try:
            arrays = folder.load_arrays(name)
        except CheckpointError as error:
            self.tell(str(error))
            return None
        wrong = misfit(name, arrays)
        if wrong is not None:
            self.tell(f"{folder.path / name} {wrong}; train the run again.")
            return None
        return arrays

    def lines(self, path: Path, name: str) -> list[dict[str, Any]]:
        """Return a jsonl file of a run, empty where the run has none."""
        folder = self.folder(path)
        if folder is None or name not in folder.names:
            return []
        try:
            return checked_lines(folder.load_lines(name))
        except CheckpointError as error:
            self.tell(str(error))
        except ValueError as error:
            self.tell(f"{folder.path / name} is no log of a training ({reason_of(error)}).")
        return []

    def of_seeds(self, row: Row, name: str) -> Iterator[Arrays]:
        """Yield an npz file of each seed's run; `{stage}` in the name is the row's stage."""
        for path in row.runs.values():
            arrays = self.arrays(path, name.format(stage=row.stage))
            if arrays is not None:
                yield arrays

    def _open(self, path: Path) -> RunReader | None:
        try:
            return RunReader.open(path)
        except CheckpointError as error:
            self.tell(str(error))
        except OSError as error:
            self.tell(f"{path} cannot be opened: {error.strerror}.")
        return None

    def tell(self, problem: str) -> None:
        """Keep a problem; the same one once."""
        if problem not in self.problems:
            self.problems.append(problem)
