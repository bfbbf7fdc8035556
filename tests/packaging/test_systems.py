"""The package runs where Linux is not: what POSIX alone has is used after a look, or not at all."""

import ast
import copy
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from recbole_opal.errors import CheckpointError
from recbole_opal.process import cores, peak_memory, program, shell
from recbole_opal.runs import atomic

MODULES = {"crypt", "fcntl", "grp", "nis", "posix", "pty", "pwd", "resource", "spwd", "syslog"}
MODULES |= {"termios", "tty"}
NAMES = {
    "os": """
        O_CLOEXEC O_DIRECTORY O_DSYNC O_NOCTTY O_NOFOLLOW O_NONBLOCK O_SYNC WNOHANG chown
        chroot copy_file_range eventfd fchmod fchown fork forkpty getegid geteuid getgid
        getgroups getloadavg getpgid getpgrp getpriority getresuid getsid getuid getxattr
        initgroups kill killpg lchown login_tty lockf major memfd_create mkfifo mknod nice
        openpty pidfd_open posix_fadvise posix_fallocate posix_spawn pread preadv pwrite
        pwritev readv register_at_fork sched_getaffinity sched_setaffinity sched_yield
        sendfile setegid seteuid setgid setgroups setpgid setpriority setsid setuid setxattr
        splice statvfs fstatvfs sync sysconf tcgetpgrp ttyname uname wait wait3 wait4 waitid
        writev
    """,
    "signal": """
        SIGALRM SIGBREAK SIGBUS SIGCHLD SIGCONT SIGHUP SIGIO SIGKILL SIGPIPE SIGQUIT SIGSTOP
        SIGTSTP SIGUSR1 SIGUSR2 SIGWINCH alarm getitimer pause pthread_kill pthread_sigmask
        set_wakeup_fd setitimer sigpending sigtimedwait sigwait
    """,
    "socket": "AF_UNIX socketpair",
    "time": "clock_gettime clock_settime pthread_getcpuclockid tzset",
    "sys": "setdlopenflags getdlopenflags",
}
LACKING = {module: set(names.split()) for module, names in NAMES.items()}
TEXT_FUNCTIONS = {
    "open",
    "fdopen",
    "read_text",
    "write_text",
    "TextIOWrapper",
    "NamedTemporaryFile",
}
# Forking is all that they are for; the tests that start them look for it first.
FORKING = ("kill_driver.py", "save_point_driver.py")
"""A text file needs its encoding told: on Windows the default is that of the country."""


@cache
def files(root: Path, *folders: str) -> list[tuple[Path, ast.Module]]:
    paths = [path for folder in folders for path in sorted((root / folder).rglob("*.py"))]
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def looked_for(tree: ast.Module) -> set[str]:
    """Return what `hasattr` and `getattr` are asked for."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {
        str(argument.value)
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in ("hasattr", "getattr")
        for argument in call.args[1:2]
        if isinstance(argument, ast.Constant)
    }


def lacking(tree: ast.AST) -> Iterator[str]:
    """Yield what is imported or read that some system lacks."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names} & LACKING.get(node.module or "", set())
            yield from names | ({str(node.module)} & MODULES)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in LACKING.get(node.value.id, ()):
                yield node.attr
        elif isinstance(node, ast.keyword) and node.arg == "preexec_fn":
            yield "preexec_fn"


def at_import(tree: ast.Module) -> ast.Module:
    """Return what is evaluated when a module is imported: all but the bodies of its functions."""
    tree = copy.deepcopy(tree)  # the reading is shared
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body = []
    return tree


def without_encoding(tree: ast.Module) -> Iterator[int]:
    """Yield the lines in which text is read or written in whatever encoding is the default."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        told = {keyword.arg: keyword.value for keyword in call.keywords}
        if "encoding" in told or not (name in TEXT_FUNCTIONS or "text" in told):
            continue
        words = [each.value for each in call.args if isinstance(each, ast.Constant)]
        module = getattr(getattr(call.func, "value", None), "id", "")
        whole = name in ("read_text", "write_text") and len(call.args) > (name == "write_text")
        bare = name == "open" and (module in ("archive", "os") or module[:1].isupper())
        binary = any(isinstance(word, str) and "b" in word and len(word) < 4 for word in words)
        if not (whole or bare or binary):
            yield call.lineno


def test_the_package_uses_nothing_that_a_system_lacks(root):
    unguarded = {
        f"{path.relative_to(root)}: {name}"
        for path, tree in files(root, "recbole_opal")
        for name in lacking(tree)
        if name not in looked_for(tree)
    }
    assert unguarded == set()


def test_texts_have_their_encoding_told(root):
    default = [
        f"{path.relative_to(root)}:{line}"
        for path, tree in files(root, "recbole_opal")
        for line in without_encoding(tree)
    ]
    assert default == []


def test_tests_can_be_collected_everywhere_and_say_what_they_need(root):
    for path, tree in files(root, "tests", "benchmarks"):
        assert set(lacking(at_import(tree))) <= looked_for(tree), path
        if path.name.startswith("test_") and set(lacking(tree)) - looked_for(tree):
            assert "mark.posix" in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize(
    "code",
    [
        "import fcntl",
        "from os import fork",
        "def f():\n    import resource",
        "import os\nos.kill(1, 9)",
        "import signal\nsignal.SIGHUP",
        "import subprocess\nsubprocess.run([], preexec_fn=print)",
    ],
)
def test_the_reading_finds_what_it_is_for(code):
    assert list(lacking(ast.parse(code)))


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("open('a')", 1), ("open('a', 'rb')", 0), ("open('a', encoding='utf-8')", 0),
        ("path.read_text()", 1), ("path.read_text('utf-8')", 0), ("path.write_text(text)", 1),
        ("subprocess.run(words, text=True)", 1), ("RunFolder.open(path)", 0),
        ("os.fdopen(number, 'w')", 1), ("path.open('xb')", 0), ("os.open(path, flags)", 0),
    ],
)  # fmt: skip
def test_the_reading_of_encodings_finds_what_it_is_for(code, count):
    assert len(list(without_encoding(ast.parse(code)))) == count


def test_cores_are_counted_where_no_process_is_bound_to_some(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert cores.usable_cores() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores.usable_cores() == 1


def test_memory_is_measured_where_there_is_no_proc(monkeypatch, tmp_path):
    monkeypatch.setattr(peak_memory, "_STATUS", tmp_path / "status")
    monkeypatch.setattr(peak_memory, "_RESET", tmp_path / "no" / "clear_refs")
    measured = peak_memory.PeakMemory()
    large = bytearray(b"x" * (200 << 20))
    time.sleep(0.3)
    assert measured._host > len(large)


def test_a_command_ends_well_where_signals_are_few(tmp_path):
    code = (
        "import os, signal\n"
        "for name in ('SIGHUP', 'SIGKILL', 'SIGALRM'): delattr(signal, name)\n"
        "for name in ('kill', 'fork', 'sched_getaffinity', 'geteuid'): delattr(os, name)\n"
        "from recbole_opal.cli import console\n"
        "console()\n"
    )
    (tmp_path / "saved").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code, "runs"], cwd=tmp_path, capture_output=True, encoding="utf-8"
    )
    assert (done.returncode, done.stdout) == (0, "no runs in saved\n"), done.stderr


def test_what_a_pipe_s_encoding_lacks_is_escaped(tmp_path):
    folder = tmp_path / "\N{CJK UNIFIED IDEOGRAPH-6620}"
    folder.mkdir()
    words = [sys.executable, "-m", "recbole_opal", "runs", "list", str(folder)]
    for encoding, told in (("cp1252", "\\u6620"), ("utf-8", "\N{CJK UNIFIED IDEOGRAPH-6620}")):
        done = subprocess.run(
            words, cwd=tmp_path, capture_output=True, encoding="utf-8",
            env=os.environ | {"PYTHONIOENCODING": encoding},
        )  # fmt: skip
        assert f"no runs in {tmp_path}{os.sep}{told}" in done.stdout, (done.stdout, done.stderr)


def test_commands_are_quoted_for_the_shell_of_windows(monkeypatch):
    monkeypatch.setattr(program, "_WINDOWS", True)
    monkeypatch.setattr(sys, "argv", ["recbole-opal"])
    monkeypatch.setattr(program, "_is_on_path", lambda _: True)
    line = program.command("--resume=C:\\my runs\\OPAL")
    assert line == 'recbole-opal "--resume=C:\\my runs\\OPAL"'


@pytest.mark.parametrize("called", ["recbole-opal", "recbole-opal.exe"])
def test_the_program_of_windows_is_known_with_its_ending_and_without(called, monkeypatch, tmp_path):
    found = tmp_path / "recbole-opal.exe"
    monkeypatch.setattr(program.shutil, "which", lambda name: str(found))
    assert program._is_on_path(str(tmp_path / called))
    assert not program._is_on_path(str(tmp_path / "other" / called))


def test_a_reader_of_the_old_file_is_waited_for(monkeypatch, tmp_path):
    """Windows refuses to rename over a file that somebody has open."""
    path, left = tmp_path / "a.json", [1]
    usual = Path.replace

    def refusing(self, target):
        left[0] -= 1
        if left[0] >= 0:
            raise PermissionError(errno.EACCES, "The process cannot access the file")
        return usual(self, target)

    monkeypatch.setattr(Path, "replace", refusing)
    with pytest.raises(CheckpointError, match="make the folder writable"):
        atomic.write_text(path, "on Linux one refusal is one too many")
    monkeypatch.setattr(atomic, "_HELD_BY_READERS", True)
    left[0] = 3
    atomic.write_text(path, "new")
    assert path.read_text(encoding="utf-8") == "new"
    monkeypatch.setattr(atomic, "_PATIENCE", 0.1)
    left[0] = 10**9
    with pytest.raises(CheckpointError, match="make the folder writable"):
        atomic.write_text(path, "held for ever")
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]


def test_folders_are_not_synced_where_they_cannot_be_opened(monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr(atomic, "_FOLDERS_OPEN", False)
    monkeypatch.setattr(atomic.os, "open", lambda *words: opened.append(words))
    atomic.sync_folder(tmp_path)
    assert opened == []


def test_ctrl_break_counts_as_ctrl_c_where_it_is():
    assert signal.SIGTERM in shell._STOPS
    assert {getattr(signal, name) for name in ("SIGHUP", "SIGBREAK") if hasattr(signal, name)} <= {
        *shell._STOPS
    }
