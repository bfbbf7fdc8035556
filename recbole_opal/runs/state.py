"""Training state as one safetensors file: tensors beside a JSON description of their nesting.

Everything comes back with its type and its bits: dictionaries with keys of any kind (an optimiser
numbers its parameters), tuples, big integers (Python's random state), infinities and NaN (a best
score before the first validation), numpy arrays and scalars, bytes, tensors of any stride. Nothing
is pickled: a value of another type is refused on saving, by its place in the state.

In the JSON value, None, bool, str, finite floats and usual integers stand for themselves and an
array for a list; every other value is an object with one key, its kind. A tensor may also lie in
parts beside the file, see `parts`.
"""

import json
import math
import struct
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recbole_opal.errors import CheckpointError, refusing
from recbole_opal.runs.parts import Assembled, Parts
from recbole_opal.runs.tensors import decode_tensors, encode_tensors

__all__ = ["decode_state", "encode_state"]

_STRUCTURE = "structure"
_LONGEST_DTYPE = 64  # characters; numpy takes long over lists of types
_LONG_INTEGER_BITS = 4096  # Python refuses to parse decimals of more than 4,300 digits


def encode_state(state: Any) -> bytes:
    """Encode a nested state as one safetensors file.

    Of a value of another type than the module tells a CheckpointError says where it is.
    """
    tensors: dict[str, Tensor] = {}
    structure = _describe(state, "state", tensors)
    return encode_tensors(tensors, {_STRUCTURE: json.dumps(structure, separators=(",", ":"))})


def decode_state(
    data: bytes, name: str, read_part: Callable[[str], Mapping[str, Tensor]] | None = None
) -> Any:
    """Restore what `encode_state` encoded; a CheckpointError says that it is no state.

    `read_part` returns the tensors of a part by its name.
    """
    tensors, metadata = decode_tensors(data, name)
    with refusing(name, "holds no training state", "start the run again without --resume"):
        held = _Held(tensors, Parts(read_part or _no_part))
        return _restore(json.loads(metadata[_STRUCTURE]), held)


def _no_part(name: str) -> Mapping[str, Tensor]:
    raise KeyError(name)


@dataclass(frozen=True)
class _Held:
    """What a state is restored from."""

    unused: dict[str, Tensor]  # each taken once, so that a state is no larger than its file
    parts: Parts


def _restore(structure: Any, held: _Held) -> Any:
    """Restore one value."""
    if isinstance(structure, list):
        return [_restore(entry, held) for entry in structure]
    if not isinstance(structure, dict):
        return structure
    ((kind, value),) = structure.items()
    return _RESTORERS[kind](value, held)


def _describe(value: Any, place: str, tensors: dict[str, Tensor]) -> Any:
    """Describe one value as JSON, adding its tensors to `tensors`; exact types only."""
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if kind is int:
        return value if value.bit_length() < _LONG_INTEGER_BITS else {"integer": hex(value)}
    if kind is float:  # bits, since NaN has many
        return value if math.isfinite(value) else {"float": struct.pack(">d", value).hex()}
    if kind is bytes:
        return {"bytes": value.hex()}
    if kind in (list, tuple):
        entries = [_describe(v, f"{place}[{i}]", tensors) for i, v in enumerate(value)]
        return entries if kind is list else {"tuple": entries}
    if kind in (dict, OrderedDict):
        pairs = [
            [_describe(k, f"a key of {place}", tensors), _describe(v, f"{place}[{k!r}]", tensors)]
            for k, v in value.items()
        ]
        return {"dict" if kind is dict else "ordered": pairs}
    if isinstance(value, Tensor):
        return {"tensor": _keep(value, tensors)}
    if kind is Assembled:
        return {"assembled": value.as_plain()}
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        if array.dtype.hasobject or array.dtype.fields:
            raise CheckpointError(
                f"{place} is an array of objects or records; turn it into numbers."
            )
        # Its bytes become a uint8 tensor, whatever its dtype.
        content = torch.from_numpy(np.frombuffer(array.tobytes(), np.uint8).copy())
        name = "array" if isinstance(value, np.ndarray) else "scalar"
        return {name: [_keep(content, tensors), array.dtype.str, list(array.shape)]}
    raise CheckpointError(
        f"{place} has type {kind.__name__}, which a run folder does not store; "
        "turn it into plain values, arrays or tensors."
    )


def _keep(tensor: Tensor, tensors: dict[str, Tensor]) -> str:
    """Add a tensor under the next number."""
    number = str(len(tensors))
    tensors[number] = tensor
    return number


def _restore_array(value: Any, held: _Held) -> Any:
    number, dtype, shape = value
    if type(dtype) is not str or len(dtype) > _LONGEST_DTYPE:
        raise ValueError("no type of an array")
    kind = np.dtype(dtype)
    if kind.hasobject or kind.fields:  # none that was saved
        raise ValueError("an array of objects or records")
    return np.frombuffer(held.unused.pop(number).numpy().tobytes(), kind).reshape(shape).copy()


def _restore_pairs(value: Any, held: _Held) -> list[tuple[Any, Any]]:
    return [(_restore(key, held), _restore(entry, held)) for key, entry in value]


_RESTORERS: dict[str, Callable[[Any, _Held], Any]] = {
    "integer": lambda value, held: int(value, 16),
    "float": lambda value, held: struct.unpack(">d", bytes.fromhex(value))[0],
    "bytes": lambda value, held: bytes.fromhex(value),
    "tuple": lambda value, held: tuple(_restore(value, held)),
    "dict": lambda value, held: dict(_restore_pairs(value, held)),
    "ordered": lambda value, held: OrderedDict(_restore_pairs(value, held)),
    "tensor": lambda value, held: held.unused.pop(value),
    "assembled": lambda value, held: held.parts.tensor(Assembled.of(value)),
    "array": _restore_array,
    "scalar": lambda value, held: _restore_array(value, held)[()],
}
