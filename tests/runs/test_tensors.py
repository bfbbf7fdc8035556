"""Tensors to safetensors bytes and back."""

import json

import pytest
import torch
from torch import Tensor

from recbole_opal.errors import CheckpointError
from recbole_opal.runs.tensors import MAX_HEADER_BYTES, decode_tensors, encode_tensors


def round_trip(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return decode_tensors(encode_tensors(tensors), "a.safetensors")[0]


@pytest.mark.parametrize(
    "dtype",
    [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32]
    + [torch.int16, torch.int8, torch.uint8, torch.bool],
)
def test_dtypes_and_shapes(dtype: torch.dtype) -> None:
    for shape in ((), (0,), (3,), (2, 0, 4), (2, 3, 4)):
        tensor = (torch.randn(shape) * 3).to(dtype)
        (restored,) = round_trip({"x": tensor}).values()
        assert restored.dtype == dtype
        assert restored.shape == tensor.shape
        assert torch.equal(restored, tensor)


def test_bits_of_nan_and_zero_are_kept() -> None:
    bits = torch.tensor([0x7FC00001, -0x400000, -(2**31), 1], dtype=torch.int32)
    (restored,) = round_trip({"x": bits.view(torch.float32)}).values()
    assert torch.equal(restored.view(torch.int32), bits)


def test_shared_sliced_transposed_and_expanded_tensors() -> None:
    base = torch.arange(12.0).reshape(3, 4)
    tensors = {
        "a": base,
        "b": base,
        "tied": torch.nn.Parameter(base),
        "slice": base[1:, ::2],
        "first": base[0],
        "transposed": base.T,
        "expanded": base[:1].expand(5, 4),
        "conjugate": torch.complex(base, base).conj(),
    }
    restored = round_trip(tensors)
    for name, tensor in tensors.items():
        assert torch.equal(restored[name], tensor), name
    restored["a"] += 1
    assert torch.equal(restored["b"], base)
    assert torch.equal(base, torch.arange(12.0).reshape(3, 4))


def test_metadata_comes_back() -> None:
    data = encode_tensors({"x": torch.zeros(1)}, {"stage": "soft", "ü": '"'})
    assert decode_tensors(data, "a")[1] == {"stage": "soft", "ü": '"'}
    assert decode_tensors(encode_tensors({}), "a") == ({}, {})


def test_what_the_format_lacks_is_refused_by_name() -> None:
    with pytest.raises(CheckpointError, match="`x` is not dense"):
        encode_tensors({"x": torch.eye(3).to_sparse()})
    with pytest.raises(CheckpointError, match="`x` is not dense"):
        encode_tensors({"x": torch.zeros(2, device="meta")})
    with pytest.raises(CheckpointError, match="complex128"):
        encode_tensors({"x": torch.zeros(2, dtype=torch.complex128)})
    with pytest.raises(CheckpointError, match="16 MiB"):
        encode_tensors({}, {"long": "x" * MAX_HEADER_BYTES})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x04K\x01.",
        (2**63).to_bytes(8, "little") + b"{}",
        (MAX_HEADER_BYTES).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (8).to_bytes(8, "little") + b'{"x": 1}',
    ],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(CheckpointError, match="w.safetensors is not a safetensors file"):
        decode_tensors(data, "w.safetensors")


def test_the_longest_header_is_a_limit_on_loading_too() -> None:
    data = encode_tensors({"x": torch.zeros(1)})
    header = data[8 : 8 + int.from_bytes(data[:8], "little")]
    for length, sound in ((MAX_HEADER_BYTES, True), (MAX_HEADER_BYTES + 8, False)):
        padded = length.to_bytes(8, "little") + header.ljust(length) + data[8 + len(header) :]
        if sound:
            assert list(decode_tensors(padded, "w")[0]) == ["x"]
            continue
        with pytest.raises(CheckpointError, match="header too long"):
            decode_tensors(padded, "w")


def test_truncation_is_refused() -> None:
    data = encode_tensors({"x": torch.arange(10)})
    for length in range(len(data)):
        with pytest.raises(CheckpointError):
            decode_tensors(data[:length], "w")


def test_a_header_of_very_many_tensors_is_refused_before_it_is_parsed() -> None:
    entry = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    header = json.dumps({str(number): entry for number in range(20_000)}).encode()
    with pytest.raises(CheckpointError, match="more than 16384 tensors"):
        decode_tensors(len(header).to_bytes(8, "little") + header, "w.safetensors")
