"""The plain file formats of a run folder, to and from bytes: JSON, JSON Lines, YAML and npz.

None of them runs code on loading. Every decoder takes bytes that were verified before and the
file's name for the message, and raises `CheckpointError` for what is not its format.
"""

import io
import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from recbole_opal.errors import CheckpointError

__all__ = [
    "decode_arrays",
    "decode_json",
    "decode_yaml",
    "encode_arrays",
    "encode_json",
    "encode_lines",
    "encode_yaml",
]

_NOT_NPZ = (ValueError, OSError, EOFError, KeyError, MemoryError, zipfile.BadZipFile, zlib.error)
_DAMAGED = "restore the file from a copy of the run folder or train again"


def encode_json(value: Any, indent: int | None = 2) -> bytes:
    """Encodes plain values and numpy scalars as UTF-8 JSON in insertion order.

    JSON has no infinity and no NaN: a float that is not finite becomes `null`, so that every
    reader in every language can load the file. Exact state belongs into `encode_state`.

    Raises:
        TypeError: A value is no JSON type.
    """
    text = json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, indent=indent)
    return (text + "\n").encode("utf-8")


def encode_lines(rows: list[dict[str, Any]]) -> bytes:
    """Encodes one JSON object a line (JSON Lines); see `encode_json`."""
    return b"".join(encode_json(row, indent=None) for row in rows)


def decode_json(data: bytes, name: str) -> Any:
    """Decodes UTF-8 JSON.

    Raises:
        CheckpointError: `data` is not JSON.
    """
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{name} is not readable as JSON ({error}); {_DAMAGED}.") from error


def encode_yaml(value: Mapping[str, Any]) -> bytes:
    """Encodes plain values as YAML in insertion order; other types raise `yaml.YAMLError`.

    Text beyond ASCII is escaped, since PyYAML reads some of its own unescaped output differently.
    """
    return yaml.safe_dump(dict(value), sort_keys=False).encode("ascii")


def decode_yaml(data: bytes, name: str) -> dict[str, Any]:
    """Decodes a YAML mapping of plain values.

    Raises:
        CheckpointError: `data` is not YAML, holds other types, or is not a mapping.
    """
    try:
        value = yaml.safe_load(data.decode("utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(f"{name} is not readable as YAML ({reason}); {_DAMAGED}.") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{name} holds no `key: value` lines; {_DAMAGED}.")
    return value


def encode_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Encodes numeric, bool or fixed-width text arrays as a compressed npz file.

    Raises:
        CheckpointError: An array holds Python objects, which only pickle could store.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, array in arrays.items():
            if array.dtype.hasobject:
                raise CheckpointError(
                    f"array `{key}` holds Python objects; convert it to numbers or text first."
                )
            with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    return buffer.getvalue()


def decode_arrays(data: bytes, name: str) -> dict[str, NDArray[Any]]:
    """Decodes an npz file; object arrays are refused.

    Raises:
        CheckpointError: `data` is not an npz file of plain arrays.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {
                member.removesuffix(".npy"): _array(archive, member)
                for member in archive.namelist()
            }
    except _NOT_NPZ as error:
        raise CheckpointError(f"{name} is not readable as npz ({error}); {_DAMAGED}.") from error


def _array(archive: zipfile.ZipFile, member: str) -> NDArray[Any]:
    """Reads one npy member; object arrays raise ValueError."""
    array: NDArray[Any] = np.lib.format.read_array(
        io.BytesIO(archive.read(member)), allow_pickle=False
    )
    return array


def _plain(value: Any) -> Any:
    """Turns numpy scalars into Python ones and floats that are not finite into None."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    return value
