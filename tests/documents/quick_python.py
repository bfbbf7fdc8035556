"""A `python` that starts at once: commands run in forks of a process that has all loaded already.

The pages start Python some eighty times, and RecBole alone takes seconds to load. `python
quick_python.py SOCKET` loads it once and waits; the programs that `write_programs` makes hand it
their words, folder, environment and streams, and end with the code of the fork.
"""

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, NoReturn

_PROGRAM = """#!{python} -SE
import json, os, socket, sys
words = sys.argv[1:] if os.path.basename(sys.argv[0]) == "python" else [sys.argv[0], *sys.argv[1:]]
asked = {{"words": words, "folder": os.getcwd(), "environment": dict(os.environ)}}
with socket.socket(socket.AF_UNIX) as there:
    there.connect({place!r})
    message = json.dumps(asked).encode()
    socket.send_fds(there, [len(message).to_bytes(4, "big")], [0, 1, 2])
    there.sendall(message)
    sys.exit(int(there.recv(16) or 70))
"""
# One small run each; a flag, a file or an argument that names one of them wins.
SMALL = {
    "epochs": 1,
    "train_batch_size": 64,
    "cuts_per_user": 1,
    "hidden_size": 16,  # as many as the interests that a page asks for
    "num_negatives": 16,
    "MAX_ITEM_LIST_LENGTH": 10,
    "schedule_steps": 8,
    "warmup_steps": 1,
    "epoch_rows": 64,
}
_LIBRARY = ("experiment", "serving", "side_by_side.compare")


def write_programs(folder: Path, place: Path) -> None:
    """Write the programs `python` and `recbole-opal`, which ask the server at `place`."""
    folder.mkdir()
    for name in ("python", "recbole-opal"):
        path = folder / name
        path.write_text(_PROGRAM.format(python=sys.executable, place=str(place)))
        path.chmod(0o755)


def serve(place: str, program: str) -> NoReturn:
    """Load, say so on standard output, and do what is asked until the process is ended."""
    sys.executable = program  # for the processes that a comparison starts
    from recbole_opal.cli import COMMANDS

    for name in (*_LIBRARY, *(place.partition(":")[0] for place, _ in COMMANDS.values())):
        importlib.import_module(f"recbole_opal.{name}")
    _make_defaults_small()
    _train_once()
    gc.freeze()  # a fork's collector would touch, and so copy, every page
    with socket.socket(socket.AF_UNIX) as here:
        here.bind(place)
        here.listen()
        print("ready", flush=True)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # forks that have ended are forgotten
        while True:
            asking, _ = here.accept()
            if os.fork() == 0:
                here.close()
                _supervise(asking)
            asking.close()


def _make_defaults_small() -> None:
    from recbole_opal.host.config import OpalConfig

    load = OpalConfig._load_internal_config_dict

    def load_small(self: Any, *arguments: Any) -> None:
        load(self, *arguments)
        known = set(self.internal_config_dict)
        self.internal_config_dict.update({k: v for k, v in SMALL.items() if k in known})

    OpalConfig._load_internal_config_dict = load_small


def _train_once() -> None:
    """Load what a training loads on its way: 800 modules, five times the time of a small run."""
    import recbole_opal

    data = Path(__file__).parents[2] / "dataset"
    with tempfile.TemporaryDirectory() as folder:
        recbole_opal.run("OPAL", "synthetic-small", data_path=data, checkpoint_dir=folder)
    assert threading.active_count() == 1  # a fork has the calling thread alone


def _supervise(asking: socket.socket) -> NoReturn:
    """Run the command in a fork; tell its code, or end it when whoever asked has gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, streams, _, _ = socket.recv_fds(asking, 4, 3)
    asked = json.loads(asking.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL))
    child = os.fork()
    if child == 0:
        asking.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        _run(**asked)
    for stream in streams:
        os.close(stream)
    ended = os.pidfd_open(child)
    ready, _, _ = select.select([ended, asking], [], [])
    if ended not in ready:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if ended in ready:
        code = os.waitstatus_to_exitcode(status)
        asking.sendall(str(code if code >= 0 else 128 - code).encode())
    os._exit(0)


def _run(words: list[str], folder: str, environment: dict[str, str]) -> NoReturn:
    """Be the program that was called, in its folder and environment."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", buffering=1)  # noqa: PTH123, SIM115, streams
        for number, mode in enumerate("rww")
    )
    code: object = 0
    try:
        _interpret(words)
    except SystemExit as end:
        code = end.code
        if isinstance(code, str):
            print(code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _interpret(words: list[str]) -> None:
    """Do what Python does with its command line."""
    first, *rest = words
    sys.orig_argv[:] = [sys.executable, *words]
    sys.path[0] = "" if first in ("-c", "-m", "-") else str(Path(first).resolve().parent)
    if first == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102
    elif first == "-":
        sys.argv = words
        exec(compile(sys.stdin.read(), "<stdin>", "exec"), {"__name__": "__main__"})  # noqa: S102
    elif first == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif Path(first).name == "recbole-opal":
        from recbole_opal.cli import console

        sys.argv = words
        console()
    else:
        sys.argv = words
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    serve(*sys.argv[1:])
