"""Plain numpy arrays to and from npz bytes: no pickle, and nothing unpacks to more than it may.

A megabyte of a compressed archive unpacks to gigabytes: no more is read out of it than its table of
contents says and the limit allows. An honest one beyond the limit is written uncompressed.
"""

import io
import math
import sys
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recbole_opal.errors import CheckpointError, refusing

__all__ = ["decode_arrays", "encode_arrays"]

_npy: Any = np.lib.format  # untyped before numpy 2
_READERS = {(1, 0): _npy.read_array_header_1_0, (2, 0): _npy.read_array_header_2_0}
_MAX_MEMBERS = 1000  # a run's file has some 20
_MAX_SMALL = 2**26  # unpacked bytes that are always allowed
_MAX_RATIO = 32  # unpacked bytes a packed one, beyond that
_HEADER_BYTES = 10_000  # numpy's own limit on the text of a header
_BLOCK = 2**20  # bytes read at a time
_ENTRY = b"PK\x01\x02"  # begins each entry of an archive's table of contents
_ENCRYPTED = 0x1
_RECORDS = "V"  # numpy's letter for them, and for raw bytes


def encode_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Encode numeric, bool or fixed-width text arrays as a compressed npz file.

    Python objects, which only pickle could store, are refused.
    """
    for key, array in arrays.items():
        if array.dtype.hasobject or array.dtype.kind == _RECORDS:
            raise CheckpointError(
                f"array `{key}` holds Python objects or records; convert it to numbers or text "
                "first."
            )
    data = _archive(arrays, zipfile.ZIP_DEFLATED)
    if sum(array.nbytes for array in arrays.values()) > _most_unpacked(data):
        return _archive(arrays, zipfile.ZIP_STORED)
    return data


def decode_arrays(data: bytes, name: str) -> dict[str, NDArray[Any]]:
    """Decode an npz file of plain arrays.

    What unpacks to more than 64 MiB and more than 32 times its size is refused.
    """
    with refusing(name, "is not readable as npz"):
        if data.count(_ENTRY) > _MAX_MEMBERS:
            raise ValueError("too many arrays")
        arrays: dict[str, NDArray[Any]] = {}
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            most = _most_unpacked(data) + _HEADER_BYTES * len(members)
            if sum(member.file_size for member in members) > most:
                raise ValueError(f"it unpacks to more than {most} bytes")
            for member in members:
                key = member.filename.removesuffix(".npy")
                if key in arrays:
                    raise ValueError("two arrays of one name")
                arrays[key] = _array(_unpacked(archive, member))
        return arrays


def _archive(arrays: Mapping[str, NDArray[Any]], compression: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for key, array in arrays.items():
            with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                _npy.write_array(member, array, allow_pickle=False)
    return buffer.getvalue()


def _most_unpacked(data: bytes) -> int:
    """Bytes of arrays that an archive of this size may hold."""
    return max(_MAX_SMALL, _MAX_RATIO * len(data))


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytearray:
    """Read a member, never more than it claims; at its end its checksum is compared."""
    if member.flag_bits & _ENCRYPTED:
        raise ValueError("an encrypted array")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("an unknown compression")
    content = bytearray()
    with archive.open(member) as stream:
        while block := stream.read(_BLOCK):
            content += block
    return content


def _array(content: bytearray) -> NDArray[Any]:
    """Return the array of an npy file, in the memory of the file."""
    text = io.BytesIO(content[: _HEADER_BYTES + 16])
    shape, fortran, dtype = _READERS[_npy.read_magic(text)](text, max_header_size=_HEADER_BYTES)
    if dtype.hasobject or dtype.kind == _RECORDS:
        raise ValueError("an array of Python objects or records")
    if dtype.itemsize == 0 or any(length < 0 for length in shape):
        raise ValueError("an array of an impossible type or shape")
    start = text.tell()
    if math.prod(shape) * dtype.itemsize != len(content) - start:
        raise ValueError("more or fewer bytes than the array's shape tells")
    if dtype.kind == "U":
        letters = np.frombuffer(content, f"{dtype.byteorder}u4", offset=start)
        if (letters > sys.maxunicode).any():
            raise ValueError("text of impossible letters")
    array: NDArray[Any] = np.ndarray(shape, dtype, content, start, order="F" if fortran else "C")
    return array
