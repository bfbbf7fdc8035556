"""Reading changes nothing on disk, needs no lock, and gets along with a run that goes on."""

import multiprocessing
import time
from pathlib import Path
from typing import Any

import pytest
import torch

import recbole_opal
from recbole_opal.errors import CheckpointError
from recbole_opal.runs import RunFolder, RunReader
from recbole_opal.runs.manifest import FileDigest, Manifest


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every entry below a folder, hidden ones too: when it was changed, its node, its content."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mtime_ns,
            path.lstat().st_ino,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in [folder, *folder.rglob("*")]
    }


def read_everything(path: Path) -> RunReader:
    run = RunReader.open(path)
    run.verify()
    run.load_state()
    run.load_weights("soft")
    run.load_json("ids.json")
    run.load_yaml("config.yaml")
    run.load_lines("training.jsonl")
    run.load_arrays("per_user-soft-test.npz")
    return run


def test_reading_changes_nothing(full_run: RunFolder, faults: Any) -> None:
    for name in ("state-9.safetensors", ".weights-soft.safetensors.0123.tmp", "notes.md"):
        (full_run.path / name).write_bytes(b"not listed")
    before = snapshot(full_run.path.parent)
    faults.arm(0, PermissionError, once=False)
    run = read_everything(full_run.path)
    faults.disarm()
    assert faults.calls == []
    assert snapshot(full_run.path.parent) == before
    assert run.names == full_run.names
    assert run.stages == ["soft"]
    assert run.has_state()


def test_reading_needs_no_lock(full_run: RunFolder) -> None:
    with full_run.working():
        assert read_everything(full_run.path).load_state()["epoch"] == 0


def test_an_update_that_was_committed_but_not_renamed_is_seen(full_run: RunFolder) -> None:
    new = b'{"a": 1}\n'
    entry = FileDigest.of(new)
    staged = full_run.path / f".metrics.json.{entry.sha256}.tmp"
    staged.write_bytes(new)
    files = {**Manifest.read(full_run.path).files, "metrics.json": entry}
    (full_run.path / "manifest.json").write_bytes(Manifest(files).encode())
    before = snapshot(full_run.path)
    run = RunReader.open(full_run.path)
    assert run.load_json("metrics.json") == {"a": 1}
    run.verify()
    assert snapshot(full_run.path) == before
    staged.write_bytes(b"half")
    with pytest.raises(CheckpointError, match=r"metrics\.json"):
        RunReader.open(full_run.path).load_json("metrics.json")


def test_a_reader_follows_what_the_writer_commits(full_run: RunFolder) -> None:
    run = RunReader.open(full_run.path)
    with full_run.update():
        full_run.save_state({"epoch": 7})
        full_run.save_lines("training.jsonl", [{"epoch": 7}])
    assert run.load_state() == {"epoch": 7}
    assert run.load_lines("training.jsonl") == [{"epoch": 7}]


def test_a_reader_has_nothing_to_write_with(full_run: RunFolder) -> None:
    run = RunReader.open(full_run.path)
    assert not [name for name in dir(run) if name.startswith(("save", "update", "drop", "work"))]


def test_only_what_makes_runs_opens_them_for_writing() -> None:
    package = Path(recbole_opal.__file__).parent
    sources = {path.relative_to(package).as_posix(): path for path in package.rglob("*.py")}
    writers = {
        name
        for name, path in sources.items()
        if "RunFolder" in path.read_text(encoding="utf-8") and not name.startswith("runs/")
    }
    made = {f"experiment/{name}.py" for name in ("following", "results", "resumption", "session")}
    bundles = {f"exporting/{name}.py" for name in ("bundle", "kept_files")}  # of their own
    tracked = {"tracking/tracked.py"}  # keeps the id under which a tracker has the run
    assert writers == made | bundles | tracked | {"testing/contract.py"}


def test_something_else_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone"):
        with pytest.raises(CheckpointError, match="is not a run folder"):
            RunReader.open(path)


def save_until_killed(path: str) -> None:
    folder = RunFolder.open(Path(path))
    with folder.working():
        for epoch in range(10**6):
            with folder.update():
                folder.save_state({"epoch": epoch, "w": torch.full((500,), float(epoch))})
                folder.save_lines("training.jsonl", [{"epoch": epoch}])


def test_reading_while_a_run_writes(full_run: RunFolder) -> None:
    # Not forked: of DuckDB's threads, from another test, a forked process would have none.
    writer = multiprocessing.get_context("spawn").Process(
        target=save_until_killed, args=(str(full_run.path),)
    )
    writer.start()
    try:
        seen, begun = [0], time.monotonic()
        while (waited := time.monotonic() - begun) < 3 or (seen[-1] <= 5 and waited < 60):
            run = RunReader.open(full_run.path)
            run.verify()
            state = run.load_state()
            if "w" in state:
                assert state["w"].unique().tolist() == [state["epoch"]]
            seen.append(run.load_lines("training.jsonl")[0]["epoch"])
    finally:
        writer.kill()
        writer.join()
    assert seen == sorted(seen)
    assert seen[-1] > 5  # else nothing was written meanwhile
