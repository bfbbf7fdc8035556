"""Atomic writes: whole or not at all, whatever the disk says."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from recbole_opal.errors import CheckpointError
from recbole_opal.runs import atomic
from recbole_opal.runs.tensors import encode_tensors


def hidden_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_write_bytes_replaces_the_content(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    for data in (b"first", b"", b"second, longer"):
        atomic.write_bytes(path, data)
        assert path.read_bytes() == data
    assert hidden_files(tmp_path) == []


def test_text_json_and_tensors_are_readable_by_others(tmp_path: Path) -> None:
    atomic.write_text(tmp_path / "t.md", "né\n")
    assert (tmp_path / "t.md").read_bytes() == "né\n".encode()
    atomic.write_json(tmp_path / "j.json", {"b": 1, "a": float("nan")})
    assert json.loads((tmp_path / "j.json").read_text()) == {"b": 1, "a": None}
    data = encode_tensors({"x": torch.arange(6).reshape(2, 3).T})
    atomic.write_bytes(tmp_path / "w.safetensors", data)
    assert torch.equal(load_file(tmp_path / "w.safetensors")["x"], torch.arange(6).reshape(2, 3).T)


def test_the_order_is_write_sync_rename_sync(tmp_path: Path, faults: Any) -> None:
    faults.arm(10**6, OSError, once=True)
    atomic.write_bytes(tmp_path / "a.bin", b"data")
    assert [c for c in faults.calls if c not in ("open", "unlink")] == [
        "write",
        "fsync",
        "replace",
        "fsync",
    ]


@pytest.mark.parametrize("once", [True, False])
def test_any_failing_call_leaves_a_whole_file_and_one_clear_line(
    tmp_path: Path, faults: Any, disk_error: Callable[[], OSError], once: bool
) -> None:
    path = tmp_path / "a.bin"
    faults.arm(10**6, disk_error, once=True)
    atomic.write_bytes(path, b"former")
    calls = list(faults.calls)
    renamed = calls.index("replace")
    for position, failing in enumerate(calls):
        faults.disarm()
        atomic.write_bytes(path, b"former")
        faults.arm(position, disk_error, once)
        if failing == "unlink" and once:  # looking for a former temporary file is not vital
            atomic.write_bytes(path, b"x" * 1234)
            continue
        with pytest.raises(CheckpointError) as caught:
            atomic.write_bytes(path, b"x" * 1234)
        faults.disarm()
        message = str(caught.value)
        assert str(path) in message
        assert "1234 bytes needed" in message
        assert "\n" not in message
        # Only at the sync of the folder, after the rename, is the new content there.
        assert path.read_bytes() == (b"former" if position <= renamed else b"x" * 1234)
        if once:
            assert hidden_files(tmp_path) == []
        atomic.sweep(tmp_path)
        assert hidden_files(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "fix"),
    [
        (errno.ENOSPC, "free at least 7 bytes"),
        (errno.EDQUOT, "free at least 7 bytes"),
        (errno.EROFS, "make the folder writable"),
        (errno.EACCES, "make the folder writable"),
        (errno.EIO, "check that the folder still exists"),
    ],
)
def test_the_message_ends_with_the_fix(number: int, fix: str) -> None:
    error = OSError(number, os.strerror(number))
    message = str(atomic.write_error(Path("a/b"), 7, error))
    assert message.startswith(f"cannot write {Path('a/b')} (7 bytes needed): {os.strerror(number)}")
    assert fix in message


@pytest.mark.posix
def test_a_real_limit_of_the_system_is_told(tmp_path: Path) -> None:
    import resource

    path = tmp_path / "a.bin"
    atomic.write_bytes(path, b"former")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(CheckpointError, match="100000 bytes needed.*free at least"):
            atomic.write_bytes(path, bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"former"
    assert hidden_files(tmp_path) == []


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot write .*gone.*a.bin"):
        atomic.write_bytes(tmp_path / "gone" / "a.bin", b"data")


def test_ctrl_c_half_way_leaves_nothing(tmp_path: Path, faults: Any) -> None:
    for position in range(3):
        faults.arm(position, KeyboardInterrupt, once=True)
        with pytest.raises(KeyboardInterrupt):
            atomic.write_bytes(tmp_path / "a.bin", b"data")
        faults.disarm()
        assert list(tmp_path.iterdir()) == []


def test_a_file_system_that_cannot_sync_folders_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.fsync

    def fsync(descriptor: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):  # noqa: PTH112
            raise OSError(errno.EINVAL, "no")
        original(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    atomic.write_bytes(tmp_path / "a.bin", b"data")
    assert (tmp_path / "a.bin").read_bytes() == b"data"


def test_an_existing_link_of_the_temporary_name_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / ".a.bin.token.tmp").symlink_to(victim)
    staged = atomic.stage(tmp_path / "a.bin", b"data", "token")
    assert staged.read_bytes() == b"data"
    assert victim.read_text() == "mine"


def test_sweep_removes_only_temporary_files(tmp_path: Path) -> None:
    for name in (".a.1.tmp", ".b.2.tmp", "a", "a.tmp", ".hidden"):
        (tmp_path / name).write_text("x")
    assert [path.name for path in atomic.sweep(tmp_path)] == [".a.1.tmp", ".b.2.tmp"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".hidden", "a", "a.tmp"]
