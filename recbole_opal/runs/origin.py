"""What a run was made from: a digest of its settings, of its data files, the versions, the machine.

Two runs with the same origin give the same results, bit for bit unless time bounds them: that is
when a finished run may stand for one that is asked for.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from recbole_opal.errors import DataError, refusing
from recbole_opal.runs.encoding import decode_json
from recbole_opal.version import __version__

__all__ = ["PACKAGES", "UNIMPORTANT", "Origin", "data_digests", "settings_digest"]

# Settings that say where and how loudly something is done, not what. The device that `use_gpu` and
# `gpu_id` lead to is part of the machine.
UNIMPORTANT = frozenset(
    {
        "checkpoint_dir",
        "data_path",
        "gpu_id",
        "histories_folder",
        "log_wandb",
        "show_progress",
        "state",
        "tensorboard",
        "tracking",
        "use_gpu",
        "wandb_project",
    }
)
PACKAGES = ("recbole", "torch", "numpy")
"""The packages whose versions decide results, beside this one."""
_BLOCK = 1 << 20  # bytes read at a time


@dataclass(frozen=True)
class Origin:
    """What a run was made from.

    Attributes:
        settings: SHA-256 of the settings that matter, the seed among them.
        data: SHA-256 of each data file, by its name.
        versions: of this library, RecBole, torch and numpy; of a model of the user's the SHA-256
            of its file.
        machine: what `machine_of` says of device, threads and processor; empty in the origin of an
            older run, of which it is not known, so that none of today's is equal to it.
    """

    __pydantic_config__ = {"extra": "forbid"}

    settings: str
    data: Mapping[str, str]
    versions: Mapping[str, str]
    machine: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        settings: Mapping[str, Any],
        data: Mapping[str, str],
        machine: Mapping[str, str] | None = None,
        sources: Mapping[str, str] | None = None,
    ) -> "Origin":
        """Return the origin of a run in this installation; sources are a user's own, by class."""
        versions = {"recbole_opal": __version__} | {name: version(name) for name in PACKAGES}
        versions |= {f"file of {name}": sha for name, sha in (sources or {}).items()}
        return cls(settings_digest(settings), dict(data), versions, dict(machine or {}))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Origin":
        """Read origin.json; a CheckpointError says that it is something else."""
        return cls.from_plain(decode_json(data, "origin.json"))

    @classmethod
    def from_plain(cls, plain: Any) -> "Origin":
        """Undo `as_plain`; that of an older run has no machine."""
        with refusing("origin.json", "holds something else", "start the run again"):
            return TypeAdapter(cls).validate_python(plain)

    def on(self, machine: Mapping[str, str]) -> "Origin":
        """Return the origin of the same run on another machine."""
        return replace(self, machine=dict(machine))

    def as_plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def settings_digest(settings: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the settings but the `UNIMPORTANT`; their order does not matter."""
    important = {name: value for name, value in settings.items() if name not in UNIMPORTANT}
    text = json.dumps(important, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def data_digests(folder: Path, dataset: str, kinds: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the SHA-256 of each atomic file of a data set that is read, by the file's name.

    The keys of `kinds`, the setting `load_col`, are the files' endings; None reads all files.
    """
    prefix = f"{dataset}."
    names = (
        [prefix + ending for ending in kinds]
        if kinds
        else [path.name for path in folder.iterdir() if path.name.startswith(prefix)]
    )
    digests = {}
    for path in (folder / name for name in sorted(names)):
        try:
            if path.is_file():  # whether it must be there is RecBole's affair
                digests[path.name] = _file_digest(path)
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error.strerror}); check it.") from error
    return digests


def _file_digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
