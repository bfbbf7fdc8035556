"""Training state as one safetensors file: tensors beside a JSON description of their nesting.

Everything comes back with its type and its bits: dictionaries with keys of any kind (an optimiser
numbers its parameters), tuples, big integers (Python's random state), infinities and NaN (a best
score before the first validation), numpy arrays and scalars, bytes, tensors of any stride. Nothing
is pickled: a value of another type is refused on saving, by its place in the state.
"""

import json
import math
import struct
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recbole_opal.errors import CheckpointError
from recbole_opal.runs.refusal import refusing
from recbole_opal.runs.tensors import decode_tensors, encode_tensors

__all__ = ["decode_state", "encode_state", "flatten_state", "restore_state"]

_STRUCTURE = "structure"
_LONGEST_DTYPE = 64  # characters; numpy takes long over lists of types
_LONG_INTEGER_BITS = 4096  # Python refuses to parse decimals of more than 4,300 digits


def encode_state(state: Any) -> bytes:
    """Encodes a nested state as one safetensors file.

    Args:
        state: Nested dict, OrderedDict, list and tuple of None, bool, int, float, str, bytes,
            numpy scalars and arrays, and tensors (restored on the CPU, without gradient).

    Raises:
        CheckpointError: A value has another type; the message says where.
    """
    tensors, structure = flatten_state(state)
    return encode_tensors(tensors, {_STRUCTURE: json.dumps(structure, separators=(",", ":"))})


def decode_state(data: bytes, name: str) -> Any:
    """Restores what `encode_state` encoded.

    Args:
        data: The whole file, verified before.
        name: The file's name, for the message.

    Raises:
        CheckpointError: `data` holds no state.
    """
    tensors, metadata = decode_tensors(data, name)
    with refusing(name, "holds no training state", "start the run again without --resume"):
        return restore_state(tensors, json.loads(metadata[_STRUCTURE]))


def flatten_state(state: Any) -> tuple[dict[str, Tensor], Any]:
    """Splits a nested state into tensors by number and a JSON value that describes the nesting.

    In the JSON value, None, bool, str, finite floats and usual integers stand for themselves and an
    array for a list; every other value is an object with one key, its kind.

    Raises:
        CheckpointError: A value has a type that is not stored.
    """
    tensors: dict[str, Tensor] = {}
    return tensors, _describe(state, "state", tensors)


def restore_state(tensors: dict[str, Tensor], structure: Any) -> Any:
    """Puts together again what `flatten_state` split.

    Raises:
        Exception: of any kind, where `structure` is not of `flatten_state`.
    """
    return _restore(structure, dict(tensors))


def _restore(structure: Any, unused: dict[str, Tensor]) -> Any:
    """Restores one value; each tensor is taken once, so that a state is no larger than its file."""
    if isinstance(structure, list):
        return [_restore(entry, unused) for entry in structure]
    if not isinstance(structure, dict):
        return structure
    ((kind, value),) = structure.items()
    return _RESTORERS[kind](value, unused)


def _describe(value: Any, place: str, tensors: dict[str, Tensor]) -> Any:
    """Describes one value as JSON, adding its tensors to `tensors`; exact types only."""
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if kind is int:
        return value if value.bit_length() < _LONG_INTEGER_BITS else {"integer": hex(value)}
    if kind is float:  # bits, since NaN has many
        return value if math.isfinite(value) else {"float": struct.pack(">d", value).hex()}
    if kind is bytes:
        return {"bytes": value.hex()}
    if kind is list:
        return [_describe(v, f"{place}[{i}]", tensors) for i, v in enumerate(value)]
    if kind is tuple:
        return {"tuple": [_describe(v, f"{place}[{i}]", tensors) for i, v in enumerate(value)]}
    if kind in (dict, OrderedDict):
        pairs = [
            [_describe(k, f"a key of {place}", tensors), _describe(v, f"{place}[{k!r}]", tensors)]
            for k, v in value.items()
        ]
        return {"dict" if kind is dict else "ordered": pairs}
    if isinstance(value, Tensor):
        return {"tensor": _keep(value, tensors)}
    if isinstance(value, (np.ndarray, np.generic)):
        return _describe_array(value, place, tensors)
    raise CheckpointError(
        f"{place} has type {kind.__name__}, which a run folder does not store; "
        "turn it into plain values, arrays or tensors."
    )


def _describe_array(value: Any, place: str, tensors: dict[str, Tensor]) -> Any:
    """Describes a numpy array or scalar; its bytes become a uint8 tensor, whatever its dtype."""
    array = np.asarray(value)
    if array.dtype.hasobject or array.dtype.fields:
        raise CheckpointError(f"{place} is an array of objects or records; turn it into numbers.")
    number = _keep(torch.from_numpy(np.frombuffer(array.tobytes(), np.uint8).copy()), tensors)
    kind = "array" if isinstance(value, np.ndarray) else "scalar"
    return {kind: [number, array.dtype.str, list(array.shape)]}


def _keep(tensor: Tensor, tensors: dict[str, Tensor]) -> str:
    """Adds a tensor under the next number."""
    number = str(len(tensors))
    tensors[number] = tensor
    return number


def _restore_array(value: Any, unused: dict[str, Tensor]) -> Any:
    number, dtype, shape = value
    if type(dtype) is not str or len(dtype) > _LONGEST_DTYPE:
        raise ValueError("no type of an array")
    kind = np.dtype(dtype)
    if kind.hasobject or kind.fields:  # none that was saved
        raise ValueError("an array of objects or records")
    return np.frombuffer(unused.pop(number).numpy().tobytes(), kind).reshape(shape).copy()


def _restore_pairs(value: Any, unused: dict[str, Tensor]) -> list[tuple[Any, Any]]:
    return [(_restore(key, unused), _restore(entry, unused)) for key, entry in value]


_RESTORERS: dict[str, Callable[[Any, dict[str, Tensor]], Any]] = {
    "integer": lambda value, unused: int(value, 16),
    "float": lambda value, unused: struct.unpack(">d", bytes.fromhex(value))[0],
    "bytes": lambda value, unused: bytes.fromhex(value),
    "tuple": lambda value, unused: tuple(_restore(value, unused)),
    "dict": lambda value, unused: dict(_restore_pairs(value, unused)),
    "ordered": lambda value, unused: OrderedDict(_restore_pairs(value, unused)),
    "tensor": lambda value, unused: unused.pop(value),
    "array": _restore_array,
    "scalar": lambda value, unused: _restore_array(value, unused)[()],
}
