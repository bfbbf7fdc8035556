"""Updates of several files count as one step, wherever they are cut off."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recbole_opal.errors import CheckpointError
from recbole_opal.runs.store import VerifiedFolder

OLD = {"log": b"one\n", "weights": b"old weights", "state-1": b"old state"}
NEW = {"log": b"one\ntwo\n", "weights": b"new weights!", "state-2": b"new state"}


def content(folder: VerifiedFolder) -> dict[str, bytes]:
    return {name: folder.read(name) for name in folder.names}


def write_all(folder: VerifiedFolder, files: dict[str, bytes]) -> None:
    with folder.update():
        for name, data in files.items():
            folder.write(name, data)
        for name in set(folder.names) - set(files):
            folder.drop(name)


def on_disk(folder: VerifiedFolder) -> set[str]:
    return {path.name for path in folder.path.iterdir()} - {"manifest.json"}


@pytest.fixture
def folder(tmp_path: Path) -> VerifiedFolder:
    with VerifiedFolder.making(tmp_path / "run", {}) as made:
        write_all(made, OLD)
    return made


def test_write_read_drop(folder: VerifiedFolder) -> None:
    assert content(folder) == OLD
    folder.write("log", b"other")
    folder.write("more", b"")
    folder.drop("weights")
    expected = {"log": b"other", "more": b"", "state-1": b"old state"}
    assert content(folder) == expected
    assert content(VerifiedFolder(folder.path)) == expected
    assert on_disk(folder) == set(expected)


def test_nothing_of_a_block_is_seen_before_its_end(folder: VerifiedFolder) -> None:
    with folder.update():
        folder.write("log", b"draft")
        folder.drop("weights")
        assert content(folder) == OLD
        assert (folder.path / "log").read_bytes() == OLD["log"]
    assert folder.read("log") == b"draft"
    assert folder.names == ["log", "state-1"]


def test_the_last_of_several_writes_counts_and_blocks_nest(folder: VerifiedFolder) -> None:
    with folder.update():
        folder.write("log", b"1")
        with folder.update():
            folder.write("log", b"2")
            folder.write("gone", b"x")
        folder.drop("gone")
        assert content(folder) == OLD
    assert content(folder) == {**OLD, "log": b"2"}
    assert on_disk(folder) == set(OLD)


def test_a_block_that_raises_leaves_everything_as_it_was(folder: VerifiedFolder) -> None:
    def fail_half_way() -> None:
        with folder.update():
            folder.write("log", b"draft")
            folder.drop("weights")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert content(folder) == OLD
    assert on_disk(folder) == set(OLD)
    folder.write("log", b"after")
    assert folder.read("log") == b"after"


def test_the_same_content_again_keeps_the_folder_sound(folder: VerifiedFolder) -> None:
    write_all(folder, OLD)
    assert content(VerifiedFolder(folder.path)) == OLD


def test_writing_again_repairs_a_damaged_file(folder: VerifiedFolder) -> None:
    (folder.path / "log").write_bytes(b"rot")
    with pytest.raises(CheckpointError):
        folder.read("log")
    folder.write("log", OLD["log"])
    assert content(folder) == OLD


def test_names_are_checked_before_anything_is_written(folder: VerifiedFolder) -> None:
    for name in ("../x", "manifest.json", ".x"):
        with pytest.raises(CheckpointError, match="not a plain file name"):
            folder.write(name, b"x")
    assert on_disk(folder) == set(OLD)
    assert not (folder.path.parent / "x").exists()


def test_making_refuses_a_taken_path(folder: VerifiedFolder) -> None:
    with pytest.raises(FileExistsError), VerifiedFolder.making(folder.path, {}):
        pass
    (folder.path.parent / "file").write_text("x")
    place = folder.path.parent / "file" / "run"
    with pytest.raises(CheckpointError, match="cannot write"), VerifiedFolder.making(place, {}):
        pass


def count_calls(folder: VerifiedFolder, faults: Any) -> list[str]:
    """The changing calls of an update from OLD to NEW; the folder is left at OLD."""
    faults.arm(10**6, OSError, once=True)
    write_all(folder, NEW)
    calls = list(faults.calls)
    write_all(folder, OLD)
    return calls


def test_cost_of_an_update_in_syncs(folder: VerifiedFolder, faults: Any) -> None:
    assert count_calls(folder, faults).count("fsync") == len(NEW) + 1 + 2


def test_killed_at_every_call_all_old_or_all_new(
    folder: VerifiedFolder, faults: Any, kill: type[BaseException]
) -> None:
    calls = count_calls(folder, faults)
    commit = calls.index("replace")
    for position in range(len(calls)):
        faults.arm(position, kill, once=False)
        with pytest.raises(kill):
            write_all(folder, NEW)
        faults.disarm()
        folder = VerifiedFolder(folder.path)
        assert content(folder) == (OLD if position <= commit else NEW), (position, calls[position])
        assert not [name for name in on_disk(folder) if name.endswith(".tmp")]
        write_all(folder, OLD)


def test_killed_again_while_tidying_up(
    folder: VerifiedFolder, faults: Any, kill: type[BaseException]
) -> None:
    calls = count_calls(folder, faults)
    for position in range(len(calls)):
        for second in range(4):
            faults.arm(position, kill, once=False)
            with pytest.raises(kill):
                write_all(folder, NEW)
            faults.arm(second, kill, once=False)
            with contextlib.suppress(kill):
                VerifiedFolder(folder.path)
            faults.disarm()
            folder = VerifiedFolder(folder.path)
            assert content(folder) in (OLD, NEW)
            assert not [name for name in on_disk(folder) if name.endswith(".tmp")]
            write_all(folder, OLD)


def test_killed_while_writing_the_same_content_again(
    folder: VerifiedFolder, faults: Any, kill: type[BaseException]
) -> None:
    # The staged name of unchanged content equals the committed one: half of it must not win.
    faults.arm(10**6, OSError, once=True)
    write_all(folder, OLD)
    for position in range(len(faults.calls)):
        faults.arm(position, kill, once=False)
        with pytest.raises(kill):
            write_all(folder, OLD)
        faults.disarm()
        folder = VerifiedFolder(folder.path)
        assert content(folder) == OLD


@pytest.mark.parametrize("once", [True, False])
def test_a_failing_disk_leaves_all_old_or_all_new_and_the_object_usable(
    folder: VerifiedFolder, faults: Any, disk_error: Callable[[], OSError], once: bool
) -> None:
    calls = count_calls(folder, faults)
    messages = []
    for position in range(len(calls)):
        faults.arm(position, disk_error, once)
        try:
            write_all(folder, NEW)
        except CheckpointError as error:
            messages.append(str(error))
        faults.disarm()
        assert content(folder) in (OLD, NEW)
        assert content(VerifiedFolder(folder.path)) == content(folder)
        assert not [name for name in on_disk(folder) if name.endswith(".tmp")]
        write_all(folder, OLD)
    assert all(str(folder.path) in text and "bytes needed" in text for text in messages)
    # Only looking for a former temporary name may fail unnoticed, once a file and the manifest.
    assert len(messages) == len(calls) - (len(NEW) + 1 if once else 0)


@pytest.mark.parametrize("after_commit", [False, True])
def test_ctrl_c_in_the_middle(folder: VerifiedFolder, faults: Any, after_commit: bool) -> None:
    commit = count_calls(folder, faults).index("replace")
    faults.arm(commit + (1 if after_commit else 0), KeyboardInterrupt, once=True)
    with pytest.raises(KeyboardInterrupt):
        write_all(folder, NEW)
    faults.disarm()
    assert content(folder) == (NEW if after_commit else OLD)
    assert on_disk(folder) <= set(OLD) | set(NEW)
