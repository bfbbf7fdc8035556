"""Rot and hostile files: refused by name before anything of them is used."""

import io
import pickle
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save

from recbole_opal.errors import CheckpointError
from recbole_opal.runs import FileDigest, Manifest, RunFolder

LOADERS: dict[str, Callable[[RunFolder], Any]] = {
    "weights-soft.safetensors": lambda folder: folder.load_weights("soft"),
    "state-1.safetensors": lambda folder: folder.load_state(),
    "ids.json": lambda folder: folder.load_json("ids.json"),
    "config.yaml": lambda folder: folder.load_yaml("config.yaml"),
    "training.jsonl": lambda folder: folder.load_lines("training.jsonl"),
    "per_user-soft-test.npz": lambda folder: folder.load_arrays("per_user-soft-test.npz"),
}


def open_and_load(path: Path, name: str) -> Any:
    folder = RunFolder.open(path)
    return LOADERS[name](folder) if name in LOADERS else folder


def assert_refused(path: Path, name: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        open_and_load(path, name)
    assert str(path / name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_200_flipped_bits_are_all_refused(full_run: RunFolder) -> None:
    draw = random.Random(3)  # noqa: S311 no secret
    names = [*LOADERS, "manifest.json"]
    for trial in range(200):
        name = names[trial % len(names)]
        file = full_run.path / name
        data = bytearray(file.read_bytes())
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        sound = file.read_bytes()
        file.write_bytes(data)
        assert_refused(full_run.path, name)
        file.write_bytes(sound)
        open_and_load(full_run.path, name)


@pytest.mark.parametrize("name", [*LOADERS, "manifest.json"])
def test_truncated_longer_empty_and_missing_files_are_refused(
    full_run: RunFolder, name: str
) -> None:
    file = full_run.path / name
    data = file.read_bytes()
    for changed in (data[:-1], data[: len(data) // 2], b"", data + b"\0", data * 2):
        file.write_bytes(changed)
        assert_refused(full_run.path, name)
    file.unlink()
    with pytest.raises(CheckpointError, match=name):
        open_and_load(full_run.path, name)


def test_swapped_files_are_refused(full_run: RunFolder) -> None:
    full_run.save_weights("hard", {"item_embedding.weight": torch.zeros(20, 4)})
    soft = full_run.path / "weights-soft.safetensors"
    soft.write_bytes((full_run.path / "weights-hard.safetensors").read_bytes())
    assert_refused(full_run.path, soft.name)


class Payload:
    """Creates a canary file when unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> Any:
        return (Path.touch, (self.canary,))


def object_archive(payload: Payload) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, users=np.array([payload], dtype=object))
    return buffer.getvalue()


def torch_archive(payload: Payload) -> bytes:
    buffer = io.BytesIO()
    torch.save(payload, buffer)
    return buffer.getvalue()


def hostile_contents(canary: Path) -> dict[str, bytes]:
    payload = Payload(canary)
    yaml = f"model: !!python/object/apply:os.system ['touch {canary}']\n".encode()
    return {
        "pickle": pickle.dumps(payload),
        "torch.save": torch_archive(payload),
        "object array": object_archive(payload),
        "yaml object": yaml,
        "huge header": (2**62).to_bytes(8, "little") + b"{}",
        "header of 99 MB": (99 * 2**20).to_bytes(8, "little") + b'{"a":' + b" " * (99 * 2**20 - 5),
        "shape beyond the file": save({"x": torch.zeros(2)}).replace(b"[2]", b"[9]"),
        "deep nesting": b"[" * 50_000,
        "nothing": b"",
    }


def peak_memory(reset: bool) -> int:
    """Highest resident memory in bytes since the last reset (Linux)."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux")
@pytest.mark.parametrize("rewritten", [False, True], ids=["digest-kept", "digest-rewritten"])
def test_hostile_contents_run_nothing_and_are_refused_fast(
    full_run: RunFolder, tmp_path: Path, rewritten: bool
) -> None:
    canary = tmp_path / "canary"
    manifest = Manifest.read(full_run.path)
    for kind, data in hostile_contents(canary).items():
        for name in LOADERS:
            if name == "training.jsonl" and kind == "nothing" and rewritten:
                continue  # an empty log is a sound log
            if len(data) > 2**20 and not name.endswith(".safetensors"):
                continue  # a long text is read as one; only safetensors has a header to inflate
            file = full_run.path / name
            sound = file.read_bytes()
            file.write_bytes(data)
            if rewritten:
                files = {**manifest.files, name: FileDigest.of(data)}
                (full_run.path / "manifest.json").write_bytes(Manifest(files).encode())
            memory, started = peak_memory(reset=True), time.process_time()
            assert_refused(full_run.path, name)
            assert time.process_time() - started < 1.0, (kind, name)
            assert peak_memory(reset=False) - memory < 200 * 2**20, (kind, name)
            file.write_bytes(sound)
            (full_run.path / "manifest.json").write_bytes(manifest.encode())
    assert not canary.exists()
    full_run.verify()


def test_the_payload_would_have_worked(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    pickle.loads(hostile_contents(canary)["pickle"])  # noqa: S301 to show that the canary can sing
    assert canary.exists()


@pytest.mark.parametrize("name", ["../x", "/etc/hostname", "a/../../x", "weights/../x"])
def test_a_manifest_that_leads_elsewhere_is_refused_and_touches_nothing(
    full_run: RunFolder, name: str
) -> None:
    outside = full_run.path.parent / "x"
    outside.write_bytes(b"mine")
    staged = full_run.path.parent / f".x.{FileDigest.of(b'new').sha256}.tmp"
    staged.write_bytes(b"new")
    files = {**Manifest.read(full_run.path).files, name: FileDigest.of(b"new")}
    (full_run.path / "manifest.json").write_bytes(Manifest(files).encode())
    with pytest.raises(CheckpointError, match="not a plain file name"):
        RunFolder.open(full_run.path)
    assert outside.read_bytes() == b"mine"
    assert staged.exists()


def test_a_sparse_giant_is_refused_unread(full_run: RunFolder) -> None:
    file = full_run.path / "weights-soft.safetensors"
    with file.open("r+b") as handle:
        handle.truncate(50 * 2**30)
    started = time.process_time()
    with pytest.raises(CheckpointError, match=f"has {50 * 2**30} bytes where at most"):
        full_run.load_weights("soft")
    assert time.process_time() - started < 1.0


def test_a_link_is_refused(full_run: RunFolder) -> None:
    file = full_run.path / "weights-soft.safetensors"
    target = file.rename(full_run.path.parent / "elsewhere")
    file.symlink_to(target)
    assert_refused(full_run.path, file.name)
