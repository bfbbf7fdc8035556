"""Reading a run folder, without changing anything in it and without getting in a run's way.

Committed content is taken from its staged name where the rename is still to come (see `store`), and
the manifest is read again where a writer commits between two reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from recbole_opal.errors import CheckpointError
from recbole_opal.runs import encoding
from recbole_opal.runs.file_names import STATE_NAME, WEIGHTS_NAME, state_number, weights_name
from recbole_opal.runs.manifest import FileDigest, Manifest, regular_bytes, verified_bytes

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["RunReader"]


class RunReader:
    """What a run has left on disk so far; reading needs no right to write, and no lock.

    Every file is verified when it is loaded: a CheckpointError names one that is missing, damaged
    or not of its format. The file names and formats are public, see README.

    Examples:
        >>> import tempfile
        >>> from recbole_opal.runs import RunFolder
        >>> folder = RunFolder.create(Path(tempfile.mkdtemp()), "OPAL-ml-100k")
        >>> folder.save_json("metrics.json", {"best_stage": "soft"})
        >>> RunReader.open(folder.path).load_json("metrics.json")
        {'best_stage': 'soft'}
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._files: dict[str, FileDigest] = dict(Manifest.read(self.path).files)

    @classmethod
    def open(cls, path: Path) -> RunReader:
        """Open a run folder; a CheckpointError says that it is none, or what is damaged."""
        return cls(path)

    @property
    def names(self) -> list[str]:
        """Names of the committed files, sorted."""
        return sorted(self._files)

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of each committed file, as the manifest has them, by name, sorted."""
        return {name: self._files[name].size for name in self.names}

    def read(self, name: str) -> bytes:
        """Content of a committed file, verified; see `verified_bytes` for the errors."""
        while True:
            try:
                # In this order: a writer renames the staged file to its final name, never back.
                data = self._staged_bytes(name, self._files.get(name))
                if data is None:
                    data = verified_bytes(self.path, name, Manifest(self._files))
                return data
            except CheckpointError:
                former, self._files = self._files, dict(Manifest.read(self.path).files)
                if self._files == former:  # no writer's doing
                    raise

    @property
    def stages(self) -> list[str]:
        """Stages whose weights are saved, sorted by name."""
        return [match[1] for name in self.names if (match := WEIGHTS_NAME.fullmatch(name))]

    def verify(self) -> None:
        """Read every file of the run; a CheckpointError names the first that is not sound."""
        for name in self.names:
            try:
                self.read(name)
            except CheckpointError:
                if name in self.names:  # not dropped by a run that goes on meanwhile
                    raise

    def has_state(self) -> bool:
        """True if there is a state to resume from."""
        return self._state_name() is not None

    def load_state(self) -> Any:
        """Load the last saved state, tensors on the CPU, those of its parts put together."""
        from recbole_opal.runs.state import decode_state
        from recbole_opal.runs.tensors import decode_tensors

        def part(name: str) -> Mapping[str, Tensor]:
            return decode_tensors(self.read(name), str(self.path / name))[0]

        while True:
            name = self._state_name()
            if name is None:
                raise CheckpointError(
                    f"{self.path} holds no training state; start the run again without --resume."
                )
            try:
                return decode_state(self.read(name), str(self.path / name), part)
            except CheckpointError:
                if self._state_name() == name:  # not replaced by a later one meanwhile
                    raise

    def load_weights(self, stage: str) -> dict[str, Tensor]:
        """Load the weights of a stage, on the CPU, sorted as the file has them.

        They know their stage: a model of ours that stands in another refuses them.
        """
        # Only here: who lists or compares runs need not wait for torch.
        from recbole_opal.runs.tensors import decode_tensors
        from recbole_opal.runs.weights_stage import mark

        data, path = self._named(weights_name(stage))
        tensors, metadata = decode_tensors(data, path)
        if metadata.get("stage") != stage:
            raise CheckpointError(
                f"{path} holds weights of stage {metadata.get('stage')!r}; restore the file from a "
                "copy of the run folder or train again."
            )
        return mark(tensors, stage)

    def load_json(self, name: str) -> Any:
        """Load a JSON file of the run."""
        return encoding.decode_json(*self._named(name))

    def load_yaml(self, name: str) -> dict[str, Any]:
        """Load a YAML file of the run."""
        return encoding.decode_yaml(*self._named(name))

    def load_lines(self, name: str) -> list[dict[str, Any]]:
        """Load what `save_lines` saved."""
        return encoding.decode_lines(*self._named(name))

    def load_arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """Load an npz file of the run; object arrays are refused."""
        return encoding.decode_arrays(*self._named(name))

    def _named(self, name: str) -> tuple[bytes, str]:
        """Content of a file, and its path for messages."""
        return self.read(name), str(self.path / name)

    def _staged_path(self, name: str, entry: FileDigest) -> Path:
        return self.path / f".{name}.{entry.sha256}.tmp"

    def _staged_bytes(self, name: str, entry: FileDigest | None) -> bytes | None:
        """Content of a staged file if it is what the manifest states, None if not or not there."""
        if entry is None:
            return None
        try:
            data = regular_bytes(self._staged_path(name, entry), entry.size)
        except CheckpointError:
            return None
        return data if FileDigest.of(data) == entry else None

    def _state_name(self) -> str | None:
        states = [name for name in self.names if STATE_NAME.fullmatch(name)]
        return max(states, key=state_number, default=None)
