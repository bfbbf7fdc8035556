"""The run folders behind a comparison, read when they are asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, TypeAdapter

from recbole_opal.errors import CheckpointError
from recbole_opal.report.schema import Number
from recbole_opal.runs import RunReader
from recbole_opal.runs.encoding import decode_yaml
from recbole_opal.runs.manifest import regular_bytes
from recbole_opal.runs.origin import Origin
from recbole_opal.runs.refusal import reason_of
from recbole_opal.runs.shapes import misfit

__all__ = ["Arrays", "Epoch", "RunFiles"]

_MAX_PLAN_BYTES = 2**20
Arrays = dict[str, npt.NDArray[Any]]
Content = TypeVar("Content")


class Epoch(BaseModel):
    """A line of training.jsonl: types as JSON has them, other fields passed over."""

    model_config = ConfigDict(strict=True, frozen=True)

    stage: str
    loss: dict[str, Number | None] | None = None
    valid: dict[str, Number | None] | None = None


_EPOCHS = TypeAdapter(list[Epoch])


class RunFiles:
    """Reads files of runs; what cannot be read is told once, and never stops the report.

    A run that was continued with other epochs since the table was made has other lists, weights
    and losses than those behind the table's values: it is told, and nothing of it is read.
    """

    def __init__(self, comparison: Path | None = None) -> None:
        """Read runs of the comparison in a folder, whose plan.yaml says what they were made from.

        `problems` gets one line for each folder or file that cannot be read.
        """
        self.problems: list[str] = []
        self._planned = frozenset() if comparison is None else _planned(comparison)
        self._folders: dict[Path, RunReader | None] = {}

    def folder(self, path: Path) -> RunReader | None:
        """Return an opened run folder, or None and a problem told."""
        key = Path(os.path.abspath(path))  # noqa: PTH100, `resolve` fails on some paths
        if key not in self._folders:
            self._folders[key] = self._open(key)
        return self._folders[key]

    def arrays(self, path: Path, name: str) -> Arrays | None:
        """Return an npz file of a run, None where the run has none."""

        def load(folder: RunReader) -> Arrays:
            arrays = folder.load_arrays(name)
            wrong = misfit(name, arrays)
            if wrong is not None:
                raise CheckpointError(f"{folder.path / name} {wrong}; train the run again.")
            return arrays

        return self._read(path, name, load)

    def epochs(self, path: Path) -> list[Epoch]:
        """Return the log of a run's training, empty where the run has none."""

        def load(folder: RunReader) -> list[Epoch]:
            try:
                return _EPOCHS.validate_python(folder.load_lines("training.jsonl"))
            except ValueError as error:
                why = reason_of(error)
                raise CheckpointError(
                    f"{folder.path / 'training.jsonl'} is no log of a training ({why})."
                ) from error

        return self._read(path, "training.jsonl", load) or []

    def tell(self, problem: str) -> None:
        """Keep a problem; the same one once."""
        if problem not in self.problems:
            self.problems.append(problem)

    def _read(self, path: Path, name: str, load: Callable[[RunReader], Content]) -> Content | None:
        folder = self.folder(path)
        if folder is None or name not in folder.names:
            return None
        try:
            return load(folder)
        except CheckpointError as error:
            self.tell(str(error))
            return None

    def _open(self, path: Path) -> RunReader | None:
        try:
            folder = RunReader.open(path)
            if not self._planned or _made_from(folder) in {None, *self._planned}:
                return folder
            self.tell(
                f"{path} has been continued with other settings since the table was made, and is "
                "left out; give the command of the comparison again."
            )
        except CheckpointError as error:
            self.tell(str(error))
        except OSError as error:
            self.tell(f"{path} cannot be opened: {error.strerror}.")
        return None


def _planned(comparison: Path) -> frozenset[str]:
    """Return the digests of the runs' settings, none where plan.yaml does not tell them."""
    path = comparison / "plan.yaml"
    try:
        runs = decode_yaml(regular_bytes(path, _MAX_PLAN_BYTES), str(path)).get("runs")
    except CheckpointError:
        return frozenset()
    return frozenset(map(str, runs.values())) if isinstance(runs, dict) else frozenset()


def _made_from(folder: RunReader) -> str | None:
    """Return the digest of a run's settings, None for a run that does not tell it."""
    if "origin.json" not in folder.names:
        return None
    return Origin.from_plain(folder.load_json("origin.json")).settings
