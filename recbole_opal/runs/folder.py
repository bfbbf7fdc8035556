"""The folder of one run: settings, log, metrics, weights, per-user values and the state to resume.

A kill at any moment leaves the last saved state and everything saved before it; files saved in one
`update()` block appear together.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from recbole_opal.errors import CheckpointError
from recbole_opal.runs import atomic, encoding
from recbole_opal.runs.file_names import PART_NAME, STATE_NAME, state_number, weights_name
from recbole_opal.runs.store import VerifiedFolder

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["RunFolder"]


class RunFolder(VerifiedFolder):
    """Everything a run leaves on disk, to read and to write; to read alone use `RunReader`.

    The command prints its `path` as its last line. A CheckpointError tells what cannot be written.

    Examples:
        >>> import tempfile, torch
        >>> folder = RunFolder.create(Path(tempfile.mkdtemp()), "OPAL-ml-100k")
        >>> with folder.update():
        ...     folder.save_state({"epoch": 3, "weights": torch.ones(2)})
        ...     folder.save_lines("training.jsonl", [{"epoch": 3, "loss": 0.5}])
        >>> RunFolder.open(folder.path).load_state()["weights"]
        tensor([1., 1.])
    """

    @classmethod
    def create(cls, parent: Path, label: str) -> RunFolder:
        """Make a new, empty run folder and let go of it; see `begin`."""
        with cls.begin(parent, label, {}) as folder:
            return folder

    @classmethod
    @contextmanager
    def begin(cls, parent: Path, label: str, files: Mapping[str, bytes]) -> Iterator[RunFolder]:
        """Make a new run folder `LABEL-YYYYMMDD-HHMMSS-RANDOM` (UTC) and work in it in the block.

        The folder appears in `parent` with its first files or not at all, and from that moment to
        the end of the block everybody else is kept out, as in `working`. In the label, characters
        other than letters, digits and `._+-` become `-`. The random part comes from the system, so
        no seeded generator moves.
        """
        clean = re.sub(r"[^A-Za-z0-9._+-]+", "-", label).strip(".-") or "run"
        with ExitStack() as stack:
            while True:
                name = f"{clean[:100]}-{_now()}-{secrets.token_hex(3)}"
                try:
                    folder = stack.enter_context(cls.making(Path(parent) / name, files))
                    break
                except FileExistsError:
                    continue  # another run of this second drew the same number
            yield folder

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Open a run folder, finishing or undoing what a kill cut off and removing its leftovers.

        What is no run folder, is damaged, or has a process `working` in it is refused.
        """
        return cls(path)

    @property
    def next_part(self) -> int:
        """A number that no part of a state has yet."""
        numbers = [int(match[1]) for name in self.names if (match := PART_NAME.fullmatch(name))]
        return max(numbers, default=0) + 1

    def save_state(
        self, state: Any, parts: Mapping[str, Mapping[str, Tensor]] | None = None
    ) -> None:
        """Save what `encode_state` takes as `state-<n>.safetensors`; then the former one goes.

        `parts` are new files of tensors that the state is made of, by name; those that it is not
        made of any more go.
        """
        from recbole_opal.runs.parts import parts_in
        from recbole_opal.runs.state import encode_state
        from recbole_opal.runs.tensors import encode_tensors

        data, needed = encode_state(state), set(parts_in(state))
        with self.update() as draft:
            for name in parts or ():
                self.write(name, encode_tensors((parts or {})[name]))
            for name in [each for each in draft if PART_NAME.fullmatch(each)]:
                if name not in needed:
                    self.drop(name)
            former = self._state_name()
            number = state_number(former) + 1 if former else 1
            self.write(f"state-{number}.safetensors", data)
            if former:
                self.drop(former)

    def save_weights(self, stage: str, state_dict: Mapping[str, Tensor]) -> None:
        """Save a model's weights as `weights-<stage>.safetensors`, bit for bit.

        Those that are known to be of another stage are refused.
        """
        # Only here, as in `reader`: not everything that writes a folder writes tensors.
        from recbole_opal.runs.tensors import encode_tensors
        from recbole_opal.runs.weights_stage import stage_of

        if stage_of(state_dict) not in (None, stage):
            raise CheckpointError(
                f"weights of stage {stage_of(state_dict)!r} cannot be saved as those of {stage!r}; "
                "save them under the stage they were trained in."
            )
        self.write(weights_name(stage), encode_tensors(state_dict, {"stage": stage}))

    def save_json(self, name: str, value: Any) -> None:
        """Save plain values as JSON; floats that are not finite become null."""
        self.write(name, encoding.encode_json(value))

    def save_yaml(self, name: str, value: Mapping[str, Any]) -> None:
        """Save a mapping of plain values as YAML; one too long to be loaded again is refused."""
        self.write(name, encoding.encode_settings(value))

    def save_lines(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Save one JSON object a line, the whole file anew, so that it never ends half way."""
        self.write(name, encoding.encode_lines(rows))

    def save_arrays(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Save plain numpy arrays as a compressed npz file."""
        self.write(name, encoding.encode_arrays(arrays))

    def _settle(self) -> None:
        super()._settle()
        for path in sorted(self.path.glob("*.safetensors")):
            # A kill left it between the commit and its deletion.
            ours = STATE_NAME.fullmatch(path.name) or PART_NAME.fullmatch(path.name)
            if ours and path.name not in self.names:
                atomic.discard(path)


def _now() -> str:
    """The moment, in UTC, as it stands in folder names."""
    return datetime.now(timezone.utc).strftime("%Y%m%d-%H%M%S")
