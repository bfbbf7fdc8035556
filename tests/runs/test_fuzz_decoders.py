"""Mutated and hostile bytes: every decoder refuses with one kind of error, soon and in little room.

Each hostile file is one that made a decoder raise something else, hang, or fill the memory.
"""

import io
import json
import random
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save

from recbole_opal.errors import CheckpointError
from recbole_opal.runs import FileDigest, Manifest, encoding
from recbole_opal.runs.origin import Origin
from recbole_opal.runs.state import decode_state, encode_state
from recbole_opal.runs.tensors import decode_tensors, encode_tensors

Decoder = Callable[[bytes], Any]

DECODERS: dict[str, Decoder] = {
    "json": lambda data: encoding.decode_json(data, "x"),
    "lines": lambda data: encoding.decode_lines(data, "x"),
    "yaml": lambda data: encoding.decode_yaml(data, "x"),
    "npz": lambda data: encoding.decode_arrays(data, "x"),
    "tensors": lambda data: decode_tensors(data, "x"),
    "state": lambda data: decode_state(data, "x"),
    "origin": Origin.from_bytes,
    "manifest": lambda data: Manifest.decode(data, Path("x")),
}
ARRAYS = {"recall@5": np.arange(6.0), "text": np.array(["ä", "bc"]), "hit": np.array([True])}
VALID = {
    "json": encoding.encode_json({"user_id": ["[PAD]", "ü\n"], "n": [1, -2.5e-7, None, True]}),
    "lines": encoding.encode_lines([{"epoch": 0, "loss": {"a": 1.5}}, {"epoch": 1}]),
    "yaml": encoding.encode_yaml(
        {"model": "OPAL", "topk": [5, 10], "load_col": {"inter": ["a"]}, "x": 1e-5, "d": None}
    ),
    "npz": encoding.encode_arrays(ARRAYS),
    "tensors": encode_tensors({"a": torch.ones(2, 3), "b": torch.zeros(0)}, {"stage": "soft"}),
    "state": encode_state(
        {"a": [torch.ones(3), (1, 2.5, float("inf"))], 3: np.arange(3), "n": 1 << 9000, "b": b"x"}
    ),
    "origin": encoding.encode_json({"settings": "a", "data": {"b": "c"}, "versions": {"d": "e"}}),
    "manifest": Manifest({"a.json": FileDigest.of(b"a"), "b": FileDigest.of(b"")}).encode(),
}
TOKENS = [
    *(
        b"[",
        b"{",
        b"}",
        b'"',
        b":",
        b"&a ",
        b"*a",
        b"<<: ",
        b"!!int ",
        b"!!float ",
        b"!!timestamp ",
    ),
    *(b"1:1:1:1.5", b"9" * 4301, b"1e999", b"-1", b"NaN", b"null", b"\xff", b"\\ud800", b"0" * 400),
    *(b"[" * 3000, b"99999999999999999999", b"2000-99-99", b"PK\x01\x02", b"F4", b"|O", b"<U0"),
]


def refused(decode: Decoder, data: bytes) -> bool:
    """Whether the bytes are refused; any other error than ours fails the test."""
    told = ""
    try:
        decode(data)
    except CheckpointError as error:
        told = str(error)
    assert "\n" not in told
    assert len(told) < 1000
    return bool(told)


def mutated(data: bytes, draw: random.Random) -> bytes:
    """The bytes with one to four changes: flips, cuts, repetitions, tokens, lying numbers."""
    changed = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        place, other = draw.randrange(len(changed) + 1), draw.randrange(len(changed) + 1)
        low, high = min(place, other), max(place, other)
        change = draw.randrange(6)
        if change == 0 and low < len(changed):
            changed[low] ^= 1 << draw.randrange(8)
        elif change == 1:
            del changed[low : min(high, low + 40)]
        elif change == 2:
            changed[low:low] = changed[low : min(high, low + 200)]
        elif change == 3:
            changed[low:low] = draw.choice(TOKENS)
        elif change == 4:
            token = draw.choice(TOKENS)
            changed[low : low + len(token)] = token
        else:
            number = struct.pack("<Q", draw.choice([0, 1, 2**16, 2**31, 2**63, 2**64 - 1]))
            width = draw.choice([1, 2, 4, 8])
            changed[low : low + width] = number[:width]
    return bytes(changed)


def fuzz(seed: int, count: int) -> None:
    draw = random.Random(seed)  # noqa: S311 no secret
    hits = dict.fromkeys(DECODERS, 0)
    for kind, decode in DECODERS.items():
        for _ in range(count):
            hits[kind] += refused(decode, mutated(VALID[kind], draw))
    assert min(hits.values()) > count // 10  # else the changes are harmless and show nothing


@pytest.mark.parametrize("kind", DECODERS)
def test_the_files_are_sound(kind: str) -> None:
    DECODERS[kind](VALID[kind])


def test_mutated_files() -> None:
    fuzz(seed=1, count=300)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_mutated_files(seed: int) -> None:
    fuzz(seed, count=5000)


@pytest.mark.parametrize("kind", DECODERS)
def test_files_of_the_other_kinds(kind: str) -> None:
    for data in VALID.values():
        refused(DECODERS[kind], data)
        refused(DECODERS[kind], data * 2)


def npy(header: str, body: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    length = struct.pack("<H" if version == b"\x01\x00" else "<I", len(header))
    return b"\x93NUMPY" + version + length + header.encode("latin1") + body


def shaped(dtype: str, shape: str, body: bytes = b"") -> bytes:
    return npy(f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}}}\n", body)


def npz(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def zeros(count: int, version: bytes | None = None) -> bytes:
    """An npz of very many zeros: in an array, or in the header of one."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.npy", "w", force_zip64=True) as member,
    ):
        if version is None:
            member.write(shaped("'|u1'", f"({count},)"))
        else:
            member.write(b"\x93NUMPY" + version + struct.pack("<I", count))
        for _ in range(count >> 20):
            member.write(bytes(1 << 20))
    return buffer.getvalue()


def header_only(header: dict[str, Any] | bytes, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def structured(structure: str) -> bytes:
    return encode_tensors({"0": torch.zeros(2**20, dtype=torch.uint8)}, {"structure": structure})


def entry(dtype: Any, shape: Any, offsets: Any) -> dict[str, Any]:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


def hostile_texts() -> Iterator[tuple[str, str, bytes]]:
    for kind in ("json", "lines", "origin", "manifest"):
        yield kind, "long number", b'{"a": ' + b"9" * 5000 + b"}"
        yield kind, "deep", b"[" * 10**6
        yield kind, "deep objects", b'{"a":' * 10**6
        yield kind, "many lists", b"[" + b"[]," * 3_000_000 + b"[]]"
        yield kind, "no text", b"\xff\xfe"
    yield "lines", "no object", b"{}\n5\n"
    yield "lines", "many objects", b"{}\n" * 3_000_000
    for value in ("5", '["a"]', '{"settings": 1, "data": {}, "versions": {}}',
                  '{"settings": "a", "data": [], "versions": {}}',
                  '{"settings": "a", "data": {"a": {}}, "versions": {}}'):  # fmt: skip
        yield "origin", value, value.encode()
    manifest = json.loads(VALID["manifest"])
    for size in (-1, 1.5, True, 10**30, None, "1"):
        changed = manifest | {"files": {"a": {"size": size, "sha256": "0" * 64}}}
        yield "manifest", f"size {size}", json.dumps(changed).encode()
    for files in ([], 5, {"a": 5}, {"a": {}}, {"a\n" * 99: {"size": 1, "sha256": "0" * 64}}):
        yield "manifest", f"files {files}", json.dumps(manifest | {"files": files}).encode()
    for value in ("x\n" * 9000, [1] * 9000, None):
        yield "manifest", "format", json.dumps(manifest | {"format": value}).encode()
        yield "manifest", "own digest", json.dumps(manifest | {"manifest_sha256": value}).encode()
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    merged = [f"b{n}: &b{n} {{<<: [{', '.join([f'*b{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    for name, text in {
        "aliases": "\n".join(["a0: &a0 [x]", *levels]),
        "merges": "\n".join(["b0: &b0 {x: 1}", *merged]),
        "alias in itself": "a: &a [*a, *a]",
        "mapping in itself": "a: &a {b: *a}",
        "deep": "a: " + "[" * 100_000,
        "deep blocks": "".join(f"{' ' * n}a:\n" for n in range(700)),
        "many": "a: [" + "1," * 120_000 + "]",
        "long": "a: " + "x" * 10**6,
        "base 60": "a: " + "1:" * 100_000 + "1",
        "base 60 float": "a: " + "9:" * 400 + "9.5",
        "empty int": "a: !!int ''",
        "empty float": "a: !!float ''",
        "no bool": "a: !!bool x",
        "no time": "a: !!timestamp x",
        "thirteenth month": "a: 2001-13-01",
        "year 0": "a: 0001-01-01 00:00:00 +23:59\nb: 9999-12-31 23:59:59 -23:59\nc: !!int x",
        "list as key": "? [a]\n: b",
        "mapping as key": "? {a: b}\n: c",
        "no text as key": "1: 2",
        "long int": "a: " + "9" * 5000,
        "binary": "a: !!binary x",
        "omap": "a: !!omap x",
    }.items():
        yield "yaml", name, text.encode()


def hostile_archives() -> Iterator[tuple[str, str, bytes]]:
    sound = shaped("'<f8'", "(1,)", bytes(8))
    yield "npz", "zeros", zeros(300 << 20)
    yield "npz", "header of zeros", zeros(300 << 20, b"\x02\x00")
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield "npz", f"method {method}", npz(("a.npy", sound), method=method)
    for place, value in ((6, 1), (8, 99), (8, 14), (8, 12)):  # encrypted, unknown, LZMA, BZIP2
        changed = bytearray(npz(("a.npy", sound)))
        changed[place] = changed[changed.index(b"PK\x01\x02") + place + 2] = value
        yield "npz", f"byte {place} is {value}", bytes(changed)
    for size in (0, 1, 2**31, 2**32 - 1):  # what the table of contents says of the unpacked size
        changed = bytearray(npz(("a.npy", sound)))
        start = changed.index(b"PK\x01\x02") + 24
        changed[start : start + 4] = struct.pack("<I", size)
        yield "npz", f"unpacked size {size}", bytes(changed)
    with pytest.warns(UserWarning, match="Duplicate name"):
        yield "npz", "one name twice", npz(("a.npy", sound), ("a.npy", sound))
    yield "npz", "one array twice", npz(("a.npy", sound), ("a", sound))
    yield "npz", "many members", npz(*((f"{n}.npy", sound) for n in range(1500)))
    for name, member in {
        "huge shape": shaped("'<f8'", f"({10**9},)"),
        "overflowing shape": shaped("'<f8'", f"({2**62}, {2**62})"),
        "empty but huge": shaped("'<f8'", f"(0, {2**80})"),
        "negative shape": shaped("'<f8'", "(-1,)"),
        "shape of texts": shaped("'<f8'", "('a',)"),
        "bool shape": shaped("'<f8'", "(True, 9)"),
        "no width": shaped("'<U0'", f"({10**12},)"),
        "huge width": shaped("'|V2000000000'", "(1,)"),
        "objects": shaped("'|O'", "(1,)", bytes(8)),
        "objects in records": shaped("[('a', '|O')]", "(1,)", bytes(8)),
        "subarray": shaped("('<f8', (10000, 10000))", "(1,)", bytes(8)),
        "unknown type": shaped("'<q99'", "(1,)"),
        "no type": shaped("None", "(1,)"),
        "impossible letters": shaped("'<U1'", "(1,)", b"\xff" * 4),
        "too long": sound + b"x",
        "too short": sound[:-1],
        "deep header": npy("(" * 9000),
        "long header": npy("{" + " " * 60000),
        "call in header": npy("__import__('os').abort()"),
        "later version": npy("{}", version=b"\x04\x00"),
        "no array": b"text",
    }.items():
        yield "npz", name, npz(("a.npy", member))


def hostile_tensors() -> Iterator[tuple[str, str, bytes]]:
    for kind in ("tensors", "state"):
        for name, header in {
            "beyond the file": entry("F32", [2**40], [0, 2**42]),
            "overflow": entry("F32", [2**62, 2**62], [0, 8]),
            "no such number": entry("F32", [2**64], [0, 8]),
            "empty but huge": entry("F32", [0, 2**63], [0, 0]),
            "negative": entry("F32", [-1], [0, 8]),
            "float shape": entry("F32", [1.5], [0, 8]),
            "text shape": entry("F32", "x", [0, 8]),
            "backwards": entry("F32", [2], [8, 0]),
            "unknown type": entry("X99", [2], [0, 8]),
            "half a byte": entry("F4", [16], [0, 8]),
            "no entry": {"a": 5},
            "no metadata": {"__metadata__": [1]},
            "odd metadata": {"__metadata__": {"structure": {}}},
        }.items():
            yield kind, name, header_only(header, bytes(8))
        yield kind, "many lists", header_only(b'{"a":[' + b"[]," * 5_000_000 + b"[]]}")
        yield (
            kind,
            "many tensors",
            header_only({str(n): entry("U8", [0], [0, 0])["a"] for n in range(200_000)}),
        )
        yield kind, "deep", header_only(b'{"a":' * 10**6)
        yield kind, "long header", header_only(b"{" + b" " * (17 * 2**20) + b"}")
        yield kind, "a list", header_only(b"[]")
        yield kind, "endless", header_only(b"")[:7] + b"\xff"
    for name, structure in {
        "one tensor many times": json.dumps([{"array": ["0", "|u1", [2**20]]}] * 5000),
        "long type": json.dumps({"array": ["0", "f8," * 200_000, [1]]}),
        "type of a list": json.dumps({"array": ["0", [["a", "<f8"]], [1]]}),
        "huge width": json.dumps({"array": ["0", "|V2000000000", [1]]}),
        "overflowing shape": json.dumps({"array": ["0", "|u1", [2**80]]}),
        "unknown number": '{"tensor": []}',
        "number as text": '{"integer": 5}',
        "long number": "9" * 5000,
        "list as key": '{"dict": [[[], 1]]}',
        "deep": "[" * 200_000,
        "bytes": '{"bytes": "zz"}',
    }.items():
        yield "state", name, structured(structure)
    many = {"structure": "[" + "[]," * 3_000_000 + "[]]"}
    yield "state", "many lists in it", header_only({"__metadata__": many})
    yield "state", "no structure", save({"0": torch.zeros(1)})


def peak_memory(*, reset: bool) -> int:
    """Highest resident memory in bytes since the last reset (Linux)."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


@pytest.mark.slow
def test_two_gigabytes_in_one_packed_megabyte() -> None:
    data = zeros(2 << 30)
    assert len(data) < 3 << 20
    started = time.process_time()
    assert refused(DECODERS["npz"], data)
    assert time.process_time() - started < 1.0


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux")
@pytest.mark.parametrize("source", [hostile_texts, hostile_archives, hostile_tensors])
def test_hostile_files_are_refused_soon_and_in_little_room(source: Any) -> None:
    for kind, name, data in source():
        memory, started = peak_memory(reset=True), time.process_time()
        assert refused(DECODERS[kind], data), (kind, name)
        assert time.process_time() - started < 1.0, (kind, name)
        assert peak_memory(reset=False) - memory < 200 * 2**20, (kind, name)


def test_an_honest_archive_that_shrinks_very_much_comes_back() -> None:
    arrays = {"hit@5": np.zeros(9 * 2**20), "recall@5": np.zeros(3)}
    decoded = encoding.decode_arrays(encoding.encode_arrays(arrays), "x")
    assert all(np.array_equal(decoded[name], array) for name, array in arrays.items())


def test_names_full_of_brackets_are_no_lists() -> None:
    tokens = ["[[{{" + str(number) for number in range(300_000)]
    assert encoding.decode_json(encoding.encode_json(tokens), "x") == tokens


def test_aliases_in_moderation_are_fine() -> None:
    text = b"a: &a [1, 2]\nb: *a\nc: &c {d: 1}\ne: {<<: *c, f: 2}\n"
    decoded = encoding.decode_yaml(text, "x")
    assert decoded == {"a": [1, 2], "b": [1, 2], "c": {"d": 1}, "e": {"d": 1, "f": 2}}


def test_what_could_not_be_read_again_is_not_written() -> None:
    with pytest.raises(CheckpointError, match="the settings are too long"):
        encoding.encode_settings({"topk": list(range(20_000))})
    with pytest.raises(CheckpointError, match="keep long lists as tensors"):
        encode_state([{} for _ in range(140_000)])
