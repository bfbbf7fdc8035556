"""The folder of one run: settings, log, metrics, weights, per-user values and the state to resume.

What survives a kill at any moment: the last saved state and everything saved before it; files saved
in one `update()` block appear together. What is refused on reading: a file that differs from its
digest in `manifest.json`, is missing, is a link, or is not of its format; the message names it.
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from recbole_opal.errors import CheckpointError
from recbole_opal.runs import atomic, encoding
from recbole_opal.runs.lock import exclusive
from recbole_opal.runs.state import decode_state, encode_state
from recbole_opal.runs.store import VerifiedFolder
from recbole_opal.runs.tensors import decode_tensors, encode_tensors
from recbole_opal.runs.weights_stage import mark

__all__ = ["RunFolder"]

_STATE = re.compile(r"state-(\d{1,18})\.safetensors")


class RunFolder:
    """Everything a run leaves on disk.

    Attributes:
        path: The folder; the command prints it as its last line.

    Stability: the file names and formats are public, see README.

    Example:
        >>> import tempfile, torch
        >>> folder = RunFolder.create(Path(tempfile.mkdtemp()), "OPAL-ml-100k")
        >>> with folder.update():
        ...     folder.save_state({"epoch": 3, "weights": torch.ones(2)})
        ...     folder.save_lines("training.jsonl", [{"epoch": 3, "loss": 0.5}])
        >>> RunFolder.open(folder.path).load_state()["weights"]
        tensor([1., 1.])
    """

    path: Path

    def __init__(self, store: VerifiedFolder) -> None:
        """Wraps an opened folder; use `create` or `open`."""
        self._store = store
        self.path = store.path

    @classmethod
    def create(cls, parent: Path, label: str) -> "RunFolder":
        """Makes a new, empty run folder `LABEL-YYYYMMDD-HHMMSS-RANDOM` (UTC) in `parent`.

        `label` is made plain first: other characters than letters, digits and `._+-` become `-`.
        The random part comes from the system, so no seeded generator moves.

        Raises:
            CheckpointError: The folder cannot be made.
        """
        clean = re.sub(r"[^A-Za-z0-9._+-]+", "-", label).strip(".-") or "run"
        while True:
            name = f"{clean[:100]}-{_now()}-{secrets.token_hex(3)}"
            try:
                return cls(VerifiedFolder.create(Path(parent) / name))
            except FileExistsError:
                continue  # another run of this second drew the same number

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """Opens a run folder, finishing or undoing what a kill cut off and removing its leftovers.

        Raises:
            CheckpointError: `path` is no run folder, its manifest is damaged, or a process is
                `working` in it.
        """
        path = Path(path)
        with exclusive(path) if path.is_dir() else nullcontext():
            folder = cls(VerifiedFolder(path))
            folder._sweep_states()
        return folder

    def discard(self) -> None:
        """Removes the folder if nothing was ever saved in it, as after a full disk."""
        self._store.discard()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Keeps every other process, and every other opening, out while the block runs.

        Raises:
            CheckpointError: Another process is working in the folder.
        """
        with exclusive(self.path):
            yield

    @property
    def names(self) -> list[str]:
        """Names of all files that belong to the run, sorted."""
        return self._store.names

    @property
    def stages(self) -> list[str]:
        """Stages whose weights are saved, sorted by name."""
        prefix, suffix = "weights-", ".safetensors"
        found = [n for n in self.names if n.startswith(prefix) and n.endswith(suffix)]
        return [name.removeprefix(prefix).removesuffix(suffix) for name in found]

    @contextmanager
    def update(self) -> Iterator[None]:
        """Makes all saves of the block one step: after a kill all of them are there or none."""
        with self._store.update():
            yield

    def verify(self) -> None:
        """Reads every file of the run and compares it with its digest.

        Raises:
            CheckpointError: A file is missing or damaged; the first one is named.
        """
        for name in self.names:
            self._store.read(name)

    def has_state(self) -> bool:
        """True if there is a state to resume from."""
        return self._state_name() is not None

    def save_state(self, state: Any) -> None:
        """Saves the nested state as `state-<n>.safetensors`; the former one goes once it counts.

        Args:
            state: See `encode_state`.

        Raises:
            CheckpointError: It cannot be written, or holds a value of a type that is not stored.
        """
        data = encode_state(state)
        former = self._state_name()
        number = _state_number(former) + 1 if former else 1
        with self._store.update():
            self._store.write(f"state-{number}.safetensors", data)
            if former:
                self._store.drop(former)

    def load_state(self) -> Any:
        """Loads the last saved state, tensors on the CPU.

        Raises:
            CheckpointError: There is none, or it is damaged.
        """
        name = self._state_name()
        if name is None:
            raise CheckpointError(
                f"{self.path} holds no training state; start the run again without --resume."
            )
        return decode_state(self._store.read(name), str(self.path / name))

    def save_weights(self, stage: str, state_dict: Mapping[str, Tensor]) -> None:
        """Saves a model's weights as `weights-<stage>.safetensors`, bit for bit."""
        self._store.write(_weights_name(stage), encode_tensors(state_dict, {"stage": stage}))

    def load_weights(self, stage: str) -> dict[str, Tensor]:
        """Loads the weights of a stage, on the CPU, sorted as the file has them.

        They know their stage: a model of ours that stands in another refuses them.

        Raises:
            CheckpointError: The stage has none, or the file is damaged or of another stage.
        """
        name = _weights_name(stage)
        tensors, metadata = decode_tensors(self._store.read(name), str(self.path / name))
        if metadata.get("stage") != stage:
            raise CheckpointError(
                f"{self.path / name} holds weights of stage {metadata.get('stage')!r}; restore the "
                "file from a copy of the run folder or train again."
            )
        return mark(tensors, stage)

    def save_json(self, name: str, value: Any) -> None:
        """Saves plain values as JSON; floats that are not finite become null."""
        self._store.write(name, encoding.encode_json(value))

    def load_json(self, name: str) -> Any:
        """Loads a JSON file of the run."""
        return encoding.decode_json(self._store.read(name), str(self.path / name))

    def save_yaml(self, name: str, value: Mapping[str, Any]) -> None:
        """Saves a mapping of plain values as YAML."""
        self._store.write(name, encoding.encode_yaml(value))

    def load_yaml(self, name: str) -> dict[str, Any]:
        """Loads a YAML file of the run."""
        return encoding.decode_yaml(self._store.read(name), str(self.path / name))

    def save_lines(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Saves one JSON object a line, the whole file anew, so that it never ends half way."""
        self._store.write(name, encoding.encode_lines(rows))

    def load_lines(self, name: str) -> list[dict[str, Any]]:
        """Loads what `save_lines` saved."""
        lines = self._store.read(name).splitlines()
        return [encoding.decode_json(line, str(self.path / name)) for line in lines]

    def save_arrays(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Saves plain numpy arrays as a compressed npz file."""
        self._store.write(name, encoding.encode_arrays(arrays))

    def load_arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """Loads an npz file of the run; object arrays are refused."""
        return encoding.decode_arrays(self._store.read(name), str(self.path / name))

    def _state_name(self) -> str | None:
        states = [name for name in self.names if _STATE.fullmatch(name)]
        return max(states, key=_state_number, default=None)

    def _sweep_states(self) -> None:
        """Removes states that a kill left between the commit and their deletion."""
        listed = set(self.names)
        for path in sorted(self.path.glob("state-*.safetensors")):
            if _STATE.fullmatch(path.name) and path.name not in listed:
                atomic.discard(path)


def _now() -> str:
    """The moment, in UTC, as it stands in folder names."""
    return datetime.now(timezone.utc).strftime("%Y%m%d-%H%M%S")


def _state_number(name: str) -> int:
    """The n of `state-<n>.safetensors`."""
    match = _STATE.fullmatch(name)
    return int(match[1]) if match else 0


def _weights_name(stage: str) -> str:
    return f"weights-{stage}.safetensors"
