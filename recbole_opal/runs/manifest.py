"""The manifest of a run folder: name, size and SHA-256 of every file that counts.

It also carries the digest of itself, and only its canonical text is accepted. Digests guard against
rot, truncation and mix-ups; they are no signature against someone who can rewrite the whole folder,
which is why no format in the folder can run code.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from recbole_opal.errors import CheckpointError, quoted, refusing

__all__ = [
    "MANIFEST_NAME",
    "FileDigest",
    "Manifest",
    "check_name",
    "regular_bytes",
    "verified_bytes",
]

MANIFEST_NAME = "manifest.json"
_FORMAT = "recbole_opal run folder, version 1"
_MAX_MANIFEST_BYTES = 2**20  # about 6,000 files; a run has some 20
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,149}")
_FIX = "restore it from a copy of the run folder or train again"


@dataclass(frozen=True)
class FileDigest:
    """Size in bytes and SHA-256 (64 hexadecimal digits) of one file."""

    size: Annotated[int, Field(strict=True, ge=0, lt=2**63)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]

    @classmethod
    def of(cls, data: bytes) -> "FileDigest":
        """Digest of a file's whole content."""
        return cls(size=len(data), sha256=hashlib.sha256(data).hexdigest())


_DIGESTS = TypeAdapter(dict[str, FileDigest])


@dataclass(frozen=True)
class Manifest:
    """What a run folder holds: plain file name to digest."""

    files: Mapping[str, FileDigest] = field(default_factory=dict)

    def encode(self) -> bytes:
        """The canonical text of `manifest.json`, its own digest included."""
        files = {name: asdict(entry) for name, entry in sorted(self.files.items())}
        body = {"format": _FORMAT, "files": files}
        own = hashlib.sha256(_canonical(body)).hexdigest()
        return _canonical({**body, "manifest_sha256": own})

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Read the manifest of `folder`, see `decode`; without one it is no run folder."""
        path = folder / MANIFEST_NAME
        if not path.is_file():
            raise CheckpointError(
                f"{folder} is not a run folder (no {MANIFEST_NAME}); give the path that a run "
                "printed as `run folder: PATH`."
            )
        return cls.decode(regular_bytes(path, _MAX_MANIFEST_BYTES), path)

    @classmethod
    def decode(cls, data: bytes, path: Path) -> "Manifest":
        """Parse `manifest.json`; one of another format or with a file outside is refused."""
        with refusing(str(path), "is damaged: it is no manifest", _FIX):
            if len(data) > _MAX_MANIFEST_BYTES:
                raise ValueError(f"more than {_MAX_MANIFEST_BYTES} bytes")
            body = json.loads(data.decode("utf-8"))
            files = _DIGESTS.validate_python(body["files"])
            for name in files:
                check_name(name, path)
        if body.get("format") != _FORMAT:
            raise CheckpointError(
                f"{path} has format {quoted(repr(body.get('format')))}, this version reads "
                f"{_FORMAT!r}; use the version of recbole_opal that wrote it."
            )
        manifest = cls(files)
        expected = manifest.encode()
        if data != expected:
            raise CheckpointError(
                f"{path} is damaged: it states manifest_sha256 "
                f"{quoted(str(body.get('manifest_sha256')))}, its content has "
                f"{json.loads(expected)['manifest_sha256']}; {_FIX}."
            )
        return manifest


def check_name(name: str, where: Path) -> str:
    """Return `name`, unless it could lead out of the folder, is hidden, or is the manifest's own.

    The CheckpointError names `where` it stands.
    """
    if not _PLAIN_NAME.fullmatch(name) or name == MANIFEST_NAME:
        raise CheckpointError(
            f"{where}: {quoted(repr(name))} is not a plain file name of letters, digits and "
            "`._+-`; use a folder whose origin you know, or another name."
        )
    return name


def verified_bytes(folder: Path, name: str, manifest: Manifest) -> bytes:
    """Read a file of `folder` and return its content once size and digest match the manifest.

    The size is compared before anything is read, so memory is bounded by what the manifest states.
    A file that the manifest does not name, that is missing, or no regular one, is refused too.
    """
    path = folder / check_name(name, folder)
    expected = manifest.files.get(name)
    if expected is None:
        raise CheckpointError(
            f"{folder} holds no {name}; it holds {', '.join(sorted(manifest.files)) or 'nothing'}: "
            "choose one of these or train again."
        )
    data = regular_bytes(path, expected.size)
    actual = FileDigest.of(data)
    if actual != expected:
        raise CheckpointError(
            f"{path} is damaged: its SHA-256 is {actual.sha256} ({actual.size} bytes), the "
            f"manifest states {expected.sha256} ({expected.size} bytes); {_FIX}."
        )
    return data


def regular_bytes(path: Path, max_bytes: int) -> bytes:
    """Read a regular file of at most so many bytes; no link, pipe or device, and no larger one."""
    try:
        status = path.lstat()
        if not S_ISREG(status.st_mode):
            raise CheckpointError(
                f"{path} is no regular file; replace the link by the file it should be."
            )
        if status.st_size > max_bytes:
            raise CheckpointError(
                f"{path} is damaged: it has {status.st_size} bytes where at most {max_bytes} are "
                f"expected; {_FIX}."
            )
        with path.open("rb") as file:
            return file.read(min(max_bytes, status.st_size) + 1)  # one more shows that it grows
    except (OSError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise CheckpointError(f"cannot read {path}: {reason}; {_FIX}.") from error


def _canonical(body: Mapping[str, Any]) -> bytes:
    """The one text that stands for `body`."""
    return (json.dumps(body, ensure_ascii=True, indent=1) + "\n").encode("ascii")
