"""A run folder appears whole and held, or not at all; what a kill leaves goes with the next one."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from recbole_opal.errors import CheckpointError
from recbole_opal.runs import RunFolder, RunReader, creation
from recbole_opal.runs.lock import exclusive

FIRST = {"config.yaml": b"a: 1\n", "ids.json": b"{}\n"}

BUILD = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    from recbole_opal.runs import RunFolder, creation
    def wait(*args):
        print("building", flush=True)
        time.sleep(1000)
    creation.atomic.sync_folder = wait
    with RunFolder.begin(Path(sys.argv[1]), "x", {"config.yaml": b"a: 1"}):
        pass
    """
)


def entries(parent: Path) -> list[str]:
    return sorted(path.name for path in parent.iterdir())


def begin(parent: Path, label: str = "OPAL") -> Any:
    return RunFolder.begin(parent, label, FIRST)


def test_it_appears_with_its_first_files(tmp_path: Path) -> None:
    with begin(tmp_path / "a" / "b") as folder:
        assert folder.names == ["config.yaml", "ids.json"]
        assert folder.load_yaml("config.yaml") == {"a": 1}
        assert entries(tmp_path / "a" / "b") == [folder.path.name]
        assert entries(folder.path) == ["config.yaml", "ids.json", "manifest.json"]
    RunFolder.open(folder.path).verify()


def test_it_is_held_from_the_first_moment_to_the_end_of_the_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def try_all(*args: Any) -> None:  # between any two steps of the making and of an update
        for path in tmp_path.iterdir():
            with pytest.raises(CheckpointError, match=r"goes on|is not a run folder"):
                RunFolder.open(path)
            with pytest.raises(CheckpointError, match="goes on"), exclusive(path, patience=0.0):
                pass
            tried.append(path.name)

    monkeypatch.setattr("recbole_opal.runs.lock.PATIENCE", 0.0)
    monkeypatch.setattr(exclusive.__wrapped__, "__defaults__", (0.0,))
    for name in ("write_synced", "sync_folder", "stage", "publish"):
        original = getattr(creation.atomic, name)

        def call(*args: Any, original: Any = original) -> Any:
            try_all()
            done = original(*args)
            try_all()
            return done

        monkeypatch.setattr(creation.atomic, name, call)
    with begin(tmp_path) as folder:
        try_all()
        with folder.update():
            folder.save_json("metrics.json", {})
        try_all()
    assert {name[0] for name in tried} == {".", "O"}
    assert RunFolder.open(folder.path).load_json("metrics.json") == {}


def test_killed_at_every_call_nothing_or_all_of_it_is_there(
    tmp_path: Path, faults: Any, kill: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(creation, "_undo", lambda *args: None)  # a kill runs no handler
    faults.arm(10**6, OSError, once=True)
    with begin(tmp_path / "counted"):
        calls = len(faults.calls)
    hidden = whole = 0
    for position in range(calls):
        parent = tmp_path / str(position)
        faults.arm(position, kill, once=False)
        with pytest.raises(kill), begin(parent):
            pass
        faults.disarm()
        for name in entries(parent):
            if name.startswith("."):
                hidden += 1
            else:
                whole += 1
                RunReader.open(parent / name).verify()
    assert hidden > 3
    assert whole == 1  # killed at the last sync, when all was done


def test_what_a_kill_left_goes_with_the_next_creation(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", BUILD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "building\n"
        (hidden,) = entries(tmp_path)
        assert hidden.startswith(".x-")
        RunFolder.create(tmp_path, "y")
        assert hidden in entries(tmp_path)  # it is being built
    finally:
        process.kill()
        process.communicate()
    RunFolder.create(tmp_path, "z")
    assert [name[0] for name in entries(tmp_path)] == ["y", "z"]


def test_nothing_else_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".mine.new").write_text("a file")
    (tmp_path / ".deep.new" / "folder").mkdir(parents=True)
    (tmp_path / ".deep.new" / "folder" / "file").write_text("mine")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").write_text("mine")
    (tmp_path / ".link.new").symlink_to(tmp_path / "elsewhere")
    RunFolder.create(tmp_path, "x")
    assert (tmp_path / ".mine.new").is_file()
    assert (tmp_path / ".deep.new" / "folder" / "file").is_file()
    assert (tmp_path / ".link.new" / "file").is_file()


def test_swept_by_another_creation_it_draws_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, swept = creation._hold, []

    def hold(stack: Any, hidden: Path) -> None:
        if not swept:
            swept.append(hidden.name)
            hidden.rmdir()
        original(stack, hidden)

    monkeypatch.setattr(creation, "_hold", hold)
    with begin(tmp_path) as folder:
        assert folder.names == sorted(FIRST)
    assert len(swept) == 1
    assert entries(tmp_path) == [folder.path.name]


def test_an_error_in_the_block_keeps_the_folder(tmp_path: Path) -> None:
    def fail() -> None:
        with begin(tmp_path):
            raise FileExistsError

    with pytest.raises(FileExistsError):
        fail()
    (name,) = entries(tmp_path)
    RunFolder.open(tmp_path / name).verify()


@pytest.mark.parametrize("once", [True, False])
def test_a_failing_disk_leaves_nothing(
    tmp_path: Path, faults: Any, disk_error: Any, once: bool
) -> None:
    faults.arm(10**6, OSError, once=True)
    with begin(tmp_path / "counted"):
        calls = list(faults.calls)
    for position, name in enumerate(calls):
        if not once and name == "unlink":
            continue
        parent = tmp_path / str(position)
        faults.arm(position, disk_error, once)
        with pytest.raises(CheckpointError, match=r"cannot write .*/OPAL-"), begin(parent):
            pass
        faults.disarm()
        left = entries(parent)
        assert left == [] or not once
        assert all(name.startswith(".") for name in left)
        RunFolder.create(parent, "next")
        assert [name[0] for name in entries(parent)] == ["n"]


@pytest.mark.skipif(os.name == "nt", reason="the system's locks")
def test_a_lock_survives_the_rename(tmp_path: Path) -> None:
    place = tmp_path / "a"
    place.mkdir()
    with exclusive(place):
        place.rename(tmp_path / "b")
        with pytest.raises(CheckpointError, match="goes on"), exclusive(tmp_path / "b", 0.0):
            pass
    with exclusive(tmp_path / "b", 0.0):
        pass


def grown(path: Path, text: str, *, replace: bool = False) -> None:
    with RunFolder.growing(path, replace=replace) as folder:
        folder.save_json("a.json", text)
        folder.save_json("b.json", text)


def test_what_grows_is_seen_when_it_is_whole(tmp_path: Path) -> None:
    with RunFolder.growing(tmp_path / "deep" / "x") as folder:
        folder.save_json("a.json", 1)
        assert entries(tmp_path / "deep") == [".x.new"]
        with pytest.raises(FileExistsError), RunFolder.growing(tmp_path / "deep" / "x"):
            pass
        RunFolder.create(tmp_path / "deep", "other")  # whose sweep leaves it alone
    assert ".x.new" not in entries(tmp_path / "deep")
    assert RunReader.open(tmp_path / "deep" / "x").load_json("a.json") == 1


def test_what_came_there_meanwhile_stays(tmp_path: Path) -> None:
    with ExitStack() as stack:
        stack.enter_context(RunFolder.growing(tmp_path / "x")).save_json("a.json", 1)
        (tmp_path / "x").write_text("mine")
        with pytest.raises(FileExistsError):
            stack.close()
    assert entries(tmp_path) == ["x"]
    assert (tmp_path / "x").read_text() == "mine"


def code_of_a_child(action: Callable[[], None]) -> int:
    """Run an action in a process of its own and return what the process ends with."""
    child = os.fork()
    if child == 0:
        try:
            action()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_after(path: Path, changes: int) -> int:
    """Replace a folder in a process that is killed after so many changes of the disk."""
    left = [changes]

    def counted(action: Callable[..., Any]) -> Callable[..., Any]:
        def done(*args: Any, **kwargs: Any) -> Any:
            if left[0] == 0:
                os._exit(9)
            left[0] -= 1
            return action(*args, **kwargs)

        return done

    def replace() -> None:
        for place, name in (
            *((Path, name) for name in ("rename", "replace", "unlink", "mkdir", "rmdir")),
            *((os, name) for name in ("open", "write")),
        ):
            setattr(place, name, counted(getattr(place, name)))
        grown(path, "new", replace=True)

    return code_of_a_child(replace)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
def test_a_replacement_killed_at_any_change_leaves_one_whole_folder(tmp_path: Path) -> None:
    found, code = [], 9
    while code == 9:
        path = tmp_path / str(len(found)) / "my folder"
        grown(path, "old")
        code = killed_after(path, len(found))
        creation.mend(path)
        folder = RunReader.open(path)
        folder.verify()
        a, b = (folder.load_json(name) for name in ("a.json", "b.json"))
        assert a == b
        found.append(a)
        grown(path, "next", replace=True)
        assert entries(path.parent) == ["my folder"]
    assert code == 0
    assert len(found) > 20
    assert found == sorted(found, reverse=True)  # "old" up to one change, "new" from it on
    assert {"old", "new"} == set(found)
