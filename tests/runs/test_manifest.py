"""The manifest notices every change and never leads out of its folder."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from recbole_opal.errors import CheckpointError
from recbole_opal.runs.manifest import (
    MANIFEST_NAME,
    FileDigest,
    Manifest,
    check_name,
    verified_bytes,
)


def write_run(folder: Path, files: dict[str, bytes]) -> Manifest:
    manifest = Manifest({name: FileDigest.of(data) for name, data in files.items()})
    (folder / MANIFEST_NAME).write_bytes(manifest.encode())
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return manifest


def test_digest_is_the_known_sha256() -> None:
    digest = FileDigest.of(b"abc")
    assert digest.size == 3
    assert digest.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_manifest_round_trip_is_canonical(tmp_path: Path) -> None:
    manifest = write_run(tmp_path, {"b": b"1", "a.json": b"22"})
    read = Manifest.read(tmp_path)
    assert read == manifest
    assert read.encode() == (tmp_path / MANIFEST_NAME).read_bytes()
    assert list(json.loads(read.encode())["files"]) == ["a.json", "b"]
    assert (
        Manifest({"b": read.files["b"], "a.json": read.files["a.json"]}).encode() == read.encode()
    )


def test_others_can_check_the_digests(tmp_path: Path) -> None:
    write_run(tmp_path, {"a": b"content"})
    entry = json.loads((tmp_path / MANIFEST_NAME).read_text())["files"]["a"]
    assert entry == {"size": 7, "sha256": hashlib.sha256(b"content").hexdigest()}


def test_every_flipped_bit_of_the_manifest_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path, {"a": b"content", "b.json": b""})
    path = tmp_path / MANIFEST_NAME
    data = path.read_bytes()
    for position in range(len(data)):
        for bit in (position % 8, (position + 3) % 8):
            damaged = bytearray(data)
            damaged[position] ^= 1 << bit
            path.write_bytes(damaged)
            with pytest.raises(CheckpointError, match=MANIFEST_NAME):
                Manifest.read(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: text + "\n",
        lambda text: text.replace('": ', '":  ', 1),
        lambda text: "",
        lambda text: "[]",
        lambda text: "{}",
        lambda text: '{"files": []}',
        lambda text: '{"files": {"a": 1}}',
        lambda text: '{"files": {"a": {"size": "1", "sha256": "0"}}}',
        lambda text: '{"files": {"a": {"size": 1, "sha256": null}}}',
        lambda text: "[" * 50_000,
        lambda text: " " * 2**21,
    ],
)
def test_other_text_is_refused(tmp_path: Path, change: Any) -> None:
    write_run(tmp_path, {"a": b"content"})
    path = tmp_path / MANIFEST_NAME
    path.write_text(change(path.read_text()))
    with pytest.raises(CheckpointError, match=rf"{MANIFEST_NAME} is damaged"):
        Manifest.read(tmp_path)


def test_another_format_names_both_versions(tmp_path: Path) -> None:
    write_run(tmp_path, {})
    path = tmp_path / MANIFEST_NAME
    path.write_text(path.read_text().replace("version 1", "version 2"))
    with pytest.raises(CheckpointError, match=r"version 2.*version 1.*use the version"):
        Manifest.read(tmp_path)


@pytest.mark.parametrize(
    "name",
    ["../x", "a/b", "/etc/passwd", "..", ".", "", ".hidden", "a\\b", "a\0b", "a\n", "C:x", "ü"]
    + [MANIFEST_NAME, "x" * 151],
)
def test_names_that_could_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CheckpointError, match="not a plain file name"):
        check_name(name, tmp_path)
    (tmp_path / MANIFEST_NAME).write_bytes(Manifest({name: FileDigest.of(b"x")}).encode())
    with pytest.raises(CheckpointError, match=rf"{MANIFEST_NAME}: .* is not a plain file name"):
        Manifest.read(tmp_path)


@pytest.mark.parametrize("name", ["weights-soft.safetensors", "per_user-soft-test.npz", "a", "A+b"])
def test_plain_names_are_accepted(tmp_path: Path, name: str) -> None:
    assert check_name(name, tmp_path) == name


def test_a_folder_without_manifest_is_no_run(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "gone"):
        with pytest.raises(CheckpointError, match=r"is not a run folder.*run folder: PATH"):
            Manifest.read(folder)


def test_verified_bytes_returns_only_what_the_manifest_states(tmp_path: Path) -> None:
    manifest = write_run(tmp_path, {"a": b"content"})
    assert verified_bytes(tmp_path, "a", manifest) == b"content"
    (tmp_path / "a").write_bytes(b"cOntent")
    with pytest.raises(CheckpointError) as caught:
        verified_bytes(tmp_path, "a", manifest)
    message = str(caught.value)
    assert str(tmp_path / "a") in message
    assert hashlib.sha256(b"cOntent").hexdigest() in message
    assert hashlib.sha256(b"content").hexdigest() in message
    assert message.endswith("train again.")


def test_missing_unlisted_and_wrong_sized_files(tmp_path: Path) -> None:
    manifest = write_run(tmp_path, {"a": b"content"})
    with pytest.raises(CheckpointError, match=r"holds no b; it holds a:"):
        verified_bytes(tmp_path, "b", manifest)
    for data in (b"conten", b"content+"):
        (tmp_path / "a").write_bytes(data)
        with pytest.raises(CheckpointError, match="a is damaged"):
            verified_bytes(tmp_path, "a", manifest)
    (tmp_path / "a").unlink()
    with pytest.raises(CheckpointError, match="cannot read .*a: No such file"):
        verified_bytes(tmp_path, "a", manifest)


def test_links_and_folders_are_refused_even_if_the_content_is_right(tmp_path: Path) -> None:
    manifest = write_run(tmp_path, {"a": b"content"})
    (tmp_path / "a").rename(tmp_path / "real")
    (tmp_path / "a").symlink_to(tmp_path / "real")
    with pytest.raises(CheckpointError, match="no regular file"):
        verified_bytes(tmp_path, "a", manifest)
    (tmp_path / "a").unlink()
    (tmp_path / "a").mkdir()
    with pytest.raises(CheckpointError, match="no regular file"):
        verified_bytes(tmp_path, "a", manifest)
