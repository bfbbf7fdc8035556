"""The folder of stored histories: what lies in it, and whether it may be used."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, ValidationError

from recbole_opal.data.stored.sorting import COLUMNS
from recbole_opal.data.user_sequences import IntArray, UserSequences

__all__ = [
    "FORMAT",
    "MANIFEST",
    "TOKENS",
    "Manifest",
    "StoredHistories",
    "StoredSequences",
    "UnusableFilesError",
    "open_stored",
]

FORMAT = 1
MANIFEST = "histories.json"
TOKENS = {"users": "user_tokens.txt", "items": "item_tokens.txt"}
"""Files of the tokens, one a line, of the numbers from 1 on."""
_BLOCK = 2**20  # bytes read at a time


class Manifest(BaseModel):
    """What a folder says of itself, in `histories.json`, which is written last."""

    model_config = ConfigDict(strict=True, extra="forbid")

    format: int
    source: str  # digest of what the files were made from
    time_unit: str  # of the log; stored are seconds
    files: dict[str, str]  # SHA-256 of each file


@dataclass(frozen=True)
class StoredSequences(UserSequences):
    """Sequences in mapped files: a page is read where it is looked at, and may be given back."""

    stored_firsts: tuple[IntArray, IntArray]

    @property
    def firsts(self) -> tuple[IntArray, IntArray]:
        """The items met for the first time, and (R + 1,) how many of them stand before a place."""
        return self.stored_firsts


@dataclass(frozen=True)
class StoredHistories:
    """All of a log that training needs."""

    sequences: StoredSequences
    tokens: Mapping[str, list[str]]  # of "users" and "items", by their number; 0 is "[PAD]"
    time_unit: str


class UnusableFilesError(Exception):
    """Why a folder is not to be used, as part of a sentence; nobody but `build` sees it."""


def open_stored(folder: Path, source: str) -> StoredHistories:
    """Map the files of a folder that was made from `source`, once each matches its digest.

    Raises:
        UnusableFilesError: they were made from something else, or are damaged.
        FileNotFoundError: there is no such folder.
    """
    manifest = _manifest(folder)
    if manifest.format != FORMAT or manifest.source != source:
        raise UnusableFilesError("was made from other data or settings")
    if set(manifest.files) != {*COLUMNS, *TOKENS.values()}:
        raise UnusableFilesError("is damaged (histories.json names other files)")
    for name, digest in manifest.files.items():
        try:
            found = _digest(folder / name)
        except OSError as error:
            raise UnusableFilesError(f"is damaged ({name}: {error.strerror})") from error
        if found != digest:
            raise UnusableFilesError(f"is damaged ({name} does not match its digest)")
    tokens = {what: _tokens(folder / name) for what, name in TOKENS.items()}
    columns = {name: _mapped(folder / name) for name in COLUMNS}
    sequences = StoredSequences(
        users=np.arange(1, len(tokens["users"])),
        offsets=np.array(columns["offsets.int64"]),
        items=columns["items.int64"],
        times=columns["times.float64"],
        first_seen=columns["first_seen.int64"],
        stored_firsts=(columns["new_items.int64"], columns["new_before.int64"]),
    )
    return StoredHistories(sequences, tokens, manifest.time_unit)


def _manifest(folder: Path) -> Manifest:
    folder.stat()
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise UnusableFilesError("is damaged (histories.json cannot be read)") from error


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _tokens(path: Path) -> list[str]:
    return ["[PAD]", *path.read_bytes().decode().split("\n")]


def _mapped(path: Path) -> npt.NDArray[Any]:
    """Return a file as a plain array, which is read-only and holds no memory of its own."""
    return np.asarray(np.memmap(path, dtype=COLUMNS[path.name], mode="r"))
