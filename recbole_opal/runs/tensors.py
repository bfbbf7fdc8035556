"""Tensors to and from safetensors bytes: no code runs on loading, the header is bounded.

The format itself notices truncation but no flipped bit, so bytes are verified against the
manifest before they come here.
"""

import json
from collections.abc import Mapping

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from recbole_opal.errors import CheckpointError, refusing
from recbole_opal.runs.limits import refuse_heavy_header

__all__ = ["MAX_HEADER_BYTES", "decode_tensors", "encode_tensors"]

MAX_HEADER_BYTES = 16 * 2**20  # safetensors allows 100 MB; a header of ours takes kilobytes
_LENGTH_BYTES = 8  # the file starts with the header's length, unsigned, little endian


def encode_tensors(
    tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> bytes:
    """Encode tensors as one safetensors file; the values are kept bit for bit.

    Device, strides, gradients and order are not kept, and tensors that share memory are stored each
    on its own. The metadata go into the header.

    A tensor that is sparse, quantised or of a dtype that safetensors lacks is refused, as is a
    header of more than 16 MiB.
    """
    storages: set[int] = set()
    plain = {key: _owned(key, tensor, storages) for key, tensor in tensors.items()}
    try:
        data = save(plain, dict(metadata) if metadata else None)  # {} breaks the header
        _header(data)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"these values cannot be stored as safetensors ({error}); convert tensors that are not "
            "plain ones and keep long lists as tensors."
        ) from error
    return data


def decode_tensors(data: bytes, name: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Decode a safetensors file into tensors on the CPU and the text of its header.

    The tensors are writable, each with its own memory. A header beyond 16 MiB is refused.
    """
    with refusing(name, "is not a safetensors file of a run"):
        header = _header(data)
        tensors = load(data)
        return tensors, json.loads(header).get("__metadata__") or {}


def _header(data: bytes) -> bytes:
    """Return the header of a safetensors file; one that is too long raises ValueError."""
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    if length > MAX_HEADER_BYTES:
        raise ValueError("header too long, more than 16 MiB")
    header = data[_LENGTH_BYTES : _LENGTH_BYTES + length]
    refuse_heavy_header(header)
    return header


def _owned(key: str, tensor: Tensor, storages: set[int]) -> Tensor:
    """Return `tensor` on the CPU, contiguous, alone in its memory; copies only where needed."""
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_meta:
        raise CheckpointError(f"tensor `{key}` is not dense; convert it with to_dense() first.")
    own = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous()
    if own.untyped_storage().data_ptr() in storages:  # safetensors refuses shared memory
        own = own.clone(memory_format=torch.contiguous_format)
    storages.add(own.untyped_storage().data_ptr())
    return own
